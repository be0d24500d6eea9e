/// What stands first in each row of every file, so that a row never goes astray from its run.
package struct RunIdentity: Sendable, Equatable {
    /// Counted up when a column changes its meaning or goes.
    package static let schemaVersion = 3

    package var runID: String
    package var workload: String
    /// SHA-256 of the trace, in hexadecimal: rows that differ in it are never compared.
    package var traceSHA256: String

    package init(runID: String, workload: String, traceSHA256: String) {
        self.runID = runID
        self.workload = workload
        self.traceSHA256 = traceSHA256
    }

    /// The columns common to every CSV file.
    func columns<Row>(strategy: @escaping (Row) -> String) -> [Column<Row>] {
        [
            Column("schema_version", .count, "Version of these columns: \(Self.schemaVersion).") { _ in
                .integer(Int64(Self.schemaVersion))
            },
            Column("run_id", .text, "The run, which is also the name of its folder.") { _ in .text(runID) },
            Column("strategy", .text, "The strategy's identifier.") { .text(strategy($0)) },
            Column("workload", .text, "The workload's name.") { _ in .text(workload) },
            Column("trace_sha256", .text, "Of the trace; rows that differ in it are never compared.") { _ in
                .text(traceSHA256)
            },
        ]
    }
}
