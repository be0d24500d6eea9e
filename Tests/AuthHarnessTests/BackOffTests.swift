import Synchronization
import Testing

@testable import AuthCore
@testable import AuthHarness

@Suite("Back-off after errors")
struct BackOffTests {
    private let ms: UInt64 = 1_000_000
    private let call_ns: UInt64 = 100_000
    private let limits_ms: [UInt64] = [1, 2, 4, 8, 16, 32, 64, 128, 250, 250]

    /// The pauses of the first client, by arithmetic of this test's own.
    private struct Pauses {
        private var random = RandomSource(seed: 0xBAC0_FF, stream: 0)
        mutating func next(upTo limit_ns: UInt64) -> UInt64 {
            UInt64.random(in: 0...limit_ns, using: &random)
        }
    }

    /// Measures one client of a strategy each of whose calls takes 0.1 ms.
    private func measure(_ fault: Script.Malfunction, _ extent: Extent) throws -> RepeatMeasurement {
        let (clock, call_ns) = (SimulatedClock(), call_ns)
        return try Script(fault, inside: { clock.advance(by_ns: call_ns) })
            .measure(.closed, extent, by: MonotonicClock(clock))
    }

    @Test("a store that always refuses is asked as often as the pauses allow, and each request counts once")
    func refusal() throws {
        let duration_ns = 20_000 * ms
        var (pauses, expected, time_ns) = (Pauses(), UInt64(0), UInt64(0))
        while time_ns < duration_ns {
            let limit_ms = limits_ms[min(Int(expected), limits_ms.count - 1)]
            time_ns += call_ns + pauses.next(upTo: limit_ms * ms)
            expected += 1
        }
        #expect(100...250 ~= expected, "about 160 by the mean pause of 125 ms; without pauses 200 000")
        let measurement = try measure(.throwsAlways, .duration(nanoseconds: duration_ns))
        #expect(measurement.total.errors == expected)
        #expect(measurement.errors.count == expected)
        #expect(measurement.total.completed == 0)
        #expect(measurement.wall_ns == duration_ns, "the last pause ends with the measurement")
        #expect(measurement.little_residual == nil)
    }

    @Test("the first decision ends it: an error among decisions costs 1 ms at most, whatever came before")
    func recovery() throws {
        let duration_ns = 2000 * ms
        var (pauses, calls, errors, time_ns) = (Pauses(), UInt64(0), UInt64(0), UInt64(0))
        while time_ns < duration_ns {
            calls += 1
            time_ns += call_ns
            guard calls % 10 == 0 else { continue }
            errors += 1
            time_ns += pauses.next(upTo: ms)
        }
        let measurement = try measure(.throwsEveryTenth, .duration(nanoseconds: duration_ns))
        #expect(measurement.total.errors == errors)
        #expect(measurement.total.completed == calls - errors)
    }

    @Test("neither latencies nor Little's law contain errors or pauses; the time of the measurement does")
    func accounts() throws {
        let measurement = try measure(.throwsEveryTenth, .duration(nanoseconds: 2000 * ms))
        let service = try #require(measurement.operations.first).service.total
        #expect(service.count == measurement.total.completed)
        // Each call took 0.1 ms.
        #expect(service.buckets.count == 1)
        #expect(abs(try #require(measurement.little_residual)) < 0.005)
        #expect(measurement.wall_ns >= 2000 * ms)
        #expect(measurement.operationsPerSecond < 7500, "10 000 if errors and pauses took no time")
    }

    @Test("a number of operations ends too: after five seconds of errors the rest is not tried")
    func number() throws {
        let measurement = try measure(.throwsAlways, .operations(1_000_000))
        #expect(25...90 ~= measurement.total.errors, "\(measurement.total.errors)")
        #expect(measurement.wall_ns >= BackOff.patience_ns)
        #expect(measurement.wall_ns < BackOff.patience_ns + 2 * BackOff.longest_ns)
    }

    @Test("nobody waits after the last operation")
    func last() throws {
        let measurement = try measure(.throwsAlways, .operations(1))
        #expect(measurement.total.errors == 1)
        #expect(measurement.wall_ns == call_ns)
    }

    @Test("clients that act for one person back off as well", arguments: [true, false])
    func jar(isByDuration: Bool) throws {
        let (clock, call_ns) = (SimulatedClock(), call_ns)
        var workload = Workload.only(.authenticate, clients: 2, population: 256)
        workload.requestsInParallel = 2
        let run = Run(
            trace: Trace(workload), schedule: Schedule(strategies: 1, repeats: 1, seed: 1),
            warmUp: .duration(nanoseconds: 0),
            extent: isByDuration ? .duration(nanoseconds: 5000 * ms) : .operations(1_000_000), cores: 2,
            stop: StopFlag(), instruments: Instruments(monotonic: MonotonicClock(clock)))
        var errors: UInt64 = 0
        try Script.$current.withValue(Script(.throwsAlways, inside: { clock.advance(by_ns: call_ns) })) {
            try run.execute(
                [StrategyChoice(SyntheticStrategy.self)],
                in: Environment(policy: workload.policy, sqlite: SQLiteSettings(path: ""))
            ) { event in
                if case .measured(let measurement) = event { errors = measurement.total.errors }
            }
        }
        // The clients move one clock on, so how often each is at it is chance.
        #expect(10...2000 ~= errors, "\(errors)")
    }

    /// What one client waits in a row of errors, each of which takes no time.
    private func pauses_ns(_ backOff: inout BackOff, _ count: Int, from start_ns: UInt64) -> [UInt64] {
        let clock = SimulatedClock()
        let monotonic = MonotonicClock(clock)
        clock.advance(to_ns: start_ns)
        var began_ns = start_ns
        return (0..<count).map { _ in
            defer { began_ns = clock.now_ns }
            return backOff.pause(after: began_ns, until: .max, by: monotonic, stop: StopFlag()) - began_ns
        }
    }

    @Test(
        "pauses double from 1 ms to 250 ms and are drawn from 0 on, for each client its own and always the same"
    )
    func jitter() {
        let rows = (0..<4000).map { client in
            var backOff = BackOff(client: client)
            return pauses_ns(&backOff, limits_ms.count, from: 2_000_000_000)
        }
        #expect(Set(rows.map { $0[9] }).count > 3990)
        var again = BackOff(client: 7)
        #expect(pauses_ns(&again, limits_ms.count, from: 9_000_000_000) == rows[7])
        for (place, limit_ms) in limits_ms.enumerated() {
            let own = rows.map { Double($0[place]) / Double(limit_ms * ms) }
            #expect(own.allSatisfy { (0...1).contains($0) })
            let mean = own.reduce(0, +) / 4000
            #expect(abs(mean - 0.5) < 0.02, "more than four standard errors: \(mean)")
            #expect(own.min() ?? 1 < 0.01 && own.max() ?? 0 > 0.99)
        }
        // A later row begins at the beginning.
        var backOff = BackOff(client: 0)
        _ = pauses_ns(&backOff, 10, from: 2_000_000_000)
        for start in 0..<200 {
            #expect(pauses_ns(&backOff, 1, from: 900_000_000_000 + UInt64(start) * 50 * ms)[0] <= ms)
        }
    }

    @Test("a pause ends with the phase, and at once when the run is stopped")
    func ends() {
        let clock = SimulatedClock()
        var backOff = BackOff(client: 0)
        for _ in 0..<20 {
            let began_ns = clock.now_ns
            let end_ns = backOff.pause(
                after: began_ns, until: began_ns + 500, by: MonotonicClock(clock), stop: StopFlag())
            #expect(end_ns <= began_ns + 500)
        }
        let (stop, sleeps) = (StopFlag(), Sleeps())
        stop.raise()
        _ = backOff.pause(
            after: 1, until: .max, by: MonotonicClock { _ in sleeps.count.add(1, ordering: .relaxed) },
            stop: stop)
        #expect(sleeps.count.load(ordering: .relaxed) == 0)
    }

    private final class Sleeps: Sendable {
        let count = Atomic(0)
    }
}
