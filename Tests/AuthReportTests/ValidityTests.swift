import AuthCore
import Testing

@testable import AuthReport

@Suite("Validity")
struct ValidityTests {
    /// A second in which two clients did 10 000 operations each.
    private func measurement(_ change: (inout RepeatMeasurement) -> Void = { _ in }) -> RepeatMeasurement {
        var tally = Tally()
        tally.completed = 20_000
        let times = SlicedHistogram([LatencyHistogram([.init(index: 1000, count: 20_000)])])
        var usage = Usage()
        usage.cpu_ns = 1_000_000_000
        var measurement = RepeatMeasurement(
            strategy: "s", repeatIndex: 1, runOrder: 1, clients: 2,
            operations: [.init(kind: .authenticate, service: times, tally: tally)],
            wall_ns: 1_000_000_000, usage: usage)
        measurement.clientCPU_ns = 999_000_000
        measurement.little_residual = 0.001
        change(&measurement)
        return measurement
    }

    private func openLoop(backlog: UInt64 = 0, lag_ns: Int = 900_000) -> OpenLoop {
        OpenLoop(
            targetRate: 30_000, arrivals: 20_000, lateOperations: 0, backlog: backlog,
            scheduleLag: LatencyHistogram([
                .init(index: BucketLayout.index(of: UInt64(lag_ns)), count: 20_000)
            ]))
    }

    @Test("nothing is wrong with a quiet measurement")
    func quiet() {
        #expect(measurement().invalidReason == nil)
        #expect(measurement { $0.openLoop = openLoop(backlog: 200) }.invalidReason == nil)
    }

    @Test("each disturbance has its reason, just above its limit and not just below")
    func disturbances() {
        typealias Change = (inout RepeatMeasurement) -> Void
        let cases: [(reason: String, beyond: Change, within: Change)] = [
            ("overload", { $0.openLoop = openLoop(backlog: 201) }, { $0.openLoop = openLoop(backlog: 200) }),
            (
                "woke", { $0.openLoop = openLoop(lag_ns: 1_100_000) },
                { $0.openLoop = openLoop(lag_ns: 990_000) }
            ),
            ("throttled", { $0.usage.throttled_ns = 11_000_000 }, { $0.usage.throttled_ns = 9_000_000 }),
            ("hypervisor", { $0.usage.steal_share = 0.11 }, { $0.usage.steal_share = 0.09 }),
            ("swap", { $0.usage.swappedIn_pages = 300 }, { $0.usage.swappedIn_pages = 200 }),
            ("never ran", { $0.idleClients = 1 }, { _ in }),
            ("Little", { $0.little_residual = -0.021 }, { $0.little_residual = 0.019 }),
            ("CPU time", { $0.clientCPU_ns = 960_000_000 }, { $0.clientCPU_ns = 980_000_000 }),
        ]
        for (reason, beyond, within) in cases {
            let faults = measurement(beyond).invalidities
            #expect(faults.map(\.kind) == [.disturbed], "\(reason)")
            #expect(faults.first?.reason.contains(reason) == true, "\(faults)")
            #expect(measurement(within).invalidReason == nil, "\(reason)")
        }
    }

    @Test("the kernel's ticks judge nothing shorter than a fifth of a second")
    func short() {
        let short = measurement {
            $0.wall_ns = 190_000_000
            $0.usage.steal_share = 0.5
        }
        #expect(short.invalidReason == nil)
    }

    @Test("wrong decisions and errors come first and alone")
    func gravest() {
        let faults = measurement {
            $0.operations[0].tally.falseAccepts = 1
            $0.operations[0].tally.errors = 2
            $0.usage.steal_share = 0.5
        }.invalidities
        #expect(faults.map(\.kind) == [.wrongDecision, .error])
    }
}
