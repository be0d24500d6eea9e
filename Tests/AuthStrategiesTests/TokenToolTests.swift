import AuthCore
import AuthText
import Backends
import Foundation
import Testing

@testable import AuthStrategies

@Suite("Checking single tokens")
struct TokenToolTests {
    private static let secret = [UInt8](repeating: 7, count: 32)
    private static let now = Instant(milliseconds: 1_767_225_600_606)
    private static let header: [String: any Sendable] = ["alg": "HS256", "kid": "2026-01", "typ": "at+jwt"]
    private static let claims: [String: any Sendable] = [
        "iss": "https://id.test", "aud": "https://api.test", "sub": "6ba7b810-9dad-41d1-80b4-00000000002a",
        "client_id": "web-app", "jti": "b5b8", "scope": "read write", "iat": 1_767_225_600,
        "exp": 1_767_225_900,
    ]

    /// A token of these parts with a good signature, checked.
    private func check(
        header: String, claims: String, at now: Instant = now, rules: TokenRules = TokenRules()
    ) throws -> TokenReport {
        let keys = try TokenKeys.read(
            SecretBytes(copying: Self.secret.span), for: .hs256, to: .verify, named: nil)
        let tool = try TokenTool(
            policy: Policy(), keyID: nil, lifetime_ms: 3_600_000, now: now, rules: rules)
        var signer = try HS256(key: Self.secret)
        let input = [header, claims].map { Base64URL.encode(Array($0.utf8)) }.joined(separator: [
            UInt8(ascii: ".")
        ])
        let signature = Base64URL.encode(try signer.sign(Array(input)))
        return try tool.check(Array(input) + [UInt8(ascii: ".")] + signature, with: keys)
    }

    /// The strategies' rules and one that changes nothing: the tool decides by itself, and must decide alike.
    private static var alike: TokenRules {
        var rules = TokenRules()
        rules.required = [RequiredClaim("exp")]
        return rules
    }

    private func text(_ members: [String: any Sendable], _ changes: [String: Any?]) throws -> String {
        var members: [String: Any] = members
        for (name, value) in changes { members[name] = value }
        return String(decoding: try JSONSerialization.data(withJSONObject: members), as: UTF8.self)
    }

    private func check(_ changes: [String: Any?], at now: Instant = now) throws -> TokenReport {
        try check(header: try text(Self.header, [:]), claims: try text(Self.claims, changes), at: now)
    }

    @Test("holds dates of milliseconds against a clock of milliseconds")
    func milliseconds() throws {
        #expect(try check(["exp": 1_767_225_600.5]).refusal == .expired)
        #expect(try check(["exp": 1_767_225_600.75]).refusal == nil)
        #expect(try check(["iat": 1_767_225_600.5]).refusal == nil)
        let early = try check(["iat": 1_767_225_600.75])
        #expect(early.refusal == .wrongClaims && early.detail == "iat is in the future")
    }

    @Test(
        "takes the subject of any issuer",
        arguments: [
            (#""auth0|5f7c""#, #""auth0|5f7c""#), (#""7""#, #""7""#),
            (#""Zoë \u0022x\u0022""#, #""Zoë \u0022x\u0022""#),
            (#""6BA7B810-9DAD-41D1-80B4-00000000002A""#, #""6BA7B810-9DAD-41D1-80B4-00000000002A""#),
            (#""6ba7b810-9dad-41d1-80b4-00000000002a""#, "42"),
            (#""\u0036ba7b810-9dad-41d1-80b4-00000000002a""#, "42"),
        ])
    func subjects(json: String, expected: String) throws {
        let claims = try text(Self.claims, ["sub": "@"]).replacing("\"@\"", with: json)
        let report = try check(header: try text(Self.header, [:]), claims: claims)
        #expect(report.refusal == nil, "\(report.detail ?? "")")
        #expect(report.subject == expected)
        let own = try check(header: try text(Self.header, [:]), claims: claims, rules: Self.alike)
        #expect(own.refusal == nil && own.subject == expected)
        let late = try check(
            header: try text(Self.header, [:]), claims: claims, at: Instant(seconds: 1_767_225_900))
        #expect(late.refusal == .expired && late.subject == nil)
    }

    @Test(
        "names the claim that is to blame",
        arguments: [
            ("sub", #""""#, "sub is not"), ("sub", "7", "sub is not"),
            ("iss", #""https://id.test/""#, "iss is not"),
            ("aud", "[]", "aud is not"), ("client_id", "null", "client_id is not"),
            ("jti", "7", "jti is not"),
            ("scope", "[]", "scope is not"), ("exp", #""1""#, "exp is no date"),
            ("iat", "true", "iat is no date"),
            ("nbf", "null", "nbf is no date"), ("auth_time", "[]", "auth_time is no date"),
            ("nbf", "1767229200", "nbf is in the future"), ("iat", "1767225900", "exp is not after iat"),
            ("exp", "1767999999", "exp is more than 3600 s after iat"),
        ])
    func claims(name: String, json: String, detail: String) throws {
        let claims = try text(Self.claims, [name: "@"]).replacing("\"@\"", with: json)
        let report = try check(header: try text(Self.header, [:]), claims: claims)
        #expect(report.refusal == .wrongClaims)
        #expect(report.detail?.contains(detail) == true, "\(report.detail ?? "nothing")")
        let own = try check(header: try text(Self.header, [:]), claims: claims, rules: Self.alike)
        #expect(own.refusal == .wrongClaims && own.detail == report.detail)
        for other in ["iss", "aud", "sub", "client_id", "jti", "scope"] where other != name {
            #expect(report.detail?.contains("\(other) is") == false, "\(report.detail ?? "")")
        }
    }

    @Test(
        "names each claim that is missing",
        arguments: ["iss", "aud", "sub", "client_id", "jti", "exp", "iat"])
    func missing(name: String) throws {
        let report = try check([name: nil])
        #expect(report.refusal == .wrongClaims && report.detail == "\(name) is missing")
        let own = try check(
            header: try text(Self.header, [:]), claims: try text(Self.claims, [name: nil]), rules: Self.alike)
        #expect(own.refusal == .wrongClaims && own.detail?.hasPrefix("\(name) is missing") == true)
    }

    @Test("names all that is wrong, a foreign subject not among it")
    func several() throws {
        let report = try check(["sub": "auth0|5f7c", "iss": "x", "jti": nil])
        #expect(report.detail == "iss is not the issuer asked for, https://id.test; jti is missing")
    }

    @Test(
        "names the part of a malformed token that is to blame",
        arguments: [
            (#"{"alg":"HS384","kid":"2026-01","typ":"at+jwt"}"#, "{}", "alg of the header is not HS256"),
            (#"{"alg":"HS256","kid":"x","typ":"at+jwt"}"#, "{}", "kid of the header is not 2026-01"),
            (#"{"alg":"HS256","kid":"2026-01","typ":"JWT"}"#, "{}", "typ of the header is not at+jwt"),
            (#"{"alg":"HS256","kid":"2026-01"}"#, "{}", "typ is missing from the header"),
            (
                #"{"alg":"HS256","kid":"2026-01","typ":"at+jwt","crit":["exp"]}"#, "{}",
                "crit stands in the header"
            ),
            (#"{"alg":"HS256","kid":"2026-01","typ":"at+jwt","alg":"HS256"}"#, "{}", "no name stands twice"),
            ("[]", "{}", "the header is not one object"),
            (#"{"alg":"HS256","kid":"2026-01","typ":"at+jwt"}"#, "{", "the claims are not one object"),
            (
                #"{"alg":"HS256","kid":"2026-01","typ":"at+jwt"}"#, #"{"exp":1,"exp":2}"#,
                "no name stands twice"
            ),
        ])
    func malformed(header: String, claims: String, detail: String) throws {
        let report = try check(header: header, claims: claims)
        #expect(report.refusal == .malformed && report.claims == nil)
        #expect(report.detail?.contains(detail) == true, "\(report.detail ?? "nothing")")
        let own = try check(header: header, claims: claims, rules: Self.alike)
        #expect(own.refusal == .malformed && own.claims == nil && own.detail == report.detail)
    }

    @Test("says nothing of claims that nobody signed")
    func unsigned() throws {
        let keys = try TokenKeys.read(
            SecretBytes(copying: Self.secret.span), for: .hs256, to: .verify, named: nil)
        let tool = try TokenTool(policy: Policy(), keyID: nil, lifetime_ms: 3_600_000, now: Self.now)
        let parts = [try text(Self.header, [:]), try text(Self.claims, ["iss": "x"])]
        let input = parts.map { String(decoding: Base64URL.encode(Array($0.utf8)), as: UTF8.self) }
        let signature = String(repeating: "A", count: 43)
        let report = try tool.check(Array("\(input[0]).\(input[1]).\(signature)".utf8), with: keys)
        #expect(report.refusal == .badSignature && report.detail == nil && report.claims == nil)
    }

    // MARK: Other issuers

    /// Rules for tokens that are good but for what the changes say.
    private func rules(_ change: (inout TokenRules) -> Void) -> TokenRules {
        var rules = TokenRules()
        (rules.shape, rules.scope) = (.jwt, nil)
        rules.types = TokenTypes("any") ?? .accessToken
        change(&rules)
        return rules
    }

    private func checkJWT(
        _ changes: [String: Any?], header: String = #"{"alg":"HS256"}"#, at now: Instant = now,
        by change: (inout TokenRules) -> Void = { _ in }
    ) throws -> TokenReport {
        try check(
            header: header, claims: try text(Self.claims, changes), at: now, rules: rules(change))
    }

    @Test("takes a token without a kid where there is one key, and no other kid than that of the key")
    func absentKeyID() throws {
        let claims = try text(Self.claims, [:])
        let unnamed = try check(header: #"{"alg":"HS256","typ":"at+jwt"}"#, claims: claims)
        #expect(unnamed.refusal == nil && unnamed.subject == "42")
        let other = try check(header: #"{"alg":"HS256","typ":"at+jwt","kid":"x"}"#, claims: claims)
        #expect(
            other.refusal == .malformed && other.detail == "kid of the header is not 2026-01, that of the key"
        )
        let number = try checkJWT([:], header: #"{"alg":"HS256","kid":7}"#)
        #expect(number.refusal == .malformed && number.detail == "kid of the header is not a text")
        // A key of a file without a name is any token's, where the rules are not those of the strategies.
        #expect(try checkJWT([:], header: #"{"alg":"HS256","kid":"whatever"}"#).refusal == nil)
    }

    @Test("asks every JWT for its issuer, audience and expiry only")
    func anyJWT() throws {
        let few = try checkJWT(["sub": nil, "client_id": nil, "jti": nil, "iat": nil, "scope": nil])
        #expect(few.refusal == nil && few.subject == nil, "\(few.detail ?? "")")
        for name in ["iss", "aud", "exp"] {
            let report = try checkJWT([name: nil])
            #expect(report.refusal == .wrongClaims && report.detail == "\(name) is missing")
        }
        let wrong: [(String, Any, String)] = [
            ("sub", 7, "sub is not a text"), ("jti", 7, "jti is not a text"),
            ("client_id", [], "client_id is not"),
            ("aud", ["https://other.test"], "aud is not the audience asked for, https://api.test"),
            ("iat", "x", "iat is no date"), ("exp", 1_767_999_999, "exp is more than 3600 s after iat"),
        ]
        for (name, value, detail) in wrong {
            let report = try checkJWT([name: value])
            #expect(
                report.refusal == .wrongClaims && report.detail?.hasPrefix(detail) == true,
                "\(report.detail ?? "")")
        }
        let endless = try checkJWT(["iat": nil, "exp": 1_767_999_999])
        #expect(endless.detail == "exp is more than 3600 s after now, and iat is missing")
    }

    @Test("takes a token without an audience only where none is asked for")
    func noAudience() throws {
        #expect(try checkJWT(["aud": nil]) { $0.asksForAudience = false }.refusal == nil)
        #expect(try checkJWT(["aud": "https://other.test"]) { $0.asksForAudience = false }.refusal == nil)
        let number = try checkJWT(["aud": 7]) { $0.asksForAudience = false }
        #expect(number.detail == "aud is no text and no list of texts")
        #expect(try checkJWT(["aud": ["https://other.test", "https://api.test"]]).refusal == nil)
    }

    @Test(
        "takes the types that it is told to",
        arguments: [
            ("JWT", #","typ":"JWT""#, true), ("JWT", #","typ":"jwt""#, true),
            ("JWT", #","typ":"application/jwt""#, true),
            ("JWT", #","typ":"at+jwt""#, false), ("JWT", "", false), ("JWT,absent", "", true),
            ("JWT,at+jwt", #","typ":"application/at+JWT""#, true), ("absent", "", true),
            ("absent", #","typ":"JWT""#, false), ("any", #","typ":"logout+jwt""#, true), ("any", "", true),
            ("any", #","typ":7"#, false), ("at+jwt", #","typ":"JWT""#, false),
            ("a/b", #","typ":"application/a/b""#, false),
        ])
    func types(allowed: String, member: String, isGood: Bool) throws {
        let types = try #require(TokenTypes(allowed))
        let report = try checkJWT([:], header: #"{"alg":"HS256"\#(member)}"#) { $0.types = types }
        #expect(report.refusal == (isGood ? nil : .malformed))
        if !isGood { #expect(report.detail?.hasPrefix("typ ") == true, "\(report.detail ?? "")") }
    }

    @Test("knows no types that are none", arguments: ["", "JWT,", "any,JWT", "a b", "\"", ","])
    func noTypes(text: String) { #expect(TokenTypes(text) == nil) }

    @Test("allows for a clock that differs, and no further")
    func leeway() throws {
        func refusal(_ changes: [String: Any?], leeway_ms: Int64) throws -> Refusal? {
            try checkJWT(changes) { $0.leeway_ms = leeway_ms }.refusal
        }
        // It is 600.606 s on the clock.
        #expect(try refusal(["exp": 1_767_225_600.5, "iat": 1_767_225_500], leeway_ms: 0) == .expired)
        #expect(try refusal(["exp": 1_767_225_600.5, "iat": 1_767_225_500], leeway_ms: 107) == nil)
        #expect(try refusal(["exp": 1_767_225_600.5, "iat": 1_767_225_500], leeway_ms: 106) == .expired)
        for name in ["iat", "nbf"] {
            #expect(try refusal([name: 1_767_225_610.606], leeway_ms: 10_000) == nil)
            #expect(try refusal([name: 1_767_225_610.606], leeway_ms: 9_999) == .wrongClaims)
        }
        // With the strategies' own rules too.
        let claims = try text(Self.claims, ["exp": 1_767_225_600.5, "iat": 1_767_225_500])
        var rules = TokenRules()
        rules.leeway_ms = 60_000
        let header = try text(Self.header, [:])
        #expect(try check(header: header, claims: claims, rules: rules).subject == "42")
        #expect(try check(header: header, claims: claims).refusal == .expired)
    }

    @Test(
        "finds a scope in the claim that holds it",
        arguments: [
            ("scope", #""read write""#, true), ("scp", #""write""#, false), ("scp", #""read""#, true),
            ("permissions", #"["write","read"]"#, true), ("permissions", #"["read write"]"#, false),
            ("permissions", "[]", false), ("role", #""read-only""#, false),
        ])
    func scopes(name: String, json: String, isGranted: Bool) throws {
        var changes: [String: Any?] = ["scope": nil]
        changes[name] = "@"
        let claims = try text(Self.claims, changes).replacing("\"@\"", with: json)
        let report = try check(
            header: #"{"alg":"HS256"}"#, claims: claims,
            rules: rules { ($0.scope, $0.scopeClaim) = ("read", name) })
        #expect(report.refusal == (isGranted ? nil : .insufficientScope))
        #expect(report.detail == (isGranted ? nil : "\(name) does not grant read"))
        let missing = try checkJWT(["scope": nil]) { ($0.scope, $0.scopeClaim) = ("read", name) }
        #expect(missing.refusal == .insufficientScope && missing.detail == "\(name) is missing")
        let number = try checkJWT([name: 7]) { ($0.scope, $0.scopeClaim) = ("read", name) }
        #expect(number.refusal == .wrongClaims && number.detail == "\(name) is no text and no list of texts")
    }

    @Test(
        "asks for claims by name and value",
        arguments: [
            ("azp", true), ("azp=app", true), ("azp=App", false), ("azp=ap", false), ("groups=b", true),
            ("groups=c", false), ("version=2", true), ("version=2.0", false), ("anonymous=false", true),
            ("anonymous=true", false), ("missing", false), ("https://claims.test/tier=gold", true),
            ("azp=", false),
            ("equal=a=b", true),
        ])
    func required(claim: String, isMet: Bool) throws {
        let changes: [String: Any?] = [
            "azp": "app", "groups": ["a", "b"], "version": 2, "anonymous": false,
            "https://claims.test/tier": "gold", "equal": "a=b",
        ]
        if claim == "azp=" {
            #expect(throws: TokenTextError.self) {
                try checkJWT(changes) { $0.required = [RequiredClaim(claim)] }
            }
            return
        }
        let report = try checkJWT(changes) { $0.required = [RequiredClaim(claim)] }
        #expect(report.refusal == (isMet ? nil : .wrongClaims))
        let name = claim.prefix { $0 != "=" }
        if !isMet { #expect(report.detail?.hasPrefix("\(name) is ") == true, "\(report.detail ?? "")") }
    }
}
