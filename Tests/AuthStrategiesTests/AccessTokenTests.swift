import AuthCore
import AuthText
import Backends
import Testing

@testable import AuthStrategies

/// Tokens that are signed with the right key but say the wrong thing, or are put together wrongly.
@Suite("Access token")
struct AccessTokenTests {
    private let key = [UInt8](repeating: 7, count: 32)
    private let now = Instant.start
    private let subject = "6ba7b810-9dad-41d1-80b4-00000000002a"

    private func decide(header: String, payload: String) throws -> Decision {
        let input = Base64URL.encode(Array(header.utf8)) + [0x2E] + Base64URL.encode(Array(payload.utf8))
        var signer = try HS256(key: key)
        let signature = Base64URL.encode(try signer.sign(input))
        return try decide(Array("Authorization: Bearer ".utf8) + input + [0x2E] + signature)
    }

    private func decide(_ line: [UInt8]) throws -> Decision {
        var verifier = AccessTokenVerifier(
            try HS256(key: key), keyID: "k", rules: ClaimRules(Policy(), lifetime_ms: 900_000))
        switch verifier.verify(line.span, requiring: .read, at: now) {
        case .accepted(let subject, _): return .accepted(subject)
        case .refused(let reason): return .refused(reason)
        }
    }

    private let header = #"{"alg":"HS256","kid":"k","typ":"at+jwt"}"#

    /// Claims that are accepted, with some replaced (`nil` takes one away) by raw JSON.
    private func claims(_ changes: [String: String?] = [:]) -> String {
        var claims: [String: String?] = [
            "iss": #""https://id.test""#, "aud": #""https://api.test""#, "sub": "\"\(subject)\"",
            "client_id": #""c""#, "jti": #""j""#, "scope": #""write read""#, "iat": "\(now.seconds)",
            "exp": "\(now.seconds + 900)",
        ]
        for (name, value) in changes { claims[name] = value }
        let members = claims.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
        return "{" + members.joined(separator: ",") + "}"
    }

    @Test("accepts the claims of RFC 9068 in any order and with white space")
    func accepted() throws {
        #expect(try decide(header: header, payload: claims()) == .accepted(Subject(id: 42)))
        let spaced = claims().replacing(",", with: " ,\n ")
        #expect(try decide(header: header, payload: spaced) == .accepted(Subject(id: 42)))
    }

    @Test(
        "accepts what the standards allow",
        arguments: [
            ("aud", #"["https://other.test","https://api.test"]"#), ("iss", #""https:\/\/id.test""#),
            ("exp", "1767226500.0"), ("nbf", "1767225600"), ("scope", #""read""#),
            ("x", #"{"nested":[1,{"a":null}]}"#),
            ("iat", "1.7672256e9"),
        ])
    func allowed(name: String, value: String) throws {
        #expect(try decide(header: header, payload: claims([name: value])) == .accepted(Subject(id: 42)))
    }

    @Test(
        "refuses claims that are missing, of another type or wrong",
        arguments: [
            ("iss", nil), ("aud", nil), ("sub", nil), ("client_id", nil), ("jti", nil), ("iat", nil),
            ("exp", nil),
            ("scope", nil), ("iss", #""https://id.tes""#), ("iss", #""https://id.test/""#),
            ("iss", #"["https://id.test"]"#), ("aud", #""https://api.test2""#),
            ("aud", #""https://API.test""#),
            ("aud", "[]"), ("aud", #"[1,"https://api.test"]"#), ("aud", #"["https://other.test"]"#),
            ("aud", "{}"),
            ("aud", "\"\""), ("sub", "42"), ("sub", #""42""#),
            ("sub", #""6BA7B810-9DAD-41D1-80B4-00000000002A""#),
            ("sub", #""6ba7b810-9dad-41d1-80b4-00000000002A""#), ("exp", #""1767226500""#), ("exp", "null"),
            ("exp", "true"), ("exp", "[1767226500]"), ("exp", "0"), ("exp", "-1"), ("exp", "1767225600"),
            ("exp", "1767225599"), ("exp", "1e308"), ("exp", "9.3e18"), ("exp", "9007199254740993"),
            ("exp", "1767226501"), ("nbf", "1767225601"), ("nbf", #""1767225600""#), ("iat", "1767225601"),
            ("iat", "\"1767225600\""), ("scope", #"["read"]"#), ("scope", #""reads write""#),
            ("scope", #""""#),
        ] as [(String, String?)])
    func refused(name: String, value: String?) throws {
        guard case .refused = try decide(header: header, payload: claims([name: value])) else {
            Issue.record("accepted \(name) as \(value ?? "missing")")
            return
        }
    }

    @Test("a token is expired at the very moment of exp")
    func equality() throws {
        let times = ["iat": "\(now.seconds - 10)", "exp": "\(now.seconds)"]
        #expect(try decide(header: header, payload: claims(times)) == .refused(.expired))
    }

    @Test(
        "refuses a payload that is no strict JSON object",
        arguments: ["", "null", "[]", "\"x\"", "{", "{}x", "{,}", "\u{FEFF}{}"])
    func notAnObject(payload: String) throws {
        #expect(
            try decide(header: header, payload: payload) == .refused(payload == "" ? .malformed : .malformed))
        #expect(try decide(header: header, payload: claims() + payload + "x") == .refused(.malformed))
    }

    @Test("refuses a claim that stands twice, also escaped")
    func duplicates() throws {
        let body = claims().dropLast()
        #expect(try decide(header: header, payload: body + #","exp":1767226500}"#) == .refused(.malformed))
        #expect(
            try decide(header: header, payload: body + #","\u0065xp":1767226500}"#) == .refused(.malformed))
    }

    @Test(
        "accepts a header of ours written differently",
        arguments: [
            #"{"typ":"AT+JWT","alg":"HS256","kid":"k"}"#,
            #"{"typ":"application/at+jwt","alg":"HS256","kid":"k"}"#,
            #"{ "alg":"HS256", "kid":"\u006b", "typ":"at+jwt", "jku":"https://evil.test" }"#,
        ])
    func headers(header: String) throws {
        #expect(try decide(header: header, payload: claims()) == .accepted(Subject(id: 42)))
    }

    @Test(
        "refuses any other header, whatever the signature",
        arguments: [
            #"{"alg":"none","kid":"k","typ":"at+jwt"}"#, #"{"alg":"None","kid":"k","typ":"at+jwt"}"#,
            #"{"alg":"hs256","kid":"k","typ":"at+jwt"}"#, #"{"alg":"HS384","kid":"k","typ":"at+jwt"}"#,
            #"{"alg":"RS256","kid":"k","typ":"at+jwt"}"#, #"{"alg":null,"kid":"k","typ":"at+jwt"}"#,
            #"{"alg":["HS256"],"kid":"k","typ":"at+jwt"}"#, #"{"kid":"k","typ":"at+jwt"}"#,
            #"{"alg":"HS256","typ":"at+jwt"}"#, #"{"alg":"HS256","kid":"other","typ":"at+jwt"}"#,
            #"{"alg":"HS256","kid":"../../dev/null","typ":"at+jwt"}"#, #"{"alg":"HS256","kid":"k"}"#,
            #"{"alg":"HS256","kid":"k","typ":"JWT"}"#,
            #"{"alg":"HS256","kid":"k","typ":"at+jwt","crit":["exp"]}"#,
            #"{"alg":"HS256","kid":"k","typ":"at+jwt","crit":[]}"#,
            #"{"alg":"HS256","kid":"k","typ":"at+jwt","b64":false}"#,
            #"{"alg":"HS256","alg":"HS256","kid":"k","typ":"at+jwt"}"#, #"[]"#, #"{}"#,
            #"{"alg":"HS256","kid":"k","typ":"at+jwt"} "x""#,
        ])
    func foreignHeaders(header: String) throws {
        #expect(try decide(header: header, payload: claims()) == .refused(.malformed))
    }

    @Test("refuses a short key at configuration")
    func weakKey() {
        #expect(throws: WeakKeyError.self) { _ = try HS256(key: Array(repeating: 1, count: 31)) }
        #expect(throws: WeakKeyError.self) { _ = try HS256(key: []) }
    }

    @Test("an RS256 verifier refuses a token made with its public key as an HMAC secret")
    func confusion() throws {
        let keys = try KeyPair(for: .rsaPKCS1)
        let header = #"{"alg":"HS256","kid":"k","typ":"at+jwt"}"#
        let input =
            Base64URL.encode(Array(header.utf8)) + [0x2E] + Base64URL.encode(Array(claims().utf8))
        var forger = try HS256(key: keys.publicKey)
        let signature = Base64URL.encode(try forger.sign(input))
        var verifier = AccessTokenVerifier(
            try RS256(publicKey: keys.publicKey), keyID: "k",
            rules: ClaimRules(Policy(), lifetime_ms: 900_000))
        let line = Array("Authorization: Bearer ".utf8) + input + [0x2E] + signature
        guard case .refused(.malformed) = verifier.verify(line.span, requiring: .read, at: now) else {
            Issue.record("took a public key for a secret")
            return
        }
    }

    @Test(
        "reads the header line strictly",
        arguments: [
            "Authorization: Bearer\t", "Authorization: Basic ", "Authorization Bearer ", "X: Bearer ", "",
        ])
    func transport(prefix: String) throws {
        var signer = AccessTokenIssuer(try HS256(key: key), keyID: "k", policy: Policy())
        let line = try signer.issue(to: Subject(id: 42), at: now, authenticatedAt: now, lifetime_ms: 900_000)
        let token = line.dropFirst("Authorization: Bearer ".count)
        #expect(try decide(line) == .accepted(Subject(id: 42)))
        for legal in ["authorization:bearer ", "Authorization: Bearer   ", "Authorization: \t Bearer "] {
            #expect(try decide(Array(legal.utf8) + token) == .accepted(Subject(id: 42)), "\(legal)")
        }
        #expect(try decide(Array(prefix.utf8) + token) == .refused(.malformed))
        #expect(try decide(line + [0x20]) == .refused(.malformed))
        #expect(try decide(line + Array(".e30".utf8)) == .refused(.malformed))
    }
}
