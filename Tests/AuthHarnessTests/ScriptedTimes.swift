import AuthCore
import Foundation
import Synchronization
import Testing

@testable import AuthHarness

/// Service times by the number of the call, on a clock that nothing else moves on.
struct ScriptedTimes {
    private let clock = SimulatedClock()
    private let script: Script

    init(_ time_ns: @escaping @Sendable (_ call: Int) -> UInt64) {
        let clock = clock
        let calls = CallCounter()
        script = Script(inside: { clock.advance(by_ns: time_ns(calls.next())) })
    }

    func measure(
        _ arrival: Arrival, _ extent: Extent, clients: Int = 1, seed: UInt64? = nil,
        lapOperations: Int = 524_288
    ) throws -> RepeatMeasurement {
        try script.measure(
            arrival, extent, by: MonotonicClock(clock), clients: clients, seed: seed,
            lapOperations: lapOperations)
    }

    private final class CallCounter: Sendable {
        private let count = Atomic(0)
        func next() -> Int { count.add(1, ordering: .relaxed).oldValue }
    }
}

extension Script {
    /// Measures the synthetic strategy once, without warm-up, on requests that must all be accepted.
    func measure(
        _ arrival: Arrival, _ extent: Extent, by monotonic: MonotonicClock, clients: Int = 1,
        seed: UInt64? = nil, lapOperations: Int = 524_288
    ) throws -> RepeatMeasurement {
        let json =
            #"{"name":"t","summary":"t","population":\#(max(256, 16 * clients)),"clients":\#(clients),"mix":{"authenticate":1}}"#
        var workload = try JSONDecoder().decode(Workload.self, from: Data(json.utf8))
        workload.arrival = arrival
        workload.seed = seed ?? workload.seed
        let run = Run(
            trace: Trace(workload, lapOperations: lapOperations),
            schedule: Schedule(strategies: 1, repeats: 1, seed: 1),
            warmUp: .duration(nanoseconds: 0), extent: extent, cores: 2, stop: StopFlag(),
            instruments: Instruments(monotonic: monotonic))
        var measurements: [RepeatMeasurement] = []
        try Script.$current.withValue(self) {
            try run.execute(
                [StrategyChoice(SyntheticStrategy.self)],
                in: Environment(policy: workload.policy, sqlite: SQLiteSettings(path: ""))
            ) { event in
                if case .measured(let measurement) = event { measurements.append(measurement) }
            }
        }
        return try #require(measurements.first)
    }
}
