import AuthCore
import AuthText
import Backends
import Testing

@testable import AuthStrategies

@Suite("JWK Sets")
struct TokenKeySetTests {
    private static let now = Instant(seconds: 1_767_225_600)

    /// A secret as a JWK.
    private func key(_ byte: UInt8, kid: String?, more: String = "") -> String {
        let k = String(decoding: Base64URL.encode([UInt8](repeating: byte, count: 32)), as: UTF8.self)
        return #"{"kty":"oct","k":"\#(k)"\#(kid.map { #","kid":"\#($0)""# } ?? "")\#(more)}"#
    }

    private func set(_ keys: [String]) -> String { #"{"keys":[\#(keys.joined(separator: ","))]}"# }

    private func read(
        _ text: String, _ algorithm: AlgorithmName = .hs256, _ use: KeyUse = .verify,
        named keyID: String? = nil
    ) throws(TokenKeyError) -> TokenKeys {
        try TokenKeys.read(
            SecretBytes(copying: Array(text.utf8).span), for: algorithm, to: use, named: keyID)
    }

    private func fault(
        _ text: String, _ algorithm: AlgorithmName = .hs256, _ use: KeyUse = .verify,
        named keyID: String? = nil
    ) -> String? {
        do {
            _ = try read(text, algorithm, use, named: keyID)
            return nil
        } catch { return error.description }
    }

    /// The outcome for a token that was signed with the secret of this byte.
    private func report(on text: String, signedWith byte: UInt8, kid: String?) throws -> TokenReport {
        let tool = try TokenTool(policy: Policy(), keyID: kid, lifetime_ms: 60_000, now: Self.now)
        let signer = try TokenKey.read(
            SecretBytes(copying: [UInt8](repeating: byte, count: 32).span), for: .hs256, to: .sign)
        var token = Array(try tool.make(.access(Subject(id: 7)), with: signer).utf8)
        if kid == nil {
            // The program always writes one, so that this header is made by hand.
            let rest = token.drop { $0 != UInt8(ascii: ".") }.dropFirst().prefix { $0 != UInt8(ascii: ".") }
            let input =
                Base64URL.encode(Array(#"{"alg":"HS256","typ":"at+jwt"}"#.utf8)) + [UInt8(ascii: ".")] + rest
            var mac = try HS256(key: [UInt8](repeating: byte, count: 32))
            token = input + [UInt8(ascii: ".")] + Base64URL.encode(try mac.sign(input))
        }
        let checking = try TokenTool(policy: Policy(), keyID: nil, lifetime_ms: 60_000, now: Self.now)
        return try checking.check(token, with: try read(text))
    }

    @Test("the kid of a token picks the key")
    func picked() throws {
        let two = set([key(1, kid: "a"), key(2, kid: "b")])
        #expect(try report(on: two, signedWith: 1, kid: "a").subject == "7")
        #expect(try report(on: two, signedWith: 2, kid: "b").subject == "7")
        #expect(try report(on: two, signedWith: 1, kid: "b").refusal == .badSignature)
        let unknown = try report(on: two, signedWith: 1, kid: "c")
        #expect(unknown.refusal == .malformed && unknown.claims == nil)
        #expect(unknown.detail == "kid of the header is that of no key for HS256: a, b")
    }

    @Test("a token without a kid is for the only key, and is refused where there are several")
    func absent() throws {
        #expect(try report(on: set([key(1, kid: "a")]), signedWith: 1, kid: nil).refusal == nil)
        #expect(try report(on: set([key(1, kid: nil)]), signedWith: 1, kid: nil).refusal == nil)
        let several = try report(on: set([key(1, kid: "a"), key(2, kid: nil)]), signedWith: 1, kid: nil)
        #expect(several.refusal == .malformed)
        #expect(several.detail == "kid is missing from the header, and there are 2 keys for HS256")
    }

    @Test("keys for something else are passed over, and named where a token names them")
    func passedOver() throws {
        let others = [
            key(2, kid: "enc", more: #","use":"enc""#), key(3, kid: "other", more: #","alg":"HS512""#),
            key(4, kid: "sign", more: #","key_ops":["sign"]"#), #"{"kty":"oct","kid":"short","k":"AAEC"}"#,
            #"{"kty":"oct","kid":"none"}"#, key(5, kid: "odd", more: #","x5c":["…"],"unknown":{"a":[1]}"#),
        ]
        let text = set(others + [key(1, kid: "a")])
        #expect(try report(on: text, signedWith: 1, kid: "a").refusal == nil)
        #expect(try report(on: text, signedWith: 5, kid: "odd").refusal == nil)
        for (kid, reason) in [
            ("enc", "\"use\""), ("other", "\"alg\""), ("sign", "\"key_ops\""), ("short", "3 bytes"),
            ("none", "\"k\" alone"),
        ] {
            let report = try report(on: text, signedWith: 2, kid: kid)
            #expect(report.refusal == .malformed)
            #expect(report.detail?.contains(reason) == true, "\(report.detail ?? "")")
            #expect(report.detail?.hasPrefix("kid of the header is that of a key that ") == true)
        }
    }

    @Test("sets that cannot be trusted are refused in one line")
    func refused() {
        let pair = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#
        let d = #","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A""#
        let cases: [(String, AlgorithmName, String)] = [
            (#"{"keys":[]}"#, .hs256, "is an empty JWK Set"),
            (#"{"keys":{}}"#, .hs256, "is no JWK Set"), (#"{"keys":[1]}"#, .hs256, "is no JWK Set"),
            (set([key(1, kid: "a"), key(2, kid: "a")]), .hs256, "two keys of the kid a"),
            (set([key(1, kid: "a"), pair + "}"]), .hs256, "secrets and other keys"),
            (set([pair + d + "}"]), .eddsa, "with a private key"),
            (set([pair + "}"]), .es256, "without a key for ES256: the only one has not the \"kty\" EC"),
            (set([key(1, kid: "a", more: #","use":"enc""#)]), .hs256, "the only one is by its \"use\""),
            (set([#"{"kty":"oct","kty":"oct"}"#]), .hs256, "a name stands twice"),
        ]
        for (text, algorithm, reason) in cases {
            let message = fault(text, algorithm) ?? "nothing"
            #expect(message.contains(reason), "\(reason): \(message)")
        }
        #expect(fault(set([pair + "}"]), .eddsa) == nil)
        #expect(fault(set([pair + d + "}"]), .eddsa, .sign) == nil)
        #expect(fault(set([pair + "}"]), .eddsa, .sign)?.contains("public key") == true)
    }

    @Test("one key of a set is taken by its kid, which making a token needs where there are several")
    func named() throws {
        let text = set([key(1, kid: "a"), key(2, kid: "b")])
        #expect(
            fault(text, .hs256, .sign)?.contains("2 keys for HS256: name one, such as --key-id a") == true)
        #expect(try read(text, .hs256, .sign, named: "b").key().keyID == "b")
        #expect(fault(text, named: "c")?.contains("without a key for HS256 with the kid c") == true)
    }
}
