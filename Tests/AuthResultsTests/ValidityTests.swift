import AuthCore
import Foundation
import Testing

@testable import AuthResults

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

    @Test("CPU time on a strategy's own threads is said and counted, and makes no row invalid")
    func helperThreads() {
        let helped = measurement { $0.clientCPU_ns = 600_000_000 }
        #expect(helped.invalidReason == nil)
        #expect(helped.helperThreads?.contains("s has threads beside its clients'") == true)
        #expect(helped.helperThreads?.contains("67 % more CPU time") == true)
        #expect(helped.cpu_us_per_op == 50)
        #expect(measurement { $0.clientCPU_ns = 980_000_000 }.helperThreads == nil)
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

    private typealias Change = (inout RepeatMeasurement) -> Void

    private var cases: [(reason: String, beyond: Change, within: Change)] {
        [
            ("overload", { $0.openLoop = openLoop(backlog: 201) }, { $0.openLoop = openLoop(backlog: 200) }),
            (
                "woke", { $0.openLoop = openLoop(lag_ns: 1_100_000) },
                { $0.openLoop = openLoop(lag_ns: 990_000) }
            ),
            (
                "stopped for 100 ms", { $0.usage.standstill_ns = 100_000_000 },
                { $0.usage.standstill_ns = 70_000_000 }
            ),
            ("longer than can be recorded", { $0.clip() }, { _ in }),
            (
                "other processes took 66 %", { $0.usage.setForeign(0.66) }, { $0.usage.setForeign(0.14) }
            ),
            ("throttled", { $0.usage.throttled_ns = 11_000_000 }, { $0.usage.throttled_ns = 9_000_000 }),
            ("hypervisor", { $0.usage.steal_share = 0.11 }, { $0.usage.steal_share = 0.09 }),
            ("swap", { $0.usage.swappedIn_pages = 300 }, { $0.usage.swappedIn_pages = 200 }),
            ("never ran", { $0.idleClients = 1 }, { _ in }),
            ("Little", { $0.little_residual = -0.021 }, { $0.little_residual = 0.019 }),
        ]
    }

    @Test("each disturbance has its reason, just above its limit and not just below")
    func disturbances() {
        for (reason, beyond, within) in cases {
            let faults = measurement(beyond).invalidities
            #expect(faults.map(\.kind) == [.disturbed], "\(reason)")
            #expect(faults.first?.reason.contains(reason) == true, "\(faults)")
            #expect(measurement(within).invalidReason == nil, "\(reason)")
        }
    }

    @Test(
        "late wake-ups are judged for any number of arrivals: 20 of 500 are too many, 1 of 50 says nothing",
        arguments: [
            (20, 500, true), (1, 50, false), (0, 1, false), (0, 1_000_000, false), (60, 5000, false),
            (80, 5000, true), (95, 9508, false), (150, 9508, true), (3, 10, true),
        ])
    func lateWakes(late: UInt64, wakes: UInt64, isInvalid: Bool) throws {
        let measurement = measurement {
            $0.openLoop = OpenLoop(
                targetRate: 5000, arrivals: 20_000, lateOperations: 0, backlog: 0,
                scheduleLag: LatencyHistogram(
                    [
                        .init(index: BucketLayout.index(of: 50_000), count: wakes - late),
                        .init(index: BucketLayout.index(of: 3_000_000), count: late),
                    ].filter { $0.count > 0 }))
        }
        #expect((measurement.invalidReason != nil) == isInvalid)
        if isInvalid {
            #expect(measurement.invalidReason?.contains("\(late) of \(wakes) times") == true)
        }
    }

    @Test("other processes disturb when they take what the clients need, not when the run waits for itself")
    func foreignLoad() {
        func isInvalid(
            _ share: Double, _ pressure: Double?, clients: Int?, of processors: Int, _ limit: Double? = nil
        ) -> Bool {
            ValidityRule.isForeignLoad(
                share, pressure: pressure, clients: clients, processors: processors, limit_cores: limit)
        }
        #expect(!isInvalid(0.01, 1, clients: 200, of: 2), "200 clients wait for each other")
        #expect(isInvalid(0.66, 0.9, clients: 8, of: 2))
        #expect(isInvalid(0.66, nil, clients: 8, of: 2), "without any word of pressure too")
        #expect(
            isInvalid(0.66, nil, clients: 1, of: 2), "1.32 of two processors leave less than one client needs"
        )
        #expect(!isInvalid(0.4, 0.05, clients: 1, of: 2), "one client has a processor for itself")
        #expect(isInvalid(0.4, 0.3, clients: 1, of: 2), "but somebody waited")
        #expect(!isInvalid(0.2, 0.05, clients: 100, of: 64, 2), "a limit of two cores leaves 51 idle ones")
        #expect(isInvalid(0.3, 0.3, clients: nil, of: 2) && !isInvalid(0.3, 0.05, clients: nil, of: 2))
        #expect(!isInvalid(0.3, nil, clients: nil, of: 2), "in an open loop nobody knows what was needed")
    }

    @Test("who checks a row of the file comes to the same as who wrote it")
    func sameRules() throws {
        let machine = MachineRecord(cores: 2, memory_bytes: 0)
        let identity = RunIdentity(runID: "r", workload: "w", traceSHA256: "t")
        let wrong: [Change] = [
            { $0.operations[0].tally.falseAccepts = 1 }, { $0.operations[0].tally.falseRejects = 1 },
            {
                $0.operations[0].tally.falseRejects = 1
                $0.storeLoss = "Redis was restarted"
            },
            // Just beyond its limit before it is rounded, and on it afterwards.
            { $0.little_residual = 0.0200003 },
        ]
        for change in cases.flatMap({ [$0.beyond, $0.within] }) + wrong {
            let measurement = measurement(change)
            let table = try CSVTable(
                CSV.text(
                    ThroughputTable.columns(identity),
                    ThroughputTable.rows([Assessment(measurement)], baseline: nil)))
            let row = try #require(table.rows(of: "throughput.csv").first)
            #expect(ValidityFacts(row, on: machine).invalidities == measurement.invalidities)
            #expect(row.flag("valid") == measurement.invalidities.isEmpty)
        }
    }

    @Test(
        "good credentials refused by a store that lost its keys are an error of the store, not of the strategy"
    )
    func storeLoss() {
        let faults = measurement {
            $0.operations[0].tally.falseRejects = 7
            $0.storeLoss = "Redis was restarted"
        }.invalidities
        #expect(faults == [.init(kind: .error, reason: "7 false rejects, because Redis was restarted")])
        let both = measurement {
            $0.operations[0].tally.falseRejects = 7
            $0.operations[0].tally.falseAccepts = 1
            $0.storeLoss = "Redis was restarted"
        }.invalidities
        #expect(both.map(\.kind) == [.wrongDecision, .error], "a loss makes nobody accept")
    }

    @Test("the kernel's ticks judge nothing shorter than a fifth of a second")
    func short() {
        let short = measurement {
            $0.wall_ns = 190_000_000
            $0.usage.setForeign(0.9)
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

extension RepeatMeasurement {
    /// Makes one of the times longer than anything that is recorded.
    fileprivate mutating func clip() {
        operations[0].service = SlicedHistogram([
            LatencyHistogram([
                .init(index: 1000, count: 19_999), .init(index: BucketLayout.count - 1, count: 1),
            ])
        ])
    }
}

extension Usage {
    fileprivate mutating func setForeign(_ share: Double) {
        foreignCPU_share = share
        processors = 2
    }
}
