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
