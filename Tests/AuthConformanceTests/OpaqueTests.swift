import AuthConformance
import AuthCore
import AuthStrategies
import Backends
import BrokenStrategies
import Synchronization
import Testing

/// Strategies of other kinds than the built-in ones, in the memory of this process.
@Suite("Conformance of any kind")
struct OpaqueTests {
    private func findings(
        _ strategy: any (AuthStrategy & ~Copyable).Type, slow_ms: Int = 60_000
    ) -> [String: Finding.Verdict] {
        let environment = Environment(policy: Policy(), sqlite: SQLiteSettings(path: "/nonexistent"))
        let findings = Conformance.check(
            strategy, in: environment, longestToken_bytes: 1024, watch: Watch(slow_ms: slow_ms))
        return Dictionary(findings.map { ($0.requirement, $0.verdict) }) { first, _ in first }
    }

    private func cases(_ verdict: Finding.Verdict?) -> Int {
        if case .passed(let cases) = verdict { cases } else { 0 }
    }

    private func failed(_ findings: [String: Finding.Verdict]) -> [String] {
        findings.filter { if case .failed = $0.value { true } else { false } }.map(\.key).sorted()
    }

    @Test("a sound opaque bearer token passes all that its promises imply")
    func sound() {
        let findings = findings(Opaque<Sound>.self)
        #expect(failed(findings) == [], "\(findings)")
        for id in ["CRD-02", "CRD-04", "CRD-05", "JWT-35", "JWT-37", "SES-01", "SES-05", "SES-08", "SES-11"] {
            #expect(cases(findings[id]) > 0, "\(id): \(String(describing: findings[id]))")
        }
        #expect(findings["JWT-01"] == .notApplicable("the credential is looked up, not signed"))
        #expect(findings["SES-04"] == .notApplicable("by its descriptor it has no store"))
        #expect(cases(findings["CRD-02"]) > 43)
    }

    @Test("one that accepts everything fails, whatever it says for itself")
    func acceptsAll() {
        let failed = failed(findings(Opaque<AcceptsAll>.self))
        #expect(
            Set(failed).isSuperset(of: ["CRD-01", "CRD-02", "CRD-03", "CRD-04", "CRD-05", "SES-08"]),
            "\(failed)")
    }

    @Test("one that accepts what has expired fails")
    func acceptsExpired() {
        #expect(failed(findings(Opaque<AcceptsExpired>.self)).contains("CRD-04"))
    }

    @Test("one that throws instead of deciding fails")
    func throwsErrors() {
        let findings = findings(Opaque<Throws>.self)
        guard case .failed(let text) = findings["CRD-01"] else {
            Issue.record("\(findings)")
            return
        }
        #expect(text.hasPrefix("an error instead of a decision"))
    }

    @Test("one that is slow is not tried for hours, and not passed either")
    func isSlow() {
        let findings = findings(Opaque<IsSlow>.self, slow_ms: 5)
        guard case .broken(let text) = findings["CRD-01"] else {
            Issue.record("\(findings)")
            return
        }
        #expect(text.contains("too slow"))
        #expect(findings["CRD-02"] == .notTried("the trial ended with CRD-01"))
    }

    @Test("a signed token is tried as one in a cookie too")
    func signedCookie() {
        let findings = findings(CookieToken.self)
        // Its cookie has another name, and it reads no other beside it.
        #expect(failed(findings) == ["SES-14", "SES-15", "SES-19"])
        for id in ["JWT-09", "JWT-17", "JWT-24", "JWT-28"] { #expect(cases(findings[id]) > 0, "\(id)") }
        #expect(findings["JWT-35"] == .notApplicable("the credential is no bearer token"))
    }

    @Test(
        "a store that stalls is no breach, at whatever moment it does", .serialized,
        arguments: [0, 1, 50, 150, 300, 600, 900])
    func stall(call: Int) {
        Stalls.callsLeft.withLock { $0 = call }
        let findings = findings(Opaque<Stalls>.self)
        #expect(failed(findings) == [])
        let broken = findings.filter { if case .broken = $0.value { true } else { false } }
        #expect(broken.count == 1, "\(broken)")
        #expect(broken.values.allSatisfy { "\($0)".contains("timed out") })
    }

    @Test("what the kit has no check for is not tried, and no strategy of ours leaves that without a word")
    func untried() {
        let untried = ["SES-17", "REF-11", Requirement.silence]
        for strategy in builtinStrategies where strategy.descriptor.stores.isEmpty {
            for (id, verdict) in findings(strategy) where !id.hasPrefix("CVE") {
                if case .notTried(let reason) = verdict { #expect(untried.contains(id), "\(id): \(reason)") }
            }
        }
    }
}

/// A store that does not answer from a certain call on.
private enum Stalls: OpaqueFlaw {
    static let id = "stalls"
    static let callsLeft = Mutex(0)

    static func enter(_ verb: String) throws {
        let left = callsLeft.withLock { left in
            left -= 1
            return left
        }
        if left < 0 { throw RedisError.connection(operation: "get a reply", message: "timed out") }
    }
}

/// The HS256 strategy, whose token travels in a cookie.
private struct CookieToken: AuthStrategy, ~Copyable {
    static let descriptor = StrategyDescriptor(
        id: "cookie-token", title: "a JWT in a cookie", transport: .cookie, revocation: .atExpiry,
        exemptions: HS256JWTStrategy.descriptor.exemptions)

    static func longestExposure_ms(ofLoginAfter revocation: Revocation, under policy: Policy) -> Int64 {
        HS256JWTStrategy.longestExposure_ms(ofLoginAfter: revocation, under: policy)
    }

    static func prepare(in environment: Environment) throws -> HS256JWTStrategy.Shared {
        try HS256JWTStrategy.prepare(in: environment)
    }

    private var inner: HS256JWTStrategy
    private static let (bearer, cookie) = (Array("Authorization: Bearer ".utf8), Array("Cookie: token=".utf8))

    init(sharing shared: HS256JWTStrategy.Shared) throws { inner = try HS256JWTStrategy(sharing: shared) }

    private func moved(_ credential: Credential) -> Credential {
        Credential(headerLine: Self.cookie + credential.headerLine.dropFirst(Self.bearer.count))
    }

    private func back(_ line: [UInt8]) -> [UInt8] {
        line.starts(with: Self.cookie) ? Self.bearer + line.dropFirst(Self.cookie.count) : []
    }

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        moved(try inner.login(subject, at: now))
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        let bytes = back(line.indices.map { line[$0] })
        return try inner.authenticate(bytes.span, requiring: scope, at: now)
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        let line = back(credential.headerLine)
        guard case .renewed(let fresh) = try inner.renew(Credential(headerLine: line), at: now) else {
            return .refused(.expired)
        }
        return .renewed(moved(fresh))
    }

    mutating func logout(_ credential: borrowing Credential, at now: Instant) {}
    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) {}
    mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { try inner.signOctets(octets) }
    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential {
        moved(try inner.issueFlawed(flaw, to: subject, at: now))
    }
}
