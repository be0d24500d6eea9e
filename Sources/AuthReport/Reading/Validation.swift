import AuthCore
import Foundation

/// Checks a result folder against the schema and against itself.
package struct Validation {
    private let reader: ResultReader
    /// One line for each fault; empty for a sound folder.
    package private(set) var faults: [String]
    private var rows: [String: [TableRow]] = [:]

    package var rowCount: Int { rows.values.reduce(0) { $0 + $1.count } }
    package var histogramCount: Int { reader.histograms.count }

    package init(_ url: URL) {
        reader = ResultReader(url)
        faults = reader.faults
        if let version = reader.record?.schema_version, version != RunIdentity.schemaVersion {
            faults = [Self.otherSchema(version)]
            return
        }
        for schema in reader.schemas {
            guard let table = reader.tables[schema.file] else { continue }
            check(table, against: schema)
        }
        // What follows compares files that must be whole.
        guard faults.isEmpty, let record = reader.record else { return }
        checkIdentity(record)
        guard faults.isEmpty else { return }
        guard !reader.isExposure else {
            faults += ExposureCheck(record, rows[Schema.exposure.file] ?? []).faults
            return
        }
        faults += CompletenessCheck(record, rows).faults
        faults += LatencyCheck(record, rows["latency.csv"] ?? [], reader.histograms).faults
        faults += MixCheck(record, rows["throughput.csv"] ?? [], rows["latency.csv"] ?? []).faults
        let repeats = reader.repeatFigures
        faults +=
            ThroughputCheck(
                rows["throughput.csv"] ?? [], rows["latency.csv"] ?? [], repeats, on: record.machine
            ).faults
        faults += SummaryCheck(record, rows["summary.csv"] ?? [], repeats).faults
        faults += SizeCheck(rows["size.csv"] ?? []).faults
    }

    /// Of such a folder nothing else can be said.
    private static func otherSchema(_ version: Int) -> String {
        "run.json: schema_version is \(version), not \(RunIdentity.schemaVersion):"
            + " use the authbench that wrote the folder, or measure again"
    }

    private mutating func check(_ table: CSVTable, against schema: Schema) {
        let names = schema.fields.map(\.name)
        guard table.header == names else {
            let missing = names.filter { !table.header.contains($0) }
            let unknown = table.header.filter { !names.contains($0) }
            faults.append(
                "\(schema.file): the header is not that of schema version \(RunIdentity.schemaVersion)"
                    + (missing.isEmpty ? "" : ", missing: \(missing.joined(separator: " "))")
                    + (unknown.isEmpty ? "" : ", unknown: \(unknown.joined(separator: " "))"))
            return
        }
        let own = table.rows(of: schema.file)
        rows[schema.file] = own
        for row in own {
            for field in schema.fields where !field.kind.accepts(row[field.name]) {
                faults.append(
                    row.fault("\(field.name) is \"\(row[field.name])\", not a \(field.kind.rawValue)"))
            }
        }
    }

    /// Every row and every histogram belongs to the run that `run.json` describes.
    private mutating func checkIdentity(_ record: ResultReader.RecordHead) {
        let version = RunIdentity.schemaVersion
        if record.trace_sha256.count != 64 || !record.trace_sha256.allSatisfy(\.isHexDigit) {
            faults.append("run.json: trace_sha256 is no SHA-256 in hexadecimal")
        }
        let expected = [
            ("schema_version", String(version)), ("run_id", record.run_id),
            ("workload", record.workload.name), ("trace_sha256", record.trace_sha256),
        ]
        for row in rows.values.joined() {
            for (name, value) in expected where row[name] != value {
                faults.append(row.fault("\(name) is \(row[name]), but run.json has \(value)"))
            }
        }
        for (name, file) in reader.histograms {
            let head = file.head
            let own = [String(head.schema_version), head.run_id, head.workload, head.trace_sha256]
            if own != expected.map(\.1) { faults.append("histograms/\(name): belongs to another run") }
            if name != file.name { faults.append("histograms/\(name): its content is that of \(file.name)") }
        }
    }
}
