import AuthCore
import AuthText
import Foundation
import TestStores
import Testing

@testable import AuthStrategies

@Suite("Claims of the user's own")
struct OwnClaimsTests {
    private static let signedIDs = builtinStrategies.map { $0.descriptor }.filter { $0.credential == .signed }
        .map(\.id)

    private func claims(_ json: String) throws -> OwnClaims {
        try JSONDecoder().decode(OwnClaims.self, from: Data(json.utf8))
    }

    /// Signs in with a strategy and these claims, and hands over the header line.
    private func line(_ id: String, _ claims: OwnClaims) throws -> [UInt8] {
        func line<S: AuthStrategy & ~Copyable>(_: S.Type) throws -> [UInt8] {
            let stores = try TestStores()
            var environment = stores.environment
            environment.policy.claims = claims
            if id == "rs256-jwt" {
                environment = try StrategyChoice.named(["rs256-jwt@bits=4096"], among: builtinStrategies)[0]
                    .environment(environment)
            }
            var strategy = try S(sharing: S.prepare(in: environment))
            let credential = try strategy.login(Subject(id: 7), at: .start)
            let decision = try strategy.authenticate(
                credential.headerLine.span, requiring: .read, at: .start)
            #expect(decision == .accepted(Subject(id: 7)))
            let sample = try strategy.sample(of: .rfc9068, at: .start)
            #expect(sample.headerLine.count == credential.headerLine.count)
            return credential.headerLine
        }
        let strategy = try #require(builtinStrategies.first { $0.descriptor.id == id })
        return try line(strategy)
    }

    private func payload(of line: [UInt8]) -> String {
        let parts = line.split(separator: UInt8(ascii: "."))
        return String(decoding: Base64URL.decode(Array(parts[1]).span) ?? [], as: UTF8.self)
    }

    @Test(
        "stand in the token of every strategy that signs, behind its own, and it is accepted",
        arguments: signedIDs)
    func issued(id: String) throws {
        let own = try claims(
            #" { "tenant": "north", "roles": ["a", "b"], "Zoë": {"b": 1.5, "a": [null, true, -3]} } "#)
        #expect(own.members == #""Zoë":{"a":[null,true,-3],"b":1.5},"roles":["a","b"],"tenant":"north""#)
        let plain = payload(of: try line(id, OwnClaims()))
        let laden = payload(of: try line(id, own))
        #expect(laden.hasSuffix(",\(own.members)}"))
        #expect(laden.utf8.count == plain.utf8.count + own.members.utf8.count + 1)
    }

    @Test(
        "as many bytes as are taken fit a header line of every strategy, with the largest signature",
        arguments: signedIDs)
    func largest(id: String) throws {
        let frame = #"{"roles":""}"#.utf8.count - 2
        let own = try claims(
            #"{"roles":"\#(String(repeating: "x", count: OwnClaims.longest_bytes - frame))"}"#)
        #expect(own.members.utf8.count == OwnClaims.longest_bytes)
        #expect(try line(id, own).count <= HeaderLine.longest_bytes)
    }

    @Test("as many members as are taken are read by every strategy", arguments: signedIDs)
    func members(id: String) throws {
        let members = (0..<OwnClaims.mostMembers).map { "\"c\($0)\":\($0)" }.joined(separator: ",")
        _ = try line(id, try claims("{\(members)}"))
    }

    @Test("keep a text whatever is in it", arguments: ["a\"b", #"a\b"#, "a\nb\tc\rd\u{1}\u{1F}", "é/😀", ""])
    func texts(text: String) throws {
        let json = String(decoding: try JSONEncoder().encode(["x": text]), as: UTF8.self)
        let payload = payload(of: try line("hs256-jwt", try claims(json)))
        let read = try #require(try JSONSerialization.jsonObject(with: Data(payload.utf8)) as? [String: Any])
        #expect(read["x"] as? String == text)
    }

    @Test("stand in a token of the token tool too, whoever it is for")
    func tool() throws {
        var policy = Policy()
        policy.claims = try claims(#"{"role":"admin"}"#)
        let tool = try TokenTool(policy: policy, keyID: nil, lifetime_ms: 60_000, now: .start)
        let secret = [UInt8](repeating: 7, count: 32)
        let key = try TokenKey.read(.init(copying: secret.span), for: .hs256, to: .sign)
        for request in [TokenTool.Request.access(Subject(id: 1)), .named("auth0|5f7c")] {
            let token = try tool.make(request, with: key)
            #expect(
                payload(of: Array("Authorization: Bearer \(token)".utf8)).hasSuffix(#","role":"admin"}"#))
        }
    }
}
