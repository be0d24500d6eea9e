import AuthCore
import AuthResults
import AuthStatistics
import Backends

/// Whether the rows of `throughput.csv` agree with themselves and with the counts of `latency.csv`.
struct ThroughputCheck {
    private(set) var faults: [String] = []
    private let record: RunRecord

    /// - Parameters:
    ///   - rows: of `throughput.csv`.
    ///   - latency: the rows of `latency.csv`.
    ///   - repeats: what each row of `throughput.csv` gives, in their order.
    ///   - record: of the run.
    init(_ rows: [TableRow], _ latency: [TableRow], _ repeats: [RepeatFigures], of record: RunRecord) {
        self.record = record
        var counts: [[String]: UInt64] = [:]
        for row in latency {
            counts[[row["strategy"], row["repeat"], row["clock"]], default: 0] &+= row.count("n") ?? 0
        }
        for (row, figures) in zip(rows, repeats) {
            let key = [row["strategy"], row["repeat"]]
            checkCounts(row, service: counts[key + ["service"]] ?? 0, response: counts[key + ["response"]])
            checkRate(row, figures.rateInterval)
            checkLoop(row)
            let clipped = figures.times.values.reduce(0) { $0 + $1.total.clipped }
            expect(
                row["clipped_times"] == String(clipped), row,
                "clipped_times is \(row["clipped_times"]), but the histograms have \(clipped)")
            checkVerdict(row)
        }
    }

    private mutating func expect(_ isTrue: Bool, _ row: TableRow, _ text: @autoclosure () -> String) {
        if !isTrue { faults.append(row.fault(text())) }
    }

    private mutating func checkCounts(_ row: TableRow, service: UInt64, response: UInt64?) {
        func count(_ name: String) -> UInt64 { row.count(name) ?? 0 }
        let operations = count("operations")
        let steps = operations + count("renewals")
        expect(
            steps == service, row,
            "operations and renewals are \(steps), but latency.csv sums to \(service)")
        let isOpenLoop = !row["target_rate"].isEmpty
        expect(
            isOpenLoop ? response ?? 0 == service : response == nil, row,
            "the response times of latency.csv do not go with target_rate \"\(row["target_rate"])\"")
        expect(
            count("accepted") + count("refused") <= steps, row,
            "accepted and refused are more than operations and renewals")
        expect(
            count("false_accepts") + count("stale_accepts") <= count("accepted"), row,
            "false_accepts and stale_accepts are more than accepted")
        expect(count("false_rejects") <= count("refused"), row, "false_rejects is more than refused")
    }

    private mutating func checkRate(_ row: TableRow, _ interval: Interval?) {
        guard let operations = row.number("operations"), let wall_ns = row.number("wall_ns"), wall_ns > 0
        else { return expect(row["operations"] == "0", row, "wall_ns is 0") }
        let rate = (operations * 1e9 / wall_ns).formatted(digits: 1)
        expect(
            row["achieved_rate"] == rate, row,
            "achieved_rate is \(row["achieved_rate"]), but operations and wall_ns give \(rate)")
        for (end, value) in [("low", interval?.low), ("high", interval?.high)] {
            let (name, text) = ("achieved_rate_ci95_\(end)", Cell.number(value, 1).text)
            expect(
                row[name] == text, row, "\(name) is \"\(row[name])\", but the histograms give \"\(text)\"")
        }
    }

    /// A closed loop has no schedule, an open one rests.
    private mutating func checkLoop(_ row: TableRow) {
        let isOpenLoop = !row["target_rate"].isEmpty
        for name in ["late_operations", "backlog_operations", "wakes", "late_wakes"] {
            expect(row[name].isEmpty != isOpenLoop, row, "\(name) does not go with target_rate")
        }
        expect(
            !isOpenLoop || row["little_residual"].isEmpty, row, "little_residual does not go with target_rate"
        )
        let (late, backlog) = (row.count("late_operations") ?? 0, row.count("backlog_operations") ?? 0)
        expect(backlog <= late, row, "backlog_operations is more than late_operations")
        let (wakes, lateWakes) = (row.count("wakes") ?? 0, row.count("late_wakes") ?? 0)
        expect(lateWakes <= wakes, row, "late_wakes is more than wakes")
        expect(
            !isOpenLoop || wakes + late <= (row.count("operations") ?? 0) + (row.count("errors") ?? 0), row,
            "wakes and late_operations are more than operations and errors")
        let low = row.count("schedule_lag_p50_ns") ?? 0
        expect(
            row.count("schedule_lag_p99_ns") ?? .max >= low, row, "schedule_lag_p99_ns is less than the p50")
    }

    /// Judges the row by the rules that its writer had.
    private mutating func checkVerdict(_ row: TableRow) {
        let reasons = shardReasons(row) ?? ValidityFacts(row, on: record.machine).invalidities.map(\.reason)
        expect(
            row.flag("valid") == reasons.isEmpty, row,
            "valid is \(row["valid"]), but "
                + (reasons.isEmpty ? "nothing in the row says why" : reasons.joined(separator: "; ")))
        expect(row.flag("valid") == row["reason"].isEmpty, row, "valid and reason contradict each other")
        expect(
            row["store_loss"].isEmpty || row["false_rejects"] != "0", row, "store_loss without false_rejects")
        expect(
            StoreCPUSource(rawValue: row["store_cpu_source"]) != nil, row,
            "store_cpu_source is \"\(row["store_cpu_source"])\", which is none of the known ones")
        let isUnknown = row["store_cpu_source"] == StoreCPUSource.foreignServer.rawValue
        expect(
            !isUnknown || row["store_cpu_us_per_op"].isEmpty, row,
            "store_cpu_us_per_op of a server that cannot be seen")
    }

    /// Why the shards of which a row is made may not be used; `nil` where it is made of none.
    private mutating func shardReasons(_ row: TableRow) -> [String]? {
        guard let shards = record.shards else { return nil }
        let parts = shards.compactMap { shard in
            shard.parts.first { $0.strategy == row["strategy"] && String($0.repeat) == row["repeat"] }
        }
        let operations = parts.reduce(0) { $0 &+ $1.operations }
        expect(
            parts.count == shards.count && String(operations) == row["operations"], row,
            "operations is \(row["operations"]), but the shards of run.json have \(operations)")
        return parts.compactMap(\.reason)
    }
}

/// Whether `latency.csv` says what the histograms say: each row is calculated anew from its histogram.
struct LatencyCheck {
    private(set) var faults: [String] = []

    init(_ record: RunRecord, _ rows: [TableRow], _ histograms: [HistogramLine.Key: HistogramLine]) {
        let identity = RunIdentity(
            runID: record.run_id, workload: record.workload.name, traceSHA256: record.trace_sha256)
        let columns = LatencyTable.columns(identity)
        var used: Set<HistogramLine.Key> = []
        for row in rows {
            let key = HistogramLine.Key(row)
            guard let line = histograms[key] else {
                faults.append(row.fault("\(HistogramLine.file) has no line for it"))
                continue
            }
            used.insert(key)
            guard let again = Self.row(line) else {
                faults.append("\(HistogramLine.file): \(key) is of an unknown operation or clock")
                continue
            }
            for column in columns where column.cell(again).text != row[column.name] {
                faults.append(
                    row.fault(
                        "\(column.name) is \"\(row[column.name])\", but its histogram gives"
                            + " \"\(column.cell(again).text)\""))
            }
        }
        for key in histograms.keys.sorted() where !used.contains(key) {
            faults.append("\(HistogramLine.file): no row of latency.csv belongs to \(key)")
        }
    }

    /// A row as the writer would make it.
    static func row(_ line: HistogramLine) -> LatencyTable.Row? {
        guard let kind = OperationKind.allCases.first(where: { $0.name == line.head.operation }),
            let clock = LatencyClock(rawValue: line.head.clock)
        else { return nil }
        return LatencyTable.Row(
            strategy: line.head.strategy, repeatIndex: line.head.repeat,
            latency: .init(kind: kind, clock: clock, times: line.times))
    }
}

/// Whether `summary.csv` says what follows from the histograms and from `throughput.csv`.
struct SummaryCheck {
    private(set) var faults: [String] = []

    init(_ record: RunRecord, _ rows: [TableRow], _ repeats: [RepeatFigures]) {
        let identity = RunIdentity(
            runID: record.run_id, workload: record.workload.name, traceSHA256: record.trace_sha256)
        let columns = SummaryTable.columns(identity)
        let again = SummaryTable.rows(repeats)
        if rows.count != again.count {
            faults.append("summary.csv: \(rows.count) rows, but the other files give \(again.count)")
        }
        for (row, own) in zip(rows, again) {
            for column in columns where column.cell(own).text != row[column.name] {
                faults.append(
                    row.fault(
                        "\(column.name) is \"\(row[column.name])\", but the other files give"
                            + " \"\(column.cell(own).text)\""))
            }
        }
    }
}

/// Whether the rows of `exposure.csv` agree with themselves.
struct ExposureCheck {
    private(set) var faults: [String] = []

    init(_ record: RunRecord, _ rows: [TableRow]) {
        var seen: Set<[String]> = []
        for row in rows {
            let key = [row["strategy"], row["withdrawal"]]
            if !seen.insert(key).inserted {
                faults.append(row.fault("a second row of \(key.joined(separator: ", "))"))
            }
            checkNames(row)
            checkOrder(row)
            checkVerdict(row)
        }
        if rows.isEmpty { faults.append("exposure.csv: has no rows, so nothing was measured") }
        let planned = Set(record.order.joined())
        let measured = Set(rows.map { $0["strategy"] })
        if record.status == .running {
            faults.append("run.json: the status is \"running\": the run has not ended")
        }
        if !measured.isSubset(of: planned) || record.status == .complete && measured != planned {
            faults.append("exposure.csv: its strategies are not those of run.json")
        }
    }

    private mutating func expect(_ isTrue: Bool, _ row: TableRow, _ text: @autoclosure () -> String) {
        if !isTrue { faults.append(row.fault(text())) }
    }

    private mutating func checkNames(_ row: TableRow) {
        expect(
            Revocation(rawValue: row["withdrawal"]) != nil, row,
            "revocation is \"\(row["withdrawal"])\", which is unknown")
        expect(
            RevocationPromise(rawValue: row["revocation"]) != nil, row,
            "revocation is \"\(row["revocation"])\", which is unknown")
    }

    private mutating func checkOrder(_ row: TableRow) {
        for names in [
            ["p50_ms", "p99_ms", "max_ms"], ["p50_ci95_low_ms", "p50_ms", "p50_ci95_high_ms"],
            ["p99_ci95_low_ms", "p99_ms", "p99_ci95_high_ms"],
            ["login_p50_ms", "login_max_ms"],
            ["theory_p50_ms", "theory_p99_ms", "theory_max_ms", "lifetime_ms"],
        ] {
            let values = names.compactMap { row.number($0) }
            expect(values == values.sorted(), row, "\(names.joined(separator: ", ")) are not in order")
        }
        let count = row.count("n") ?? 0
        for name in ["contested", "unresolved"] {
            expect(row.count(name) ?? 0 <= count, row, "\(name) is more than n")
        }
        expect(
            row.count("accepted_after") ?? 0 <= row.count("requests") ?? 0, row,
            "accepted_after is more than requests")
        expect(count > 0 || row["max_ms"].isEmpty, row, "max_ms without a credential")
        let logins = row.count("login_n") ?? 0
        expect((logins > 0) != row["login_max_ms"].isEmpty, row, "login_max_ms does not go with login_n")
        let isOutlived = row.number("login_max_ms") ?? 0 > row.number("login_longest_ms") ?? 0
        expect(
            !isOutlived || row["false_accepts"] != "0", row,
            "login_max_ms above login_longest_ms is no false accept")
    }

    private mutating func checkVerdict(_ row: TableRow) {
        let isImmediate = row["revocation"] == RevocationPromise.immediate.rawValue
        let isPushed = row["revocation"] == RevocationPromise.pushed.rawValue
        let isRouted =
            row["revocation"] == RevocationPromise.cached.rawValue && row["theory_p50_ms"] == "0.0"
        expect(
            row["ks_distance"].isEmpty == (isImmediate || isPushed || isRouted || row["n"] == "0"), row,
            "ks_distance does not go with revocation")
        expect(
            row["ks_distance"].isEmpty == row["theory_p"].isEmpty, row,
            "theory_p does not go with ks_distance")
        expect(
            row["matches_theory"].isEmpty != row["reason"].isEmpty, row,
            "matches_theory and reason contradict each other")
        if isImmediate {
            expect(
                row.count("false_accepts") ?? 0 >= row.count("accepted_after") ?? 0, row,
                "accepted_after is no false accept")
            expect(
                (row.number("max_ms") ?? 0 > 0) == (row.count("accepted_after") ?? 0 > 0), row,
                "max_ms and accepted_after contradict each other")
        }
        guard let matches = ["true": true, "false": false][row["matches_theory"]] else { return }
        let areNumbersRight =
            row.number("theory_p").map { $0 >= ExposureAssessment.least_p }
            ?? (row.number("max_ms") ?? 0 <= row.number("theory_max_ms") ?? 0)
        expect(matches == areNumbersRight, row, "matches_theory and the numbers contradict each other")
    }
}
