/// The columns of the CSV files, taken from the tables that write them.
package struct Schema: Sendable {
    package struct Field: Sendable, Equatable {
        package var name: String
        package var kind: ColumnKind
        package var meaning: String
    }

    /// The file's name in a result folder.
    package var file: String
    /// What one row is.
    package var row: String
    package var fields: [Field]

    /// The files that `run` writes.
    package static var run: [Self] {
        [
            Self("summary.csv", "strategy x operation x clock", SummaryTable.columns(identity)),
            Self("latency.csv", "strategy x repeat x operation x clock", LatencyTable.columns(identity)),
            Self("throughput.csv", "strategy x repeat", ThroughputTable.columns(identity)),
            Self("size.csv", "strategy x claim profile", SizeTable.columns(identity)),
        ]
    }

    /// The file that `exposure` writes.
    package static var exposure: Self {
        Self("exposure.csv", "strategy x kind of withdrawal", ExposureTable.columns(identity))
    }

    /// All files, of whichever folder.
    package static var all: [Self] { run + [exposure] }

    private static var identity: RunIdentity { RunIdentity(runID: "", workload: "", traceSHA256: "") }

    private init<Row>(_ file: String, _ row: String, _ columns: [Column<Row>]) {
        self.file = file
        self.row = row
        fields = columns.map { Field(name: $0.name, kind: $0.kind, meaning: $0.meaning) }
    }

    /// All files as a Markdown document.
    package static var markdown: String {
        var text = """
            # The CSV files of a result folder

            Schema version \(RunIdentity.schemaVersion), written by `make schema` from the tables that write the files. \
            Fields are separated by commas and quoted as RFC 4180 says, lines end with LF, a decimal point is a point, \
            and what was not measured is blank. Units stand in names: `_ns`, `_us`, `_bytes`; rates are per second.

            """
        for schema in all {
            text += "\n## \(schema.file)\n\nOne row for each \(schema.row).\n\n"
            text += "| column | holds | meaning |\n|---|---|---|\n"
            for field in schema.fields {
                text += "| `\(field.name)` | \(field.kind.rawValue) | \(field.meaning) |\n"
            }
        }
        return text
    }
}
