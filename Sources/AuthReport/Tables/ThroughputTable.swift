import AuthCore

/// `throughput.csv`: one row for each strategy and repeat.
package enum ThroughputTable {
    package static func columns(_ identity: RunIdentity) -> [Column<RepeatMeasurement>] {
        identity.columns { $0.strategy } + [
            Column("repeat") { .integer(Int64($0.repeatIndex)) },
            Column("run_order") { .integer(Int64($0.runOrder)) },
            Column("clients") { .integer(Int64($0.clients)) },
            // A closed loop has no target.
            Column("target_rate") { _ in .blank },
            Column("achieved_rate") { .number($0.operationsPerSecond, digits: 1) },
            Column("operations") { .count($0.total.completed) },
            Column("accepted") { .count($0.total.accepted) },
            Column("refused") { .count($0.total.refused) },
            Column("errors") { .count($0.total.errors) },
            Column("false_accepts") { .count($0.total.falseAccepts) },
            Column("false_rejects") { .count($0.total.falseRejects) },
            Column("stale_accepts") { .count($0.total.staleAccepts) },
            Column("wall_ns") { .count($0.wall_ns) },
            Column("cpu_us_per_op") { .number($0.cpu_us_per_op, 4) },
            Column("valid") { .flag($0.invalidReason == nil) },
            Column("reason") { .text($0.invalidReason ?? "") },
        ]
    }
}

extension RepeatMeasurement {
    /// Why the numbers of this measurement must not be used, or `nil` when they may.
    package var invalidReason: String? {
        let total = total
        if total.falseAccepts > 0 { return "\(total.falseAccepts) false accepts" }
        if total.falseRejects > 0 { return "\(total.falseRejects) false rejects" }
        if total.errors > 0 { return "\(total.errors) errors; the first: \(firstError ?? "unknown")" }
        return total.completed == 0 ? "nothing completed" : nil
    }
}
