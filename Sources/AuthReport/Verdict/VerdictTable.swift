/// The rows of a comparison for programs: one line each, in CSV and in JSON.
package enum VerdictTable {
    package static var columns: [Column<VerdictRow>] { cell + numbers + judgement }

    private static var cell: [Column<VerdictRow>] {
        [
            Column("strategy", .text, "The strategy.") { .text($0.strategy) },
            Column("workload", .text, "The workload.") { .text($0.workload) },
            Column("operation", .text, "The kind of operation; empty for all together.") {
                .text($0.operation)
            },
            Column("clients", .count, "Clients that send requests at once.") { .integer(Int64($0.clients)) },
            Column("metric", .text, "What is compared, with its unit.") { .text($0.metric) },
        ]
    }

    private static var numbers: [Column<VerdictRow>] {
        [
            Column("base", .optionalNumber, "Its value in the base.") { .number($0.base, 4) },
            Column("head", .optionalNumber, "Its value in the head.") { .number($0.head, 4) },
            percent("change_percent", "Head over base, less 1.") { $0.change },
            percent("ci95_low_percent", "Lower end of the 95 % interval of the change.") { $0.interval?.low },
            percent("ci95_high_percent", "Upper end of that interval.") { $0.interval?.high },
            Column("p", .optionalNumber, "Of the one-sided test that it is not worse.") { .number($0.p, 10) },
            Column("p_holm", .optionalNumber, "The same after Holm.") { .number($0.adjusted_p, 10) },
            Column("n", .optionalCount, "Pairs of repeats or blocks.") {
                $0.n.map { .integer(Int64($0)) } ?? .blank
            },
            percent("sigma_b_percent", "Robust standard deviation of the log-ratio of one pair.") {
                $0.sigma_b
            },
            percent("mde_percent", "The least change that would have been found.") { $0.mde },
        ]
    }

    private static var judgement: [Column<VerdictRow>] {
        [
            Column("stage", .optionalCount, "The stage of a gate in which it was decided.") {
                $0.stage.map { .integer(Int64($0)) } ?? .blank
            },
            Column(
                "verdict", .text,
                "One of \(VerdictRow.Verdict.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))."
            ) { .text($0.verdict.rawValue) },
            Column("why", .text, "Why, in one phrase.") { .text($0.why) },
        ]
    }

    private static func percent(
        _ name: String, _ meaning: String, _ value: @escaping (VerdictRow) -> Double?
    ) -> Column<VerdictRow> {
        Column(name, .optionalSigned, meaning) { .number(value($0).map { $0 * 100 }, 4) }
    }
}
