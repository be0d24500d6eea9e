import AuthCore
import AuthStatistics
import Testing

@testable import AuthResults

/// Whom a probe blames, by rows that are made up.
@Suite("Judging a probe of a capacity")
struct CapacityPlanTests {
    private func plan(_ objectives: [String] = ["p50 <= 1ms"]) throws -> CapacityPlan {
        CapacityPlan(
            objectives: try Objective.all(objectives), start: 1000, rates: 10...1e6, baseline: "null-baseline"
        )
    }

    /// A row of one repeat at 1000 per second.
    private func row(
        _ strategy: String, p50_ns: UInt64, delivered: Double = 1, errors: UInt64 = 0, count: UInt64 = 20_000,
        _ facts: [String: String] = [:]
    ) -> SweepTable.Row {
        let times = SlicedHistogram([
            LatencyHistogram([.init(index: BucketLayout.index(of: p50_ns), count: count)])
        ])
        let measurement = RepeatMeasurement(
            strategy: strategy, repeatIndex: 1, runOrder: 1, clients: 8, operations: [],
            wall_ns: 1_000_000_000,
            usage: Usage())
        var figures = RepeatFigures(measurement, [])
        figures.tally.completed = count
        let keys = ["service", "response"].map { RepeatFigures.Key(operation: "authenticate", clock: $0) }
        for key in keys { figures.times[key] = times }
        let pooled = Pooled([figures])
        let written = [
            "operations": String(count), "errors": String(errors), "wall_ns": "1000000000", "clients": "8",
            "target_rate": "1000",
        ].merging(facts) { $1 }
        let table = TableRow(
            file: "throughput.csv", line: 2, header: Array(written.keys), fields: Array(written.values))
        func summary(_ key: RepeatFigures.Key) -> SummaryTable.Row {
            .init(
                strategy: strategy, key: key, pooled: pooled, times: pooled.times(key),
                intervals: pooled.intervals(key))
        }
        return SweepTable.Row(
            identity: RunIdentity(runID: "r", workload: "w", traceSHA256: "0"), strategy: strategy,
            experiment: "e", point: .init(.rate, "1000", value: 1000, stage: "double"), pooled: pooled,
            service: summary(keys[0]), response: summary(keys[1]),
            repeats: [ValidityFacts(table, on: MachineRecord(cores: 2, memory_bytes: 1))], reason: "",
            clients: 8,
            lagP99_ns: nil, deliveredShare: delivered, header_bytes: nil)
    }

    private func answer(
        _ own: SweepTable.Row, beside ground: SweepTable.Row? = nil, _ objectives: [String] = ["p50 <= 1ms"]
    ) throws -> CapacitySearch.Answer {
        try plan(objectives).answer([ground ?? row("null-baseline", p50_ns: 100), own], of: "s")
    }

    private static let busyMachine = ["foreign_cpu_share": "0.5", "cpu_pressure_share": "0.5"]
    private static let lateClients = ["wakes": "1000", "late_wakes": "500"]

    @Test("what keeps every objective held, however busy the machine was")
    func held() throws {
        #expect(try answer(row("s", p50_ns: 500_000)) == .held)
        #expect(
            try answer(row("s", p50_ns: 500_000, Self.busyMachine.merging(Self.lateClients) { $1 })) == .held)
    }

    @Test("what breaks an objective on a quiet machine is the strategy's, and the reason has the figure")
    func broken() throws {
        guard case .broken(let why) = try answer(row("s", p50_ns: 2_000_000)) else {
            Issue.record("not broken")
            return
        }
        #expect(why.hasPrefix("p50 <= 1ms: it was 2.0"), "\(why)")
    }

    @Test("a rate that is not kept breaks, and nothing else need be said")
    func slow() throws {
        #expect(
            try answer(row("s", p50_ns: 100, delivered: 0.5))
                == .broken("rate: the answers took 2.00 times as long as the requests"))
    }

    @Test("where the baseline does not keep the rate either, those who send are the limit")
    func weakGenerator() throws {
        let ground = row("null-baseline", p50_ns: 100, delivered: 0.9)
        guard case .limited(let why) = try answer(row("s", p50_ns: 2_000_000, delivered: 0.5), beside: ground)
        else {
            Issue.record("the strategy is blamed")
            return
        }
        #expect(why.contains("null-baseline, which does nothing, did not keep the rate either"))
    }

    @Test("where the baseline breaks the same objective, those who send are the limit")
    func slowGenerator() throws {
        guard
            case .limited = try answer(
                row("s", p50_ns: 3_000_000), beside: row("null-baseline", p50_ns: 2_000_000))
        else {
            Issue.record("the strategy is blamed")
            return
        }
    }

    @Test("where clients are woken late, those who send are the limit")
    func lag() throws {
        guard case .limited(let why) = try answer(row("s", p50_ns: 2_000_000, Self.lateClients)) else {
            Issue.record("the strategy is blamed")
            return
        }
        #expect(why.contains("woke idle clients late"))
    }

    @Test("on a busy machine nothing is proved")
    func busy() throws {
        guard case .disturbed(let why) = try answer(row("s", p50_ns: 2_000_000, Self.busyMachine)) else {
            Issue.record("somebody is blamed")
            return
        }
        #expect(why.contains("other processes"))
    }

    @Test("errors break where none speaks of them, and up to their share where one does")
    func errors() throws {
        let own = row("s", p50_ns: 100, errors: 20, count: 19_980)
        guard case .broken(let why) = try answer(own) else {
            Issue.record("errors hold")
            return
        }
        #expect(why == "errors <= 0: 0.10 % errors")
        #expect(try answer(own, ["p50 <= 1ms", "errors <= 0.2%"]) == .held)
    }

    @Test("too few requests for a quantile are no proof of anything")
    func few() throws {
        guard case .limited(let why) = try answer(row("s", p50_ns: 100, count: 100), ["p99 <= 1ms"]) else {
            Issue.record("100 requests have a p99")
            return
        }
        #expect(why.contains("too few requests"))
    }

    @Test("a reason says when all clients were busy")
    func busyClients() throws {
        // 20 000 requests of 2 ms in a second are 40 clients' time.
        guard case .broken(let why) = try answer(row("s", p50_ns: 2_000_000)) else {
            Issue.record("not broken")
            return
        }
        #expect(why.contains("all 8 clients were busy"))
    }

    @Test("a search is followed again from its rows, and a probe that it did not ask for is found")
    func replayed() throws {
        var (search, rows, number) = (try plan().search, [SweepTable.Row](), 0)
        while let probe = search.next {
            number += 1
            let isHeld = probe.perSecond <= 5000
            for strategy in ["s", "null-baseline"] {
                var row = row(strategy, p50_ns: isHeld || strategy != "s" ? 100 : 2_000_000)
                row.experiment = "s-\(number)"
                row.point = .init(
                    .rate, "\(probe.perSecond)", value: probe.perSecond, stage: probe.stage.rawValue)
                rows.append(row)
            }
            search.note(try plan().answer(Array(rows.suffix(2)), of: "s"))
        }
        let found = try CapacityTable.rows(rows, try plan())
        #expect(found.count == 1 && found[0].result == search.result && found[0].probes == number)
        #expect(found[0].isFound && (found[0].held ?? 0) <= 5000 && (found[0].broken ?? 0) > 5000)
        rows.removeFirst(2)
        #expect(throws: ResultError.self) { try CapacityTable.rows(rows, try plan()) }
    }
}
