import AuthCore
import AuthText
import Foundation
import TestStores
import Testing

@testable import AuthStrategies

@Suite("Claim profile")
struct ClaimProfileTests {
    private static let ids = builtinStrategies.map { $0.descriptor.id }
    /// How many characters a signature has beyond the 43 of HS256.
    private static let longer = [
        "hs256-jwt": 0, "hybrid": 0, "rs256-jwt": 299, "ps256-jwt": 299, "es256-jwt": 43, "ed25519-jwt": 43,
    ]
    private static let tokenIDs = longer.keys.sorted()
    private static let signedIDs = builtinStrategies.map { $0.descriptor }.filter { $0.credential == .signed }
        .map(\.id)
    /// The bytes of header, payload and signature with HS256; an RSA signature takes 342 characters, not 43.
    private static let weights: [(ClaimProfile, Int)] = [
        (.tiny, 108), (.article, 267), (.rfc9068, 423), (.supabase, 851), (.cognito, 839), (.keycloak, 1090),
        (.roles4KiB, 4096), (.roles9KiB, 9216),
    ]
    private let bearer = "Authorization: Bearer "

    private func strategy(_ id: String) throws -> any (AuthStrategy & ~Copyable).Type {
        try #require(builtinStrategies.first { $0.descriptor.id == id })
    }

    @Test("weighs what it stands for, with each signature", arguments: tokenIDs)
    func weight(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            #expect(Self.weights.map(\.0) == ClaimProfile.allCases)
            for (profile, weight) in Self.weights {
                let sample = try strategy.sample(of: profile, at: .start)
                let expected = weight + (Self.longer[id] ?? 0)
                #expect(sample.headerLine.count - bearer.utf8.count == expected, "\(profile)")
                #expect(sample.refreshToken.isEmpty == (id != "hybrid"))
                let size = CredentialSize(strategy: S.descriptor, profile: profile, credential: sample)
                #expect(size.credential_bytes == expected)
                #expect(size.fitsCookie4096 == (weight < 4096))
                #expect(size.fitsHeader8192 == (profile != .roles9KiB))
                #expect(size.http2First_bytes < size.requestHeader_bytes)
                // An entry of the table is the field and 32 bytes, and no colon or space between.
                let isKept = size.requestHeader_bytes - 2 + 32 <= 4096
                #expect(size.http2Repeat_bytes == (isKept ? 1 : size.http2First_bytes))
            }
        }
        try check(try strategy(id))
    }

    @Test("is accepted only as the access token that we issue, whatever its signature", arguments: tokenIDs)
    func refused(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            for profile in ClaimProfile.allCases {
                let decision = try strategy.authenticate(
                    strategy.sample(of: profile, at: .start), at: .start)
                switch profile {
                case .rfc9068: #expect(decision == .accepted(.sample))
                default: #expect(decision == .refused(.malformed), "\(profile)")
                }
            }
        }
        try check(try strategy(id))
    }

    @Test("is refused for its claims too, under a header of ours", arguments: ClaimProfile.allCases)
    func refusedClaims(profile: ClaimProfile) throws {
        guard let text = ClaimProfileText(profile, algorithm: "HS256", at: .start) else { return }
        let header = TokenHeader(algorithm: "HS256", keyID: "k")
        let key = [UInt8](repeating: 7, count: 32)
        let input = header.encoded + [0x2E] + Base64URL.encode(Array(text.claims.utf8))
        var signer = try HS256(key: key)
        let line = Array(bearer.utf8) + input + [0x2E] + Base64URL.encode(try signer.sign(input))
        var verifier = AccessTokenVerifier(
            try HS256(key: key), keyID: "k", rules: ClaimRules(Policy(), lifetime_ms: 3_600_000))
        let outcome = verifier.verify(line.span, requiring: .read, at: .start)
        guard case .refused(.wrongClaims) = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test("is strict JSON with the claims of its issuer", arguments: ClaimProfile.allCases)
    func json(profile: ClaimProfile) throws {
        guard let text = ClaimProfileText(profile, algorithm: "RS256", at: .start) else {
            #expect(profile == .rfc9068)
            return
        }
        let header = try #require(
            try JSONSerialization.jsonObject(with: Data(text.header.utf8)) as? [String: String])
        #expect(header["alg"] == "RS256")
        let claims = try #require(
            try JSONSerialization.jsonObject(with: Data(text.claims.utf8)) as? [String: Any])
        let (own, count) =
            switch profile {
            case .tiny, .rfc9068: ("sub", 1)
            case .article: ("name", 7)
            case .supabase: ("is_anonymous", 14)
            case .cognito: ("cognito:groups", 14)
            case .keycloak, .roles4KiB, .roles9KiB: ("realm_access", 21)
            }
        #expect(claims[own] != nil)
        #expect(claims.count == count)
    }

    @Test("makes no difference to a session, and a sample's session can be ended", arguments: ids)
    func sessions(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let login = try strategy.login(Subject(id: 7), at: .start)
            for profile in ClaimProfile.allCases where !Self.signedIDs.contains(id) {
                let sample = try strategy.sample(of: profile, at: .start)
                #expect(sample.headerLine.count == login.headerLine.count)
                #expect(try strategy.authenticate(sample, at: .start) == .accepted(.sample))
                try strategy.logout(sample, at: .start)
                guard S.descriptor.revocation == .immediate else { continue }
                #expect(try strategy.authenticate(sample, at: .start) == .refused(.unknown))
            }
            #expect(try strategy.authenticate(login, at: .start) == .accepted(Subject(id: 7)))
        }
        try check(try strategy(id))
    }
}
