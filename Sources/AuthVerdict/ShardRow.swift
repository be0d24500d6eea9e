import AuthCore
import AuthResults

/// The row of `throughput.csv` that several shards make together in one repeat of a strategy.
package struct ShardRow {
    /// How a column of the whole follows from those of the shards, where it is not calculated anew.
    package enum Rule: Sendable {
        /// Their sum; blank where one is unknown.
        case sum
        /// The greatest of those that are known: what disturbed one shard disturbed the repeat.
        case greatest
        /// Of all operations together: what one operation of any shard takes on average.
        case perOperation(digits: Int)
        /// The one that all have, else blank.
        case common
        /// A quantile of what only the shard has all values of; its own folder has it.
        case blank
        /// A rule of its own.
        case own
    }

    /// What is not calculated from the summed counts and histograms.
    package static let rules: [String: Rule] = [
        "target_rate": .own, "swept_sessions": .sum, "touch_failures": .sum, "store_loss": .own,
        "late_operations": .sum, "backlog_operations": .sum, "wakes": .sum, "late_wakes": .sum,
        "schedule_lag_p50_ns": .blank, "schedule_lag_p99_ns": .blank, "floor_schedule_lag_p50_ns": .blank,
        "floor_schedule_lag_p99_ns": .blank,
        "cpu_us_per_op": .perOperation(digits: ThroughputTable.cpuDigits), "store_cpu_us_per_op": .own,
        "store_cpu_source": .own,
        "store_round_trips_per_op": .perOperation(digits: ThroughputTable.roundTripDigits),
        "relay_cpu_us_per_op": .perOperation(digits: ThroughputTable.cpuDigits),
        "store_rtt_asked_ns": .common, "store_rtt_p50_ns": .blank, "store_rtt_p99_ns": .blank,
        "idle_clients": .sum, "little_residual": .own, "utilization_residual": .own,
        "voluntary_switches": .sum, "involuntary_switches": .sum, "standstill_ns": .greatest,
        "foreign_cpu_share": .greatest, "cpu_pressure_share": .greatest, "steal_share": .greatest,
        "throttled_ns": .greatest, "swapped_in_pages": .greatest, "valid": .own, "reason": .own,
    ]

    /// What is known of the whole from counts and histograms.
    package let measurement: RepeatMeasurement
    private let rows: [TableRow]
    private let names: [String]

    /// - Parameters:
    ///   - rows: of each shard.
    ///   - names: of the shards, for reasons.
    ///   - times: of each shard.
    ///   - isByDuration: whether a time ended the repeat.
    package init(
        _ rows: [TableRow], names: [String], times: [[RepeatFigures.Key: SlicedHistogram]],
        isByDuration: Bool
    ) {
        (self.rows, self.names) = (rows, names)
        func sum(_ name: String) -> UInt64 { rows.reduce(0) { $0 + ($1.count(name) ?? 0) } }
        var tally = Tally()
        tally.completed = sum("operations") + sum("renewals")
        (tally.accepted, tally.refused, tally.errors) = (sum("accepted"), sum("refused"), sum("errors"))
        (tally.falseAccepts, tally.falseRejects) = (sum("false_accepts"), sum("false_rejects"))
        tally.staleAccepts = sum("stale_accepts")
        let operations = OperationKind.allCases.compactMap { kind -> OperationMeasurement? in
            func added(_ clock: LatencyClock) -> SlicedHistogram? {
                let own = times.compactMap { $0[.init(operation: kind.name, clock: clock.rawValue)] }
                return own.isEmpty ? nil : SlicedHistogram(adding: own)
            }
            guard let service = added(.service) else { return nil }
            defer { tally = Tally() }
            // What was decided is known of all kinds together only.
            return OperationMeasurement(
                kind: kind, service: service, response: added(.response), tally: tally)
        }
        var whole = RepeatMeasurement(
            strategy: rows.first?["strategy"] ?? "",
            repeatIndex: Int(clamping: rows.first?.count("repeat") ?? 0),
            runOrder: Int(clamping: rows.first?.count("run_order") ?? 0),
            clients: Int(clamping: sum("clients")), operations: operations, wall_ns: Self.wall_ns(rows),
            usage: Usage())
        whole.renewals = sum("renewals")
        whole.isByDuration = isByDuration
        measurement = whole
    }

    /// The time in which all operations would be done at the sum of the shards' rates.
    ///
    /// Windows that all shards have in common, or nearly, have nearly one length, and this is between them.
    private static func wall_ns(_ rows: [TableRow]) -> UInt64 {
        var (count, rate_perNs) = (0.0, 0.0)
        for row in rows {
            guard let own = row.number("operations"), let wall_ns = row.number("wall_ns"), wall_ns > 0 else {
                continue
            }
            count += own
            rate_perNs += own / wall_ns
        }
        guard rate_perNs > 0 else { return rows.compactMap { $0.count("wall_ns") }.max() ?? 0 }
        return UInt64((count / rate_perNs).rounded())
    }

    /// Makes the row.
    ///
    /// - Parameters:
    ///   - assessment: of `measurement`.
    ///   - identity: of the merged run.
    /// - Returns: its fields, in the order of the columns.
    package func fields(_ assessment: Assessment, _ identity: RunIdentity) -> [String] {
        guard let made = ThroughputTable.rows([assessment], baseline: nil).first else { return [] }
        return ThroughputTable.columns(identity).map { column in
            switch Self.rules[column.name] {
            case nil: column.cell(made).text
            case .sum: sum(column.name)
            case .greatest: greatest(column.name)
            case .perOperation(let digits): perOperation(column.name, digits)
            case .common: Set(rows.map { $0[column.name] }).count == 1 ? rows[0][column.name] : ""
            case .blank: ""
            case .own: own(column.name)
            }
        }
    }

    private func sum(_ name: String) -> String {
        let counts = rows.compactMap { $0.count(name) }
        return counts.count == rows.count ? String(counts.reduce(0, +)) : ""
    }

    private func greatest(_ name: String) -> String {
        rows.map { $0[name] }.max { Double($0) ?? -1 < Double($1) ?? -1 } ?? ""
    }

    private func perOperation(_ name: String, _ digits: Int) -> String {
        var (sum, count) = (0.0, 0.0)
        for row in rows {
            guard let operations = row.number("operations"), operations > 0 else { continue }
            guard let own = row.number(name) else { return "" }
            sum += own * operations
            count += operations
        }
        return count > 0 ? (sum / count).formatted(digits: digits) : ""
    }

    private func own(_ name: String) -> String {
        switch name {
        case "target_rate":
            let rates = rows.compactMap { $0.number(name) }
            return rates.count == rows.count ? rates.reduce(0, +).formatted(digits: 3) : ""
        case "store_loss": return said { $0[name] }
        case "store_cpu_source": return storeSource.rawValue
        case "store_cpu_us_per_op": return storeCPU
        case "little_residual":
            return residual(name) {
                Double(
                    ($0.count("clients") ?? 0) - min($0.count("clients") ?? 0, $0.count("idle_clients") ?? 0))
            }
        case "utilization_residual":
            return residual(name) { ($0.number("cpu_us_per_op") ?? 0) * ($0.number("operations") ?? 0) }
        case "valid": return reason.isEmpty ? "true" : "false"
        default: return reason
        }
    }

    /// Why the numbers may not be used: what spoils one shard's spoils the repeat.
    private var reason: String { said { $0["reason"] } }

    private func said(_ text: (TableRow) -> String) -> String {
        zip(names, rows).compactMap { name, row in
            let own = text(row)
            return own.isEmpty ? nil : "\(name): \(own)"
        }.joined(separator: "; ")
    }

    /// All clients, or all CPU time, over the same without what was left over, less 1.
    private func residual(_ name: String, of whole: (TableRow) -> Double) -> String {
        var (all, explained) = (0.0, 0.0)
        for row in rows {
            guard let own = row.number(name), own > -1 else { return "" }
            all += whole(row)
            explained += whole(row) / (1 + own)
        }
        return explained > 0 ? (all / explained - 1).formatted(digits: 5) : ""
    }

    /// Who sees the store's CPU time: where it is a server, only shards on its machine do.
    private var storeSource: StoreCPUSource {
        let sources = rows.compactMap { StoreCPUSource(rawValue: $0["store_cpu_source"]) }
        if sources.contains(.target) { return .target }
        return Set(sources).count == 1 ? sources[0] : .foreignServer
    }

    /// Shards on the server's machine see the same CPU time, that of all requests: it counts once.
    private var storeCPU: String {
        switch storeSource {
        case .none, .inProcess, .privateServer:
            return perOperation("store_cpu_us_per_op", ThroughputTable.cpuDigits)
        case .foreignServer: return ""
        case .target:
            let operations = rows.reduce(0.0) { $0 + ($1.number("operations") ?? 0) }
            let seen = rows.compactMap { row in
                row.number("store_cpu_us_per_op").map { $0 * (row.number("operations") ?? 0) }
            }.max()
            guard let seen, operations > 0 else { return "" }
            return (seen / operations).formatted(digits: ThroughputTable.cpuDigits)
        }
    }
}

extension SlicedHistogram {
    /// The times of several, slice by slice, count for count.
    package init(adding parts: [Self]) {
        let slices = parts.map(\.slices.count).max() ?? 0
        self.init(
            (0..<slices).map { slice in
                LatencyHistogram(
                    merging: parts.compactMap { slice < $0.slices.count ? $0.slices[slice] : nil })
            })
    }
}
