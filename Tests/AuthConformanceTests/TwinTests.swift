import AuthConformance
import AuthCore
import AuthStrategies
import TestStores
import Testing

/// Strategies broken in one place: the kit must catch each of them, by the requirement it breaks.
@Suite("Broken twins")
struct TwinTests {
    /// Which of some requirements a strategy breaks, and which bugs follow.
    private func breaches(
        of strategy: any (AuthStrategy & ~Copyable).Type, trying requirements: String...
    ) throws -> [String] {
        let stores = try TestStores.ofTrial()
        let findings = Conformance.check(
            strategy, in: stores.environment, longestToken_bytes: 65_536, only: { requirements.contains($0) })
        return findings.compactMap { finding in
            if case .failed = finding.verdict { finding.requirement } else { nil }
        }
    }

    @Test("of tokens", arguments: TokenFlaw.allCases)
    func tokens(flaw: TokenFlaw) throws {
        let failed = try TokenFlaw.$current.withValue(flaw) {
            try breaches(of: TokenTwin.self, trying: flaw.requirement)
        }
        #expect(failed.contains(flaw.requirement), "\(flaw): \(failed)")
    }

    /// What JWT-34 comes to for keys that rotate so often.
    private func rotation(_ name: String, of strategies: StrategyRegistry) throws -> Finding.Verdict? {
        let stores = try TestStores.ofTrial()
        let choice = try #require(try StrategyChoice.named([name], among: strategies).first)
        let findings = Conformance.check(
            choice.type, in: choice.environment(stores.environment), longestToken_bytes: 65_536,
            only: { $0 == "JWT-34" })
        return findings.first { $0.requirement == "JWT-34" }?.verdict
    }

    @Test(
        "of keys that rotate",
        arguments: [
            (
                RotationFlaw.neverStops,
                "a token that an old key signed when all of its own had expired: accepted"
            ),
            (.stopsEarly, "a token of the old key that has not expired: refused"),
            (.neverRotates, "new tokens still name the key of two intervals ago"),
            (.knowsOwnOnly, "unknown to another client"),
        ])
    func rotation(flaw: RotationFlaw, reason: String) throws {
        let verdict = try RotationFlaw.$current.withValue(flaw) {
            try rotation("rotation-twin@rotate=10m", of: [RotationTwin.self])
        }
        guard case .failed(let text) = verdict else {
            Issue.record("\(flaw): \(String(describing: verdict))")
            return
        }
        #expect(text.contains(reason), "\(text)")
    }

    @Test("keys that rotate without a flaw pass, however often, and where none rotates the kit says so")
    func soundRotation() throws {
        for name in [
            "hs256-jwt@rotate=1m", "hs256-jwt@rotate=10m", "hs256-jwt@rotate=2h", "es256-jwt@rotate=15m",
        ] {
            let verdict = try rotation(name, of: builtinStrategies)
            guard case .passed = verdict else {
                Issue.record("\(name): \(String(describing: verdict))")
                continue
            }
        }
        guard case .passed = try rotation("rotation-twin@rotate=10m", of: [RotationTwin.self]) else {
            Issue.record("the twin without a flaw")
            return
        }
        guard case .notApplicable(let why) = try rotation("hs256-jwt", of: builtinStrategies) else {
            Issue.record("one key")
            return
        }
        #expect(why.contains("@rotate"))
        guard case .notTried(let reason) = try rotation("rotation-twin", of: [RotationTwin.self]) else {
            Issue.record("the twin without a rotation")
            return
        }
        #expect(reason.contains("@rotate"))
    }

    @Test("of a public key taken for a secret")
    func confusion() throws {
        let failed = try breaches(of: ConfusedTwin.self, trying: "JWT-10")
        #expect(failed.contains("JWT-10") && failed.contains("CVE-2015-9235"), "\(failed)")
    }

    @Test("of sessions", arguments: SessionFlaw.allCases)
    func sessions(flaw: SessionFlaw) throws {
        let failed = try SessionFlaw.$current.withValue(flaw) {
            try breaches(of: SessionTwin.self, trying: flaw.requirement)
        }
        #expect(failed.contains(flaw.requirement), "\(flaw): \(failed)")
    }

    @Test("of an index that is all that logout everywhere knows")
    func index() throws {
        let failed = try breaches(of: IndexTwin.self, trying: "SES-21")
        #expect(failed.contains("SES-21"), "\(failed)")
    }

    @Test("of refresh tokens", arguments: RefreshFlaw.allCases)
    func refreshTokens(flaw: RefreshFlaw) throws {
        let failed = try RefreshFlaw.$current.withValue(flaw) {
            try breaches(of: RefreshTwin.self, trying: flaw.requirement)
        }
        #expect(failed.contains(flaw.requirement), "\(flaw): \(failed)")
    }

    @Test("of lists of revoked tokens", arguments: ListFlaw.allCases)
    func lists(flaw: ListFlaw) throws {
        let failed = try ListFlaw.$current.withValue(flaw) {
            try breaches(of: Revocable<HS256, ListTwin>.self, trying: flaw.requirement)
        }
        #expect(failed == [flaw.requirement], "\(flaw): \(failed)")
    }

    @Test("of caches before a session store", arguments: CacheFlaw.allCases)
    func caches(flaw: CacheFlaw) throws {
        let failed = try CacheFlaw.$current.withValue(flaw) {
            try breaches(of: Session<CacheTwin>.self, trying: flaw.requirement)
        }
        #expect(failed == [flaw.requirement], "\(flaw): \(failed)")
    }

    @Test("a list without a flaw passes what its broken twins do not")
    func soundList() throws {
        let failed = try breaches(
            of: RedisDenylistStrategy.self, trying: "REV-01", "REV-02", "REV-03", "REV-04", "SES-08")
        #expect(failed == [])
    }
}
