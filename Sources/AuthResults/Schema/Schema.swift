import AuthCore
import Backends
import Foundation

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
        Self("exposure.csv", "strategy x kind of revocation", ExposureTable.columns(identity))
    }

    /// The files that `outage` writes.
    package static var outage: [Self] {
        [
            Self("outage.csv", "strategy x fault x repeat", OutageTable.columns(identity)),
            Self(
                "outage_series.csv", "strategy x fault x repeat x slice",
                OutageSeriesTable.columns(identity)),
        ]
    }

    /// The files that `logout-everywhere` writes.
    package static var logoutEverywhere: [Self] {
        [
            Self(
                "logout_everywhere.csv", "strategy x sessions of a user x repeat x turn",
                LogoutEverywhereTable.columns(identity)),
            Self(
                "logout_everywhere_users.csv", "strategy x sessions of a user x repeat x user",
                LogoutEverywhereUserTable.columns(identity)),
        ]
    }

    /// The file that `conform` writes.
    package static var conformance: Self {
        Self("conform.csv", "strategy x requirement", ConformanceTable.columns(identity))
    }

    /// The files that `claims` writes.
    package static var claims: [Self] {
        [
            Self("claims.csv", "claim x figure", ClaimTable.columns),
            Self("claims_rows.csv", "claim x figure x cell that it is made of", ClaimTable.Cited.columns),
        ]
    }

    /// The files that `sweep` writes.
    package static var sweep: Self { Self("sweep.csv", "experiment x strategy", SweepTable.columns) }
    package static var scalability: Self {
        Self("scalability.csv", "strategy x number of clients", ScalabilityTable.columns)
    }
    package static var capacity: Self { Self("capacity.csv", "strategy", CapacityTable.columns) }

    /// What `plan --format csv` prints.
    package static var plan: Self { Self("plan.csv", "strategy", PlanTable.columns) }

    /// All files, of whichever folder.
    package static var all: [Self] {
        run + [exposure] + outage + logoutEverywhere + [sweep, scalability, capacity, conformance] + claims
            + [plan]
    }

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

            This is schema version \(RunIdentity.schemaVersion). `make schema` writes this file from the tables in the code. \
            Commas separate the fields, which are quoted as RFC 4180 says. Lines end with LF. What was not measured is \
            blank. A unit stands in the name (`_ns`, `_us`, `_bytes`), and rates are per second.

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

/// What stands first in each row of every file, so that a row never goes astray from its run.
package struct RunIdentity: Sendable, Equatable {
    /// Counted up when a column changes its meaning or goes.
    package static let schemaVersion = 5

    package var runID: String
    package var workload: String
    /// SHA-256 of the trace, in hexadecimal: rows that differ in it are never compared.
    package var traceSHA256: String

    package init(runID: String, workload: String, traceSHA256: String) {
        self.runID = runID
        self.workload = workload
        self.traceSHA256 = traceSHA256
    }

    /// All that any strategy may set, in the order of the columns.
    package static let parameters = [
        "access", "alg", "bits", "cache", "durability", "filter", "form", "on-failure", "replicas", "rotate",
        "stale", "store",
    ]

    /// The columns of what a strategy's identifier sets, the last ones of every CSV file.
    func parameters<Row>(strategy: @escaping (Row) -> String) -> [Column<Row>] {
        Self.parameters.map { name in
            Column(
                "parameter_\(name.replacing("-", with: "_"))", .text,
                "What the identifier sets as `\(name)`, as it was typed; blank for the default, which `authbench list` prints, and where there is no such parameter."
            ) { .text(StrategyParameters.value(of: name, in: strategy($0)) ?? "") }
        }
    }

    /// Whether a name is the identifier of a run: `20261121T084500.123Z-mixed`.
    package static func isRunID(_ name: String) -> Bool {
        name.wholeMatch(of: /[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[^\/]+/) != nil
    }

    /// The columns common to every CSV file.
    func columns<Row>(strategy: @escaping (Row) -> String) -> [Column<Row>] {
        [
            Column("schema_version", .count, "The version of these columns: \(Self.schemaVersion).") { _ in
                .integer(Int64(Self.schemaVersion))
            },
            Column("run_id", .text, "The run, which is also the name of its folder.") { _ in .text(runID) },
            Column("strategy", .text, "The strategy's identifier.") { .text(strategy($0)) },
            Column("workload", .text, "The workload's name.") { _ in .text(workload) },
            Column(
                "trace_sha256", .text, "The SHA-256 of the trace. Rows that differ in it are never compared."
            ) { _ in
                .text(traceSHA256)
            },
        ]
    }
}

/// Wall-clock time for names and records; nothing is measured with it.
package enum RunClock {
    /// `2026-11-21T08:45:00Z`.
    package static func timestamp(_ date: Date = Date()) -> String {
        date.ISO8601Format()
    }

    /// `20261121T084500.123Z-mixed`: sorts by time, and two runs of one second differ.
    package static func identifier(_ workload: String, _ date: Date = Date()) -> String {
        let milliseconds = Int(date.timeIntervalSince1970 * 1000) % 1000
        let second = timestamp(date).filter { $0 != "-" && $0 != ":" && $0 != "Z" }
        let fraction = String(milliseconds + 1000).dropFirst()
        let name = workload.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "_" }
        return "\(second).\(fraction)Z-\(String(name))"
    }
}

extension Trace {
    /// SHA-256 of the whole trace, in hexadecimal.
    package func sha256() -> String {
        SHA256.hexadecimal { take in forEachChunk { take($0) } }
    }
}

extension RevocationPlan {
    /// SHA-256 of the plan under a policy, in hexadecimal: what stands for a trace where none is replayed.
    package func sha256(_ policy: Policy, storeRTT: StoreRTT?) -> String {
        SHA256.hexadecimal { take in take(canonicalBytes(policy, storeRTT: storeRTT)) }
    }
}
