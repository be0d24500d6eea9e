import AuthCore
import AuthText
import Backends

@testable import AuthStrategies

/// No token but the good one is accepted, whether the bytes are a header line or changes to the good one.
func checkToken(_ input: [UInt8]) throws {
    let good = try goodLine.get()
    try promise(try isAccepted(good), "refused the good token")
    try checkForgery(input, good)
    var changed = good
    for index in stride(from: 0, to: input.count - 2, by: 3) {
        let place = (Int(input[index]) << 8 | Int(input[index + 1])) % changed.count
        changed[place] ^= input[index + 2]
    }
    try checkForgery(changed, good)
}

private func checkForgery(_ line: [UInt8], _ good: [UInt8]) throws {
    try checkWithTool(line, good)
    guard try isAccepted(line) else { return }
    let token = good.dropFirst(BearerHeader.prefix.count)
    try promise(line.suffix(token.count) == token, "accepted a token that nobody issued")
    let scheme = lowercased(line.dropLast(token.count))
    try promise(
        ["authorization: bearer ", "authorization:bearer "].contains { scheme == Array($0.utf8) },
        "accepted a token in another field or scheme")
}

/// By the least that the token tool can be told to ask, the signature still decides.
private func checkWithTool(_ line: [UInt8], _ good: [UInt8]) throws {
    var rules = TokenRules()
    (rules.shape, rules.types) = (.jwt, TokenTypes("any") ?? .accessToken)
    (rules.scope, rules.asksForAudience, rules.leeway_ms) = (nil, false, TokenRules.longestLeeway_ms)
    let tool = try TokenTool(
        policy: Policy(), keyID: nil, lifetime_ms: 900_000, now: .traceStart, rules: rules)
    let keys = try TokenKeys.read(SecretBytes(copying: key.span), for: .hs256, to: .verify, named: nil)
    let report = try tool.check(line, with: keys)
    let token = good.dropFirst(BearerHeader.prefix.count)
    try promise(
        report.refusal != nil || line.suffix(token.count) == token,
        "the tool accepted a token that nobody issued")
}

/// A file of keys is refused in one line, or each of its keys can be read.
func checkKeyFile(_ input: [UInt8]) throws {
    for algorithm in AlgorithmName.allCases {
        for use in [KeyUse.sign, .verify] {
            do throws(TokenKeyError) {
                let keys = try TokenKeys.read(
                    SecretBytes(copying: input.span), for: algorithm, to: use, named: nil)
                let first = try keys.key()
                try promiseChoice(keys, of: first.keyID)
            } catch {
                try promise(!error.description.contains("\n"), "two lines")
            }
        }
    }
}

private func promiseChoice(_ keys: borrowing TokenKeys, of keyID: String?) throws(TokenKeyError) {
    guard let keyID else { return }
    guard case .key(let number) = keys.choice(for: keyID), try keys.key(number).keyID == keyID else {
        throw TokenKeyError("the name of a key\npicks another")
    }
}

private func isAccepted(_ line: [UInt8]) throws -> Bool {
    var verifier = AccessTokenVerifier(
        try HS256(key: key), keyID: "k", rules: ClaimRules(Policy(), lifetime_ms: 900_000))
    switch verifier.verify(line.span, requiring: .read, at: .traceStart) {
    case .accepted: return true
    case .refused: return false
    }
}

/// A key for tests only; always the same, so that seeds stay good.
private let key = [UInt8](repeating: 7, count: 32)

/// The one good header line; also the first seed.
let goodLine = Result {
    let header = #"{"alg":"HS256","kid":"k","typ":"at+jwt"}"#
    let payload =
        #"{"iss":"https://id.test","aud":"https://api.test","sub":"6ba7b810-9dad-41d1-80b4-00000000002a","#
        + #""client_id":"c","scope":"read","jti":"j","iat":1767225600,"exp":1767226500}"#
    var line = BearerHeader.prefix + Base64URL.encode(Array(header.utf8)) + [UInt8(ascii: ".")]
    line += Base64URL.encode(Array(payload.utf8))
    var signer = try HS256(key: key)
    let signature = try signer.sign(Array(line.dropFirst(BearerHeader.prefix.count)))
    return line + [UInt8(ascii: ".")] + Base64URL.encode(signature)
}
