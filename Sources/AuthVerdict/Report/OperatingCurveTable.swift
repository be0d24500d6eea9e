import AuthResults
import AuthStatistics

/// What simulated gates did: how often each cried wolf, and how often it saw one.
package enum OperatingCurveTable {
    package static var columns: [Column<OperatingPoint>] {
        scenario + rate("any_false_alarm", "Runs that flagged a cell as fast as before", \.innocentRuns)
            + rate("detected", "Runs that flagged at least one of the slowed cells", \.slowedRuns)
            + [
                Column(
                    "slowed_passed", .optionalShare,
                    "Slowed cells that passed; blank where gates have no such verdict."
                ) {
                    .number($0.shareOfSlowed($0.slowedPassed), 5)
                },
                Column(
                    "slowed_inconclusive", .optionalShare,
                    "Slowed cells on which nothing was proved; blank likewise."
                ) {
                    .number($0.shareOfSlowed($0.slowedInconclusive), 5)
                },
                Column(
                    "inconclusive", .optionalShare,
                    "Runs with at least one cell on which nothing was proved; blank likewise."
                ) {
                    .number(
                        $0.hasThreeVerdicts ? Double($0.inconclusiveRuns) / Double($0.scenario.runs) : nil, 5)
                },
                Column("mean_blocks_per_cell", .number, "Blocks, or runs of each build, that a cell took.") {
                    .number(Double($0.blocks) / Double($0.scenario.runs * $0.scenario.cases), 2)
                },
            ]
    }

    private static var scenario: [Column<OperatingPoint>] {
        [
            Column(
                "table", .text,
                "`cell`: one cell for itself; `run`: whole runs; `recorded`: under recorded noise."
            ) {
                .text($0.scenario.table)
            },
            Column("gate", .text, "What decides, and by which numbers.") { .text($0.scenario.name) },
            Column("noise", .text, "The machine that is modelled, or recorded noise and its factor.") {
                .text($0.scenario.noise)
            },
            Column("cells", .count, "Cells of a run.") { .integer(Int64($0.scenario.cases)) },
            Column("slowed_cells", .count, "Those that were made slower.") {
                .integer(Int64($0.scenario.slowedCases))
            },
            Column("slowdown_percent", .number, "By how much.") { .number(100 * $0.scenario.slowdown, 1) },
            Column("runs", .count, "Simulated runs.") { .integer(Int64($0.scenario.runs)) },
        ]
    }

    /// A share of runs and its 95 % interval; blank where no cell could be counted.
    private static func rate(
        _ name: String, _ meaning: String, _ count: @escaping @Sendable (OperatingPoint) -> Int?
    ) -> [Column<OperatingPoint>] {
        let interval = { (point: OperatingPoint) in
            count(point).flatMap { BinomialInterval.wilson($0, of: point.scenario.runs) }
        }
        return [
            Column(name, .optionalShare, "\(meaning), of all; blank where there is no such cell.") { point in
                .number(count(point).map { Double($0) / Double(point.scenario.runs) }, 5)
            },
            Column("\(name)_ci95_low", .optionalShare, "Its 95 % interval (Wilson).") {
                .number(interval($0)?.low, 5)
            },
            Column("\(name)_ci95_high", .optionalShare, "Its 95 % interval (Wilson).") {
                .number(interval($0)?.high, 5)
            },
        ]
    }

    /// A table for people: the same numbers, intervals left to the CSV.
    package static func text(_ points: [OperatingPoint]) -> String {
        let shown =
            ["gate", "noise", "slowed_cells", "slowdown_percent", "any_false_alarm", "detected"]
            + ["slowed_passed", "inconclusive", "mean_blocks_per_cell"]
        let titles = [
            "gate", "noise", "slowed", "by %", "false alarm", "found", "passed", "inconcl.", "blocks",
        ]
        let columns = shown.compactMap { name in Self.columns.first { $0.name == name } }
        let rows = points.map { point in
            columns.map { column in
                let text = column.cell(point).text
                return text.isEmpty ? "–" : text
            }
        }
        return TextTable.aligned(titles: titles, rows, leading: 2).joined(separator: "\n") + "\n"
    }
}

extension OperatingPoint {
    fileprivate var innocentRuns: Int? { scenario.slowedCases < scenario.cases ? falseAlarms : nil }
    fileprivate var slowedRuns: Int? { scenario.slowedCases > 0 ? detections : nil }

    fileprivate func shareOfSlowed(_ count: Int) -> Double? {
        guard hasThreeVerdicts, scenario.slowedCases > 0 else { return nil }
        return Double(count) / Double(scenario.runs * scenario.slowedCases)
    }
}
