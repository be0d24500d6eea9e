import AuthCore
import AuthStatistics
import Testing

@testable import AuthResults

/// The figures of a turn, from times that are written down here.
@Suite struct LogoutEverywhereAssessmentTests {
    private typealias Measurement = LogoutEverywhereMeasurement

    /// Requests that all took the same time.
    private func requests(_ count: UInt64, _ time_ns: UInt64) -> RepeatMeasurement {
        let times = SlicedHistogram([
            LatencyHistogram([.init(index: BucketLayout.index(of: time_ns), count: count)])
        ])
        var tally = Tally()
        (tally.completed, tally.accepted) = (count, count)
        var measurement = RepeatMeasurement(
            strategy: "s", repeatIndex: 1, runOrder: 1, clients: 2,
            operations: [
                OperationMeasurement(kind: .authenticate, service: times, response: times, tally: tally)
            ], wall_ns: 500_000_000, usage: Usage())
        measurement.openLoop = OpenLoop(
            targetRate: 20_000, arrivals: count, lateOperations: 0, backlog: 0,
            scheduleLag: LatencyHistogram())
        return measurement
    }

    private func turn(
        _ sessions: Int, p99_ns: UInt64 = 1000, count: UInt64 = 10_000, repeatIndex: Int = 1,
        walls_ns: [UInt64] = [1, 2, 3, 5, 8, 900].map { $0 * 1000 },
        change: (inout LogoutEverywhereMeasurement) -> Void = { _ in }
    ) -> LogoutEverywhereAssessment {
        var measurement = LogoutEverywhereMeasurement(
            strategy: "s", promise: .immediate, sessions: sessions, repeatIndex: repeatIndex,
            every_ns: 50_000_000)
        measurement.requests = requests(count, p99_ns)
        if sessions > 0 {
            measurement.logouts = walls_ns.map {
                .init(wall_ns: $0, storeCommands: 2, storeRoundTrips: 1)
            }
            measurement.check.before = sessions * walls_ns.count
            measurement.check.after = 2 * sessions * walls_ns.count
            measurement.check.others = 2000
        }
        change(&measurement)
        return LogoutEverywhereAssessment(measurement)
    }

    private let identity = RunIdentity(
        runID: "r", workload: "w", traceSHA256: String(repeating: "a", count: 64))

    @Test func `a median is the mean of the middle two, and needs six users`() {
        #expect(turn(10).logoutP50_ns == 4000 && turn(10).logoutMax_ns == 900_000)
        #expect(turn(10, walls_ns: [1, 2, 3, 4, 5]).logoutP50_ns == nil)
        #expect(turn(10).storeCommands_perLogout == 2 && turn(10).storeRoundTrips_perLogout == 1)
        #expect(turn(0).logoutP50_ns == nil && turn(0).storeCommands_perLogout == nil)
        #expect(turn(0).reason == nil && turn(10).reason == nil)
    }

    @Test func `every kind of wrong decision is one, before whatever else is wrong`() {
        for change: (inout LogoutEverywhereMeasurement.Check) -> Void in [
            { $0.refusedBefore = 1 }, { $0.acceptedAfter = 1 }, { $0.othersWrong = 1 },
        ] {
            let row = turn(10, count: 5) { change(&$0.check) }
            #expect(row.faults.first?.kind == .wrongDecision && row.faults.last?.kind == .disturbed)
        }
        #expect(turn(10) { $0.check.allowedAfter = 9 }.faults == [])
    }

    @Test func `too few requests and late logouts are no wrong decisions, and make a turn invalid`() {
        #expect(turn(10, count: 9508).reason == nil)
        #expect(turn(10, count: 9507).reason?.contains("p99 needs 9508") == true)
        let late = turn(10) { $0.lateLogouts = 2 }
        #expect(late.faults.map(\.kind) == [.disturbed] && late.reason?.contains("2 of 6 logouts") == true)
    }

    @Test func `what cannot be ended is blank with its reason, and no fault`() throws {
        let row = turn(10) {
            $0.requests = nil
            $0.logouts = []
            $0.impossible = "because"
        }
        #expect(row.faults == [] && row.reason == "because")
        let table = try CSVTable(CSV.text(LogoutEverywhereTable.columns(identity), [row]))
        let fields = try #require(table.rows(of: "t").first)
        for name in ["n", "p99_ns", "users", "logout_p50_ns", "clients", "errors", "accepted_after"] {
            #expect(fields[name] == "", "\(name)")
        }
        #expect(fields["valid"] == "false" && fields["reason"] == "because")
    }

    @Test func `a row is judged by its cells as by its measurement`() throws {
        let turns = [
            turn(0), turn(10), turn(10) { $0.check.acceptedAfter = 3 }, turn(1, count: 99),
            turn(1) { $0.lateLogouts = 1 }, turn(1) { $0.requests?.usage.standstill_ns = 500_000_000 },
        ]
        let table = try CSVTable(CSV.text(LogoutEverywhereTable.columns(identity), turns))
        for (row, turn) in zip(table.rows(of: "t"), turns) {
            let again = LogoutEverywhereFacts(row).faults(
                besides: ValidityFacts(row, on: .current()).invalidities)
            #expect(again.map(\.reason) == turn.faults.map(\.reason))
        }
    }

    @Test func `the table has one line for each number of sessions, with ratios taken within repeats`() {
        let rows = (1...3).flatMap { index in
            // The machine is slower by the repeat, which a ratio does not show.
            let slow = UInt64(index) * 1000
            return [
                turn(0, p99_ns: slow, repeatIndex: index), turn(1, p99_ns: slow, repeatIndex: index),
                turn(10, p99_ns: 2 * slow, repeatIndex: index),
            ]
        }
        let lines = LogoutEverywhereLine.lines(rows)
        #expect(lines.map(\.sessions) == [1, 10] && lines.map(\.valid) == [3, 3])
        #expect(abs((lines[0].ratio?.value ?? 0) - 1) < 0.002)
        #expect(abs((lines[1].ratio?.value ?? 0) - 2) < 0.004)
        let interval = lines[1].ratio?.interval
        #expect((interval?.low ?? 0) > 1.98 && (interval?.high ?? 9) < 2.02)
        #expect(abs((lines[1].quietP99_ns?.value ?? 0) - 1817) < 5)
    }

    @Test func `a repeat with a turn that must not be used is left out while others are sound`() {
        let rows = [
            turn(0, repeatIndex: 1), turn(1, p99_ns: 2000, repeatIndex: 1),
            turn(0, repeatIndex: 2), turn(1, p99_ns: 90_000, repeatIndex: 2) { $0.lateLogouts = 1 },
        ]
        let line = LogoutEverywhereLine.lines(rows).first
        #expect(line?.valid == 1 && line?.repeats == 2 && abs((line?.ratio?.value ?? 0) - 2) < 0.004)
    }
}
