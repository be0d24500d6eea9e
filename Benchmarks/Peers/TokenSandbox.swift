import AuthCore
import AuthText
import HotPaths
import AuthStrategies
import Contest

/// Tokens of both algorithms with keys that all contestants know.
public struct TokenSandbox {
    public let keys: TokenKeys
    public let hs256: StrategyHotPaths<HS256JWTStrategy>
    public let rs256: StrategyHotPaths<RS256JWTStrategy>
    /// Tokens of 345 bytes, with no claim that need not be there (no length of a token is 344 with this header).
    public let small: StrategyHotPaths<HS256JWTStrategy>

    /// Few enough for all tokens to stay in the processor's cache.
    public static let tokens = 16
    public static let keyID = "2026-01"

    public init() throws {
        keys = try TokenKeys()
        hs256 = try StrategyHotPaths(sharing: keys.hs256(Policy()), credentials: Self.tokens)
        rs256 = try StrategyHotPaths(sharing: keys.rs256(Policy()), credentials: Self.tokens)
        small = try StrategyHotPaths(sharing: keys.hs256(Policy())) { strategy in
            try (1...Self.tokens).map { try Self.smallLine($0, signedBy: &strategy) }
        }
    }

    private static func smallLine(_ number: Int, signedBy strategy: inout HS256JWTStrategy) throws -> [UInt8]
    {
        let subject =
            "6ba7b810-9dad-41d1-80b4-" + String(repeating: "0", count: 10) + (number < 16 ? "0" : "")
            + String(number, radix: 16)
        let claims =
            #"{"iss":"https://id.test","aud":"https://api.test","sub":"\#(subject)","client_id":"web","#
            + #""scope":"read","jti":"0123456","iat":1767225600,"exp":1767229200}"#
        let header = #"{"alg":"HS256","kid":"\#(keyID)","typ":"at+jwt"}"#
        let input = [header, claims].map { Base64URL.encode(Array($0.utf8)) }.joined(separator: [
            UInt8(ascii: ".")
        ])
        let signature = try strategy.signOctets(Array(input)) ?? []
        return Array("Authorization: Bearer ".utf8) + input + [UInt8(ascii: ".")]
            + Base64URL.encode(signature)
    }

    public var hs256Tokens: [String] { Self.tokens(of: hs256.headerLines) }
    public var rs256Tokens: [String] { Self.tokens(of: rs256.headerLines) }
    public var smallTokens: [String] { Self.tokens(of: small.headerLines) }

    /// What the HMAC is made over: header and payload with the dot between them.
    public var hs256Inputs: Messages { Messages(Self.signingInputs(hs256Tokens)) }
    public var smallInputs: Messages { Messages(Self.signingInputs(smallTokens)) }
    public var hs256PayloadTexts: Messages { Messages(hs256Tokens.map { Self.part(1, of: $0) }) }
    public var hs256PayloadArrays: [[UInt8]] { hs256Tokens.map { Self.decoded(1, of: $0) } }
    public var hs256Payloads: Messages { Messages(hs256PayloadArrays) }

    /// The SHA-256 of what RSA signs, end to end.
    public var rs256Digests: [UInt8] {
        Self.signingInputs(rs256Tokens).flatMap(CryptoHotPaths.sha256)
    }
    public var rs256Signatures: [UInt8] { rs256Tokens.flatMap { Self.decoded(2, of: $0) } }

    /// Tokens without their header lines.
    fileprivate static func tokens(of headerLines: [[UInt8]]) -> [String] {
        headerLines.map { String(decoding: $0.dropFirst("Authorization: Bearer ".count), as: UTF8.self) }
    }

    fileprivate static func signingInputs(_ tokens: [String]) -> [[UInt8]] {
        tokens.map { Array($0[..<($0.lastIndex(of: ".") ?? $0.endIndex)].utf8) }
    }

    private static func part(_ index: Int, of token: String) -> [UInt8] {
        Array(token.split(separator: ".")[index].utf8)
    }

    fileprivate static func decoded(_ index: Int, of token: String) -> [UInt8] {
        Base64URL.decode(part(index, of: token).span) ?? []
    }
}

/// Tokens of a strategy with a key pair, and what its cryptography alone is asked.
public struct SignedTokens {
    public let authenticate: HotPath
    /// RFC 5280 SubjectPublicKeyInfo, DER.
    public let publicKey: [UInt8]
    /// What is signed: header and payload with the dot between them.
    public let signingInputs: [[UInt8]]
    /// As the tokens have them.
    public let signatures: [[UInt8]]

    /// The SHA-256 of each.
    public var digests: [[UInt8]] { signingInputs.map(CryptoHotPaths.sha256) }

    public init<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
        let shared = try S.prepare(in: .withoutStores)
        let strategy = try StrategyHotPaths<S>(sharing: shared, credentials: TokenSandbox.tokens)
        authenticate = strategy.authenticate
        publicKey = try S(sharing: shared).verificationKey
        let tokens = TokenSandbox.tokens(of: strategy.headerLines)
        signingInputs = TokenSandbox.signingInputs(tokens)
        signatures = tokens.map { TokenSandbox.decoded(2, of: $0) }
    }
}
