/// `claims.csv`: one row for each claim and each figure that settles it.
package enum ClaimTable {
    package struct Row: Sendable {
        package var claim: String
        package var statement: String
        package var verdict: String
        package var rule: String
        package var figure: String
        package var unit: String
        package var value: Double?
        package var low: Double?
        package var high: Double?
        package var isValid: Bool

        package init(
            claim: String, statement: String, verdict: String, rule: String, figure: String, unit: String,
            value: Double?, low: Double?, high: Double?, isValid: Bool
        ) {
            (self.claim, self.statement, self.verdict, self.rule) = (claim, statement, verdict, rule)
            (self.figure, self.unit, self.value) = (figure, unit, value)
            (self.low, self.high, self.isValid) = (low, high, isValid)
        }
    }

    private static let digits = 4

    package static var columns: [Column<Row>] {
        [
            Column("schema_version", .count, "The version of these columns: \(RunIdentity.schemaVersion).") {
                _ in .integer(Int64(RunIdentity.schemaVersion))
            },
            Column("claim", .text, "The claim's identifier.") { .text($0.claim) },
            Column("statement", .text, "What is claimed.") { .text($0.statement) },
            Column(
                "verdict", .text,
                "`holds`, `holds when …` with the boundary, `does not hold`, `undecided here` or `not measured: …` with the reason."
            ) { .text($0.verdict) },
            Column("rule", .text, "The rule that makes the verdict from the figures.") { .text($0.rule) },
            Column("figure", .text, "What the figure is; blank where nothing was measured.") {
                .text($0.figure)
            },
            Column("unit", .text, "The unit of the figure.") { .text($0.unit) },
            Column("value", .optionalSigned, "The figure.") { .number($0.value, digits) },
            Column(
                "ci95_low", .optionalSigned,
                "The lower end of its 95 % interval over the repeats; the figure itself where it is counted. Of a boundary: the last value at which the claim did not hold."
            ) { .number($0.low, digits) },
            Column(
                "ci95_high", .optionalSigned,
                "The upper end of the interval. Of a boundary: the first value at which the claim held."
            ) { .number($0.high, digits) },
            Column("valid", .flag, "Whether all repeats that the figure is made of may be used.") {
                .flag($0.isValid)
            },
        ]
    }

    /// `claims_rows.csv`: one row for each cell that a figure is made of.
    package struct Cited: Sendable {
        package var claim: String
        package var figure: String
        package var experiment: String
        package var runID: String
        package var file: String
        package var strategy: String
        package var about: String
        package var repeatIndex: String
        package var column: String
        package var value: String
        package var part: String
        package var command: String

        package init(
            claim: String, figure: String, experiment: String, runID: String, file: String, strategy: String,
            about: String, repeatIndex: String, column: String, value: String, part: String, command: String
        ) {
            (self.claim, self.figure, self.experiment, self.runID) = (claim, figure, experiment, runID)
            (self.file, self.strategy, self.about) = (file, strategy, about)
            (self.repeatIndex, self.column, self.value) = (repeatIndex, column, value)
            (self.part, self.command) = (part, command)
        }

        package static var columns: [Column<Cited>] {
            [
                Column("claim", .text, "The claim's identifier.") { .text($0.claim) },
                Column("figure", .text, "The figure, as in claims.csv.") { .text($0.figure) },
                Column("experiment", .text, "The folder of the experiment.") { .text($0.experiment) },
                Column("run_id", .text, "The run that measured it.") { .text($0.runID) },
                Column("file", .text, "The file of that run.") { .text($0.file) },
                Column("strategy", .text, "The strategy's identifier.") { .text($0.strategy) },
                Column(
                    "about", .text,
                    "Which row of the strategy: the operation, claim profile, revocation, requirement or sessions of a user; blank where the file has none of these."
                ) { .text($0.about) },
                Column("repeat", .text, "The number of the repeat; blank where the file has none.") {
                    .text($0.repeatIndex)
                },
                Column("column", .text, "The column of that row.") { .text($0.column) },
                Column("value", .text, "What stands there.") { .text($0.value) },
                Column(
                    "part", .text,
                    "How it enters the figure: (sum of `plus` - sum of `minus`) / sum of `over` in each repeat, times each of `times`, and the geometric mean of the repeats. `low` and `high` are ends of an interval."
                ) { .text($0.part) },
                Column("command", .text, "The command that measures it again.") { .text($0.command) },
            ] + RunIdentity(runID: "", workload: "", traceSHA256: "").parameters { $0.strategy }
        }
    }
}
