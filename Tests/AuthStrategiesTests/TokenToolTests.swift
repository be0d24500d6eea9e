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
    private func check(header: String, claims: String, at now: Instant = now) throws -> TokenReport {
        let key = try TokenKey.read(SecretBytes(copying: Self.secret.span), for: .hs256, to: .verify)
        let tool = try TokenTool(policy: Policy(), keyID: nil, lifetime_ms: 3_600_000, now: now)
        var signer = try HS256(key: Self.secret)
        let input = [header, claims].map { Base64URL.encode(Array($0.utf8)) }.joined(separator: [
            UInt8(ascii: ".")
        ])
        let signature = Base64URL.encode(try signer.sign(Array(input)))
        return try tool.check(Array(input) + [UInt8(ascii: ".")] + signature, requiring: "read", with: key)
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
    }

    @Test("names all that is wrong, a foreign subject not among it")
    func several() throws {
        let report = try check(["sub": "auth0|5f7c", "iss": "x", "jti": nil])
        #expect(report.detail == "iss is not the issuer asked for; jti is missing")
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
    }

    @Test("says nothing of claims that nobody signed")
    func unsigned() throws {
        let key = try TokenKey.read(SecretBytes(copying: Self.secret.span), for: .hs256, to: .verify)
        let tool = try TokenTool(policy: Policy(), keyID: nil, lifetime_ms: 3_600_000, now: Self.now)
        let parts = [try text(Self.header, [:]), try text(Self.claims, ["iss": "x"])]
        let input = parts.map { String(decoding: Base64URL.encode(Array($0.utf8)), as: UTF8.self) }
        let signature = String(repeating: "A", count: 43)
        let report = try tool.check(
            Array("\(input[0]).\(input[1]).\(signature)".utf8), requiring: "read", with: key)
        #expect(report.refusal == .badSignature && report.detail == nil && report.claims == nil)
    }
}
