import AuthCore
import AuthStatistics
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import AuthHarness

@Suite("Run")
struct RunTests {
    private func workload(clients: Int) throws -> Workload {
        let json = """
            {"name":"t","summary":"t","population":\(64 * clients),"clients":\(clients),"mix":{"login":0.1,
             "authenticate":0.5,"renew":0.05,"logout":0.1,"expired":0.05,"tampered":0.05,"wrong_audience":0.05,
             "revoked":0.05,"unknown":0.05}}
            """
        return try JSONDecoder().decode(Workload.self, from: Data(json.utf8))
    }

    private func measure(
        _ script: Script, clients: Int = 4, operations: Int = 20_000, repeats: Int = 1,
        stop: StopFlag = StopFlag()
    ) throws -> [RepeatMeasurement] {
        let workload = try workload(clients: clients)
        let run = Run(
            trace: Trace(workload), schedule: Schedule(strategies: 1, repeats: repeats, seed: 1),
            warmUp: .operations(1000), extent: .operations(operations), cores: 2, stop: stop,
            instruments: .bare)
        var measurements: [RepeatMeasurement] = []
        try Script.$current.withValue(script) {
            try run.execute(
                [StrategyChoice(SyntheticStrategy.self)],
                in: Environment(policy: workload.policy, sqlite: SQLiteSettings(path: ""))
            ) { event in
                if case .measured(let measurement) = event { measurements.append(measurement) }
            }
        }
        return measurements
    }

    @Test("finds nothing wrong with a strategy that decides rightly, over several repeats and laps")
    func rightDecisions() throws {
        let measurements = try measure(Script(), operations: 600_000, repeats: 2)
        #expect(measurements.count == 2)
        for measurement in measurements {
            #expect(measurement.total.wrongDecisions == 0)
            #expect(measurement.total.staleAccepts == 0)
            #expect(measurement.total.errors == 0)
            #expect(measurement.total.completed == 600_000)
            #expect(measurement.operations.count == OperationKind.allCases.count)
            let reads = measurement.operations.filter { ![.login, .renew, .logout].contains($0.kind) }
            let count = reads.reduce(0) { $0 + $1.tally.completed }
            #expect(measurement.touchFailures == Int(count), "those of the warm-up are not counted")
            for operation in measurement.operations {
                #expect(
                    operation.service.total.count == operation.tally.completed
                        && operation.response == nil)
            }
        }
    }

    private func tally(_ measurement: RepeatMeasurement, _ kind: OperationKind) throws -> Tally {
        try #require(measurement.operations.first { $0.kind == kind }).tally
    }

    @Test("counts every accepted probe as a false accept")
    func falseAccepts() throws {
        let measurement = try #require(try measure(Script(.acceptsProbes)).first)
        for kind in OperationKind.allCases where kind.isProbe {
            let tally = try tally(measurement, kind)
            #expect(tally.falseAccepts == tally.completed && tally.completed > 0, "\(kind)")
        }
        #expect(try tally(measurement, .authenticate).wrongDecisions == 0)
    }

    @Test("counts a credential accepted after logout as stale where no more is promised, else as false")
    func staleAccepts() throws {
        let measurement = try #require(try measure(Script(promise: .atExpiry)).first)
        let tally = try tally(measurement, .revoked)
        #expect(tally.staleAccepts == tally.completed && tally.completed > 0)
        #expect(measurement.total.wrongDecisions == 0)
        let broken = try #require(try measure(Script(.acceptsProbes, promise: .atExpiry)).first)
        #expect(try self.tally(broken, .revoked).falseAccepts == 0)
        #expect(try self.tally(broken, .expired).falseAccepts > 0)
    }

    @Test("counts somebody else's identity as a false accept")
    func wrongSubject() throws {
        let measurement = try #require(try measure(Script(.acceptsAsSomebodyElse)).first)
        let tally = try tally(measurement, .authenticate)
        #expect(tally.falseAccepts == tally.completed && tally.completed > 0)
    }

    @Test("counts refusals of good credentials as false rejects, renewals included")
    func falseRejects() throws {
        let measurement = try #require(try measure(Script(.refusesEverything)).first)
        for kind in [OperationKind.authenticate, .renew] {
            let tally = try tally(measurement, kind)
            #expect(tally.falseRejects == tally.completed && tally.completed > 0)
        }
        #expect(measurement.total.falseAccepts == 0)
    }

    @Test("counts errors apart: neither as decisions nor in throughput or latency")
    func errors() throws {
        let measurement = try #require(try measure(Script(.throwsEveryTenth)).first)
        let total = measurement.total
        #expect(total.errors > 0)
        #expect(total.completed + total.errors == 20_000)
        #expect(measurement.operations.reduce(0) { $0 + $1.service.total.count } == total.completed)
        #expect(total.wrongDecisions == 0)
        #expect(measurement.errors.count == total.errors)
        #expect(measurement.errors.text.contains("BreakdownError"))
    }

    @Test("weighs a sample of every claim profile once loaded, and logs each out")
    func sizes() throws {
        let workload = try workload(clients: 2)
        let run = Run(
            trace: Trace(workload), schedule: Schedule(strategies: 1, repeats: 1, seed: 1),
            warmUp: .operations(1), extent: .operations(2), cores: 2, stop: StopFlag(),
            instruments: .bare)
        let script = Script()
        var sizes: [CredentialSize] = []
        try Script.$current.withValue(script) {
            try run.execute(
                [StrategyChoice(SyntheticStrategy.self)],
                in: Environment(policy: workload.policy, sqlite: SQLiteSettings(path: ""))
            ) { event in
                guard case .loaded(let loaded) = event else { return }
                sizes = loaded.sizes
                #expect(script.specimensLeft.load(ordering: .relaxed) == 0)
            }
        }
        #expect(sizes.map(\.profile) == ClaimProfile.allCases)
        #expect(sizes.allSatisfy { $0.strategy == "synthetic" && $0.requestHeader_bytes == 18 })
    }

    /// A line that the synthetic strategy takes for good: somebody else's.
    private struct Forgeries: HostileSource {
        func lines<S: AuthStrategy & ~Copyable>(
            for strategy: S.Type, sharing shared: S.Shared, policy: Policy
        ) -> [[UInt8]] { [[7, 0, 0, 0, 0, 0, 0, 0, 1] + [UInt8](repeating: 9, count: 9)] }
    }

    @Test("presents the lines of a hostile source, and counts those accepted as false accepts")
    func hostileLines() throws {
        let workload = try workload(clients: 2)
        var run = Run(
            trace: Trace(workload), schedule: Schedule(strategies: 1, repeats: 1, seed: 1),
            warmUp: .operations(1), extent: .operations(20_000), cores: 2, stop: StopFlag(),
            instruments: .bare)
        run.hostile = Forgeries()
        var tallies: [Tally] = []
        try run.execute(
            [StrategyChoice(SyntheticStrategy.self)],
            in: Environment(policy: Policy(), sqlite: SQLiteSettings(path: ""))
        ) { event in
            if case .measured(let measurement) = event { tallies.append(try tally(measurement, .tampered)) }
        }
        let tampered = try #require(tallies.first)
        // Three of four slots have such a line.
        #expect(tampered.falseAccepts > tampered.completed / 2 && tampered.falseAccepts < tampered.completed)
    }

    @Test("hands on what a strategy throws while loading")
    func loadFailure() {
        #expect(throws: BreakdownError.self) { _ = try measure(Script(.failsToLoad)) }
    }

    @Test("has 64 clients inside a strategy at the same moment")
    func trulyConcurrent() throws {
        let meeting = Meeting(of: 64)
        _ = try measure(Script(inside: { meeting.enter() }), clients: 64, operations: 64 * 200)
        #expect(meeting.isComplete)
    }

    @Test("shares an operation count between the clients to the last one, however large")
    func extents() {
        #expect(Extent.operations(10).counts(clients: 4) == [3, 3, 2, 2])
        #expect(Extent.operations(1).counts(clients: 4) == [1, 0, 0, 0])
        #expect(Extent.operations(.max).counts(clients: 4).reduce(0, +) == .max)
        #expect(Extent.duration(nanoseconds: 1).counts(clients: 4).isEmpty)
    }

    @Test(
        "every repeat has the mix of the workload, however fast the strategy",
        arguments: [700, 5003, 60_000, 200_000])
    func mix(operations: Int) throws {
        let shares = try workload(clients: 4).mix.shares
        for measurement in try measure(Script(), operations: operations, repeats: 5) {
            #expect(measurement.total.completed == UInt64(operations))
            var counts = shares.map { _ in UInt64(0) }
            for one in measurement.operations { counts[Int(one.kind.rawValue)] = one.tally.completed }
            #expect(ChiSquare.pValue(counts, shares: shares) ?? 1 > 0.001, "\(counts)")
        }
    }

    @Test("stops when asked, without a half measurement")
    func stopping() throws {
        let stop = StopFlag()
        let script = Script(inside: { stop.raise() })
        #expect(throws: StoppedError.self) { _ = try measure(script, operations: Int.max / 8, stop: stop) }
    }

    @Test("ends a measurement by the clock when it has a duration")
    func duration() throws {
        let run = Run(
            trace: Trace(try workload(clients: 2)), schedule: Schedule(strategies: 1, repeats: 1, seed: 1),
            warmUp: .operations(1), extent: .duration(nanoseconds: 20_000_000), cores: 2, stop: StopFlag(),
            instruments: .bare)
        var wall_ns: UInt64 = 0
        try run.execute(
            [StrategyChoice(SyntheticStrategy.self)],
            in: Environment(policy: Policy(), sqlite: SQLiteSettings(path: ""))
        ) { event in
            if case .measured(let measurement) = event { wall_ns = measurement.wall_ns }
        }
        #expect(wall_ns >= 20_000_000)
    }
}

extension Instruments {
    /// The real clock, and nothing else read.
    static var bare: Self { Self(monotonic: MonotonicClock { _ in }) }
}

/// Lets callers wait for each other once, and gives up rather than hang.
final class Meeting: Sendable {
    private let expected: Int
    private let arrived = Atomic(0)
    private let everybody = DispatchSemaphore(value: 0)
    private let completed = Atomic(false)

    init(of expected: Int) { self.expected = expected }

    var isComplete: Bool { completed.load(ordering: .relaxed) }

    func enter() {
        let place = arrived.add(1, ordering: .relaxed).newValue
        guard place <= expected, !isComplete else { return }
        if place == expected {
            completed.store(true, ordering: .relaxed)
            for _ in 0..<expected { everybody.signal() }
        } else if everybody.wait(timeout: .now() + 10) == .timedOut {
            arrived.store(Int.max / 2, ordering: .relaxed)
        }
    }
}

@Suite("Schedule")
struct ScheduleTests {
    @Test("has every strategy once in each repeat, in an order that the seed decides and that changes")
    func order() {
        let schedule = Schedule(strategies: 6, repeats: 20, seed: 1)
        for order in schedule.repeats { #expect(order.sorted() == Array(0..<6)) }
        #expect(Set(schedule.repeats).count > 10)
        #expect(schedule == Schedule(strategies: 6, repeats: 20, seed: 1))
        #expect(schedule != Schedule(strategies: 6, repeats: 20, seed: 2))
    }
}
