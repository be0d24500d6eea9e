import AuthCore
import Dispatch
import Synchronization
import Testing

@testable import AuthHarness

/// What the exposure strategy of these tests does after a logout; shared by all clients.
final class ExposureScript: Sendable {
    let promise: RevocationPromise
    let lifetime_ms: Int64
    /// How long a credential is accepted after its logout, on the strategy's clock.
    let delay_ms: Int64
    /// The client that has not heard of any logout, as one with a cache of its own would.
    let deafClient: Int?
    /// Whether logging out fails after so many times.
    let failsAfter: Int?
    /// How long after the sign-in a credential may be exchanged for one that lives as long again.
    let renewable_ms: Int64
    let revoked = Mutex([UInt64: Instant]())
    let clients = Atomic(0)

    init(
        _ promise: RevocationPromise, lifetime_ms: Int64 = 3_600_000, delay_ms: Int64 = 0,
        deafClient: Int? = nil, failsAfter: Int? = nil, renewable_ms: Int64 = 0
    ) {
        self.promise = promise
        self.lifetime_ms = lifetime_ms
        self.delay_ms = delay_ms
        self.deafClient = deafClient
        self.failsAfter = failsAfter
        self.renewable_ms = renewable_ms
    }

    @TaskLocal static var current = ExposureScript(.immediate)
}

/// Accepts a credential until its expiry or until the scripted time after its logout, whichever comes first.
struct DelayedStrategy: AuthStrategy, ~Copyable {
    static var descriptor: StrategyDescriptor {
        .init(
            id: "delayed", title: "scripted", transport: .bearer, revocation: ExposureScript.current.promise)
    }

    static func lifetime(under policy: Policy) -> CredentialLifetime {
        CredentialLifetime(ExposureScript.current.lifetime_ms)
    }

    static func longestExposure_ms(ofLoginAfter revocation: Revocation, under policy: Policy) -> Int64 {
        let script = ExposureScript.current
        return script.promise == .immediate ? 0 : max(script.lifetime_ms, 10_000_000)
    }

    static func prepare(in environment: Environment) -> ExposureScript { .current }

    private let script: ExposureScript
    private let client: Int

    init(sharing script: ExposureScript) {
        self.script = script
        client = script.clients.add(1, ordering: .relaxed).oldValue
    }

    mutating func login(_ subject: Subject, at now: Instant) -> Credential {
        var line: [UInt8] = []
        line.append(subject.id, count: 8)
        line.append(UInt64(bitPattern: now.milliseconds + script.lifetime_ms), count: 8)
        line.append(UInt64(bitPattern: now.milliseconds + script.renewable_ms), count: 8)
        return Credential(headerLine: line)
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) -> Renewal {
        var line = credential.headerLine
        let end_ms = Int64(bitPattern: line.span.littleEndian(at: 16))
        guard case .accepted = authenticate(line.span, requiring: .probed, at: now), now.milliseconds < end_ms
        else { return .refused(.expired) }
        var expiry: [UInt8] = []
        expiry.append(UInt64(bitPattern: min(end_ms, now.milliseconds + script.lifetime_ms)), count: 8)
        line.replaceSubrange(8..<16, with: expiry)
        return .renewed(Credential(headerLine: line))
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) -> Decision {
        let (id, expiry) = (line.littleEndian(at: 0), Int64(bitPattern: line.littleEndian(at: 8)))
        if now.milliseconds >= expiry { return .refused(.expired) }
        let revokedAt = script.deafClient == client ? nil : script.revoked.withLock { $0[id] }
        if let revokedAt, now.milliseconds >= revokedAt.milliseconds + script.delay_ms {
            return .refused(.unknown)
        }
        return .accepted(Subject(id: id))
    }

    mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        let id = credential.headerLine.span.littleEndian(at: 0)
        let count = script.revoked.withLock { revoked in
            if script.promise == .immediate { revoked[id] = now }
            return revoked.count
        }
        if let limit = script.failsAfter, count > limit { throw BreakdownError() }
    }

    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) {}

    mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) {
        if script.promise == .immediate { script.revoked.withLock { $0[subject.id] = now } }
    }

    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) -> Credential {
        Credential(headerLine: [])
    }
}

@Suite("Exposure")
struct ExposureTests {
    private func measure(
        _ script: ExposureScript, clients: Int = 4, credentials: Int = 60, stop: StopFlag = StopFlag()
    ) throws -> ExposureMeasurement {
        let run = ExposureRun(
            plan: RevocationPlan(credentials: credentials, seed: 1), policy: Policy(), clients: clients,
            duration_ns: 600_000_000, instruments: .bare, stop: stop)
        let measurements = try ExposureScript.$current.withValue(script) {
            try run.measure(
                StrategyChoice(DelayedStrategy.self),
                in: Environment(policy: Policy(), sqlite: SQLiteSettings(path: "")))
        }
        return try #require(measurements.first { $0.revocation == .logout })
    }

    @Test("finds no exposure where a logout holds at once, though requests were on their way")
    func immediate() throws {
        let measurement = try measure(ExposureScript(.immediate))
        #expect(measurement.acceptedAfter == 0 && measurement.falseAccepts == 0 && measurement.wrong == 0)
        #expect(measurement.exposures.allSatisfy { $0.shortest_ms == 0 })
        #expect(measurement.exposures.count > 0 && measurement.compression == 1)
        #expect(measurement.probes > 0 && measurement.clients == 4)
    }

    @Test("finds exactly the exposure that a strategy has")
    func delayed() throws {
        let measurement = try measure(ExposureScript(.immediate, delay_ms: 50))
        #expect(measurement.falseAccepts > 0)
        let found = measurement.exposures.filter(\.longest_ms.isFinite)
        #expect(!found.isEmpty)
        for exposure in found {
            // The delay counts from the call of the logout, an exposure from its acknowledgement.
            #expect(exposure.shortest_ms < 51, "\(exposure)")
            #expect(exposure.longest_ms >= exposure.shortest_ms)
        }
        // Nothing is refused before its time: the first refusal comes after the delay, but for the logout's own time.
        #expect(found.count { $0.longest_ms >= 49 } > found.count / 2, "\(found)")
    }

    @Test("catches one client out of many that does not hear of logouts")
    func deafClient() throws {
        let measurement = try measure(ExposureScript(.immediate, deafClient: 2))
        #expect(measurement.acceptedAfter > 0)
        #expect(measurement.falseAccepts == measurement.acceptedAfter)
    }

    @Test("sees every credential die at its expiry, on a clock that runs faster")
    func atExpiry() throws {
        let script = ExposureScript(.atExpiry)
        let measurement = try measure(script)
        #expect(measurement.compression > 1000)
        #expect(measurement.falseAccepts == 0 && measurement.outlived == 0 && measurement.wrong == 0)
        #expect(measurement.acceptedAfter > 0)
        #expect(measurement.exposures.allSatisfy { $0.shortest_ms < Double(script.lifetime_ms) })
        #expect(measurement.exposures.contains { $0.shortest_ms > Double(script.lifetime_ms) / 2 })
    }

    @Test("a login is followed to the last credential that its holder gets, to the millisecond")
    func renewals() throws {
        let script = ExposureScript(.atExpiry, lifetime_ms: 60_000, renewable_ms: 9_000_000)
        let measurement = try measure(script)
        #expect(measurement.logins.count == 25 && measurement.falseAccepts == 0)
        for (index, login) in measurement.logins.enumerated() {
            // 25 logins have ages from 1200 ms on, 2400 apart.
            #expect(login.shortest_ms == 9_000_000 - 1200 - 2400 * Double(index), "\(index)")
            #expect(149...151 ~= login.renewals && !login.isEndless)
        }
        let plain = try measure(ExposureScript(.atExpiry, lifetime_ms: 60_000))
        #expect(plain.logins.map(\.shortest_ms).max() == 58_800)
        #expect(plain.logins.allSatisfy { $0.renewals == 0 })
    }

    @Test("a login that works longer than the strategy says is a false accept, one without end too")
    func outlivedLogins() throws {
        let beyond = ExposureScript(.atExpiry, lifetime_ms: 60_000, renewable_ms: 10_100_000)
        #expect(try measure(beyond).outlivedLogins == 25)
        #expect(try measure(beyond).falseAccepts == 25)
        let endless = try measure(ExposureScript(.atExpiry, lifetime_ms: 10, renewable_ms: .max / 4))
        #expect(endless.logins.contains(where: \.isEndless) && endless.falseAccepts > 0)
        let revived = try measure(ExposureScript(.immediate, delay_ms: 50, renewable_ms: 3_600_000))
        #expect(revived.outlivedLogins == 25, "a session renewed after its logout")
        #expect(try measure(ExposureScript(.immediate, renewable_ms: 3_600_000)).outlivedLogins == 0)
    }

    @Test("an error of the store is counted, and ends its client only")
    func errors() throws {
        let measurement = try measure(ExposureScript(.immediate, failsAfter: 5))
        #expect(measurement.errors.count == 1)
        #expect(measurement.errors.text.contains("BreakdownError"))
        #expect(1...5 ~= measurement.exposures.count)
    }

    @Test("stops when asked, without a measurement")
    func stopping() {
        let stop = StopFlag()
        stop.raise()
        #expect(throws: StoppedError.self) { _ = try measure(ExposureScript(.immediate), stop: stop) }
    }
}
