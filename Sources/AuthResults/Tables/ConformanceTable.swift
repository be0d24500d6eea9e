/// `conform.csv`: one row for each strategy and requirement of the checklist.
package enum ConformanceTable {
    package struct Row: Sendable {
        package var strategy: String
        package var requirement: String
        package var title: String
        /// One word or two: `passed`, `failed`, `error`, `not tried` or `n/a`.
        package var verdict: String
        package var cases: Int?
        package var reason: String

        package init(
            strategy: String, requirement: String, title: String, verdict: String, cases: Int?, reason: String
        ) {
            (self.strategy, self.requirement, self.title) = (strategy, requirement, title)
            (self.verdict, self.cases, self.reason) = (verdict, cases, reason)
        }
    }

    package static func columns(_ identity: RunIdentity) -> [Column<Row>] {
        identity.columns { $0.strategy } + findings + identity.parameters { $0.strategy }
    }

    /// What is also printed.
    package static var findings: [Column<Row>] {
        [
            Column("requirement", .text, "The requirement's identifier in the checklist.") {
                .text($0.requirement)
            },
            Column("title", .text, "The requirement in a few words.") { .text($0.title) },
            Column(
                "verdict", .text,
                "`passed`, `failed`, `error` (the trial broke off), `not tried` or `n/a` (it asks nothing of the strategy)."
            ) { .text($0.verdict) },
            Column("cases", .optionalCount, "How many cases were tried; blank unless all passed.") {
                $0.cases.map { .integer(Int64($0)) } ?? .blank
            },
            Column("reason", .text, "Why it did not pass; blank where it did.") { .text($0.reason) },
        ]
    }
}
