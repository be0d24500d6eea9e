import AuthCore
import Testing

@testable import AuthHarness

/// The arithmetic from recorded moments to exposures, with moments written by hand.
@Suite("Exposure account")
struct ExposureAccountTests {
    private let second_ns: UInt64 = 1_000_000_000
    /// Milliseconds after the start as moments of real time.
    private func moment(_ after_ms: UInt64) -> UInt64 { 5 * second_ns + after_ms * 1_000_000 }

    private let staleness_ms: Int64 = 20

    private func timetable(_ promise: RevocationPromise) -> RevocationTimetable {
        RevocationTimetable(
            RevocationPlan(credentials: Revocation.allCases.count, seed: 1),
            lifetime: CredentialLifetime(shortest_ms: 7_000_000, longest_ms: 7_800_000), promise: promise,
            staleness_ms: staleness_ms, duration_ns: second_ns)
    }

    /// One request: when it began, and whether it was accepted.
    private typealias Probe = (began_ms: UInt64, isAccepted: Bool)

    /// What comes of a revocation acknowledged 100 ms after the start.
    private func measure(
        _ clients: [Probe]..., promise: RevocationPromise = .immediate, state: RevocationLog.State = .alive,
        known: Bool = true
    ) -> ExposureMeasurement {
        let timetable = timetable(promise)
        let index = timetable.tasks.firstIndex { $0.revocation == .logout } ?? 0
        var revocations = RevocationLog()
        for _ in timetable.tasks {
            revocations.entries.append(.init(state: state, lag_ns: 7, acknowledged_ns: moment(100)))
        }
        let logs = clients.map { probes in
            var log = ProbeLog(credentials: timetable.tasks.count)
            for probe in probes {
                let subject = timetable.tasks[index].subject
                log.note(
                    index, probe.isAccepted ? .accepted(subject) : .refused(.unknown), of: subject,
                    began_ns: moment(probe.began_ms), isAfter: known && probe.began_ms > 100,
                    isContested: false)
            }
            return log
        }
        let account = ExposureAccount(
            timetable, start_ns: moment(0), revocations: revocations, probes: logs)
        return account.measurements(of: "s", clients: 1 + clients.count) { _ in
            (promise, staleness_ms)
        }[0]
    }

    /// The bounds alone.
    private func bounds(_ measurement: ExposureMeasurement) -> [[Double]] {
        measurement.exposures.map { [$0.shortest_ms, $0.longest_ms] }
    }

    @Test("an accepted request that began before the acknowledgement is no exposure")
    func before() {
        let measurement = measure([(99, true), (103, false)], [(100, true), (102, false)])
        #expect(bounds(measurement) == [[0, 2]])
        #expect(measurement.acceptedAfter == 0 && measurement.falseAccepts == 0)
        #expect(measurement.lag_ns == 7 && measurement.probes == 4 && measurement.clients == 3)
    }

    @Test("one that began after it is, even if word of it had not come", arguments: [true, false])
    func after(known: Bool) {
        let measurement = measure([(99, true), (103, false)], [(101, true), (105, false)], known: known)
        #expect(bounds(measurement) == [[1, 3]])
        #expect(measurement.acceptedAfter == 1 && measurement.falseAccepts == 1)
    }

    @Test("the last accepted request of any client counts, also of a credential that came back")
    func comesBack() {
        let measurement = measure([(101, false), (150, true), (160, false)], [(120, false)])
        #expect(bounds(measurement) == [[50, 60]])
    }

    @Test("one that is never seen refused has no upper bound")
    func unresolved() {
        #expect(bounds(measure([(99, true)])) == [[0, .infinity]])
        #expect(bounds(measure([])) == [[0, .infinity]])
    }

    @Test("a revocation is late by what passed from its time to its acknowledgement")
    func delay() throws {
        let due_ms = Double(timetable(.immediate).tasks.first { $0.revocation == .logout }?.due_ns ?? 0) / 1e6
        let exposure = try #require(measure([(99, true), (103, false)]).exposures.first)
        #expect(abs(exposure.delay_ms - (100 - due_ms)) < 0.001)
    }

    @Test("at expiry, milliseconds are those of the strategy's clock, and nothing is false")
    func compressed() {
        let measurement = measure([(101, true), (103, false)], promise: .atExpiry)
        #expect(measurement.compression == 10_000)
        #expect(bounds(measurement) == [[10_000, 30_000]])
        #expect(measurement.acceptedAfter == 1 && measurement.falseAccepts == 0)
    }

    @Test("a token accepted beyond its longest lifetime is a false accept")
    func outlived() {
        let measurement = measure([(990, true), (995, false)], promise: .atExpiry)
        #expect(measurement.outlived == 1 && measurement.falseAccepts == 1)
    }

    @Test("what is told is late beyond its bound only, in real time; so is a copy, on the strategy's clock")
    func stale() {
        for promise in [RevocationPromise.pushed, .cached] {
            let within = measure([(119, true), (123, false)], promise: promise)
            #expect(bounds(within) == [[19, 23]])
            #expect(within.acceptedAfter == 1 && within.falseAccepts == 0)
            #expect(measure([(121, true), (123, false)], promise: promise).falseAccepts == 1)
        }
    }

    @Test("what had expired before is in no number, and a good one refused is wrong")
    func states() {
        let expired = measure([(99, false)], state: .expired)
        #expect(expired.exposures.isEmpty && expired.expiredBefore == 1 && expired.wrong == 0)
        #expect(measure([(99, false)], state: .wrong).wrong == 1)
    }
}

@Suite("Revocation plan")
struct RevocationPlanTests {
    @Test(
        "has one credential in each equal part of the lifetime, for each kind of revocation",
        arguments: [10, 101])
    func spread(credentials: Int) {
        let entries = RevocationPlan(credentials: credentials, seed: 3).entries
        #expect(entries.count == credentials)
        for kind in Revocation.allCases {
            let ages = entries.filter { $0.revocation == kind }.map(\.age).sorted()
            for (part, age) in ages.enumerated() {
                #expect(Int(age * Double(ages.count)) == part)
            }
        }
        #expect(
            RevocationPlan(credentials: credentials, seed: 3)
                == RevocationPlan(credentials: credentials, seed: 3))
        #expect(RevocationPlan(credentials: credentials, seed: 4).entries != entries)
    }

    @Test("is revoked in order, each at its age, and leaves the longest life time to end")
    func timetable() {
        let plan = RevocationPlan(credentials: 500, seed: 1)
        let lifetime = CredentialLifetime(3_600_000)
        let timetable = RevocationTimetable(
            plan, lifetime: lifetime, promise: .atExpiry, staleness_ms: 0, duration_ns: 8_000_000_000)
        #expect(timetable.tasks.map(\.due_ns) == timetable.tasks.map(\.due_ns).sorted())
        for task in timetable.tasks {
            #expect(task.issuedAt <= .traceStart)
            let due = timetable.instant(at: task.due_ns, start_ns: 0)
            let age_ms = due.milliseconds - task.issuedAt.milliseconds
            let entry = plan.entries[Int(task.subject.id) - 1]
            #expect(abs(Double(age_ms) - entry.age * 3_600_000) <= 2)
            let left_ns = Double(3_600_000 - age_ms) / timetable.compression * 1e6
            #expect(Double(task.due_ns) + left_ns < 7_900_000_000)
        }
        let copied = RevocationTimetable(
            plan, lifetime: lifetime, promise: .cached, staleness_ms: 5000, duration_ns: 8_000_000_000)
        #expect(copied.compression == 22.5 / 8)
        for task in copied.tasks {
            #expect(task.issuedAt <= .traceStart)
            let due_ms = copied.instant(at: task.due_ns, start_ns: 0).milliseconds(since: .traceStart)
            #expect(4999...15_000 ~= due_ms, "all copies have been made by then, and all end in time")
        }
        let real = RevocationTimetable(
            plan, lifetime: lifetime, promise: .immediate, staleness_ms: 0, duration_ns: 8_000_000_000)
        #expect(real.compression == 1)
        #expect(real.tasks.allSatisfy { $0.due_ns < 1_600_000_000 })
    }

    @Test(
        "credentials are shared out where two servers would have two exposures, else presented by all or by two"
    )
    func shares() {
        for (promise, each) in [(RevocationPromise.immediate, 7), (.pushed, 7), (.atExpiry, 2), (.cached, 1)]
        {
            let shares = (1...7).map { ProbeOrder.Share(promise, client: $0, probers: 7) }
            for index in 0..<50 { #expect(shares.count { $0.has(index) } == each) }
            let alone = ProbeOrder.Share(promise, client: 1, probers: 1)
            #expect((0..<50).allSatisfy { alone.has($0) })
            var order = ProbeOrder(count: 50, start: 3, share: shares[2])
            let log = ProbeLog(credentials: 50)
            let met = (0..<500).map { order.next(acknowledged: $0 / 10, log) }
            #expect(met.allSatisfy { shares[2].has($0) })
            #expect(Set(met).count == (0..<50).count { shares[2].has($0) })
            var slow = ProbeOrder(count: 5000, start: 3, share: shares[2])
            slow.released = 0.25
            let all = ProbeLog(credentials: 5000)
            let early = Set((0..<20_000).map { _ in slow.next(acknowledged: 5000, all) })
            let own = (0..<5000).count { shares[2].has($0) }
            #expect(abs(Double(early.count) / Double(own) - 0.25) < 0.02)
            slow.released = 0
            #expect(shares[2].has(slow.next(acknowledged: 5000, all)), "there is always one")
        }
    }
}
