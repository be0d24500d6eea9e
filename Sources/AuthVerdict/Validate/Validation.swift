import AuthCore
import AuthResults
import AuthStatistics
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
        if let writer = reader.writer, writer.schema_version != RunIdentity.schemaVersion {
            faults = [Self.otherSchema(writer.schema_version, writer.versions?.authbench)]
            return
        }
        for schema in reader.schemas {
            if let table = reader.tables[schema.file] { check(table, against: schema) }
        }
        // What follows compares files that must be whole.
        guard faults.isEmpty, let record = reader.record else { return }
        checkIdentity(record)
        guard faults.isEmpty else { return }
        switch reader.content {
        case .exposure: faults += ExposureCheck(record, rows[Schema.exposure.file] ?? []).faults
        case .outage:
            faults += OutageCheck(record, rows["outage.csv"] ?? [], rows["outage_series.csv"] ?? []).faults
        case .logoutEverywhere: faults += LogoutEverywhereCheck(record, rows).faults
        case .run: checkRun(record)
        case .conformance: break
        }
    }

    private mutating func checkRun(_ record: RunRecord) {
        faults += CompletenessCheck(record, rows).faults
        faults += LatencyCheck(record, rows["latency.csv"] ?? [], reader.histograms).faults
        faults += MixCheck(record, rows["throughput.csv"] ?? [], rows["latency.csv"] ?? []).faults
        let repeats = reader.repeatFigures
        faults +=
            ThroughputCheck(
                rows["throughput.csv"] ?? [], rows["latency.csv"] ?? [], repeats, of: record
            ).faults
        faults += SummaryCheck(record, rows["summary.csv"] ?? [], repeats).faults
        faults += SizeCheck(rows["size.csv"] ?? []).faults
    }

    private static func otherSchema(_ version: Int, _ program: String?) -> String {
        "run.json: schema_version is \(version), not \(RunIdentity.schemaVersion):"
            + " use \(program.map { "authbench \($0)" } ?? "the authbench"), which wrote the folder, or measure again"
    }

    private mutating func check(_ table: CSVTable, against schema: Schema) {
        let names = schema.fields.map(\.name)
        guard table.header == names else {
            let missing = names.filter { !table.header.contains($0) }
            let unknown = table.header.filter { !names.contains($0) }
            faults.append(
                "\(schema.file): the header is not that of version \(RunIdentity.schemaVersion)"
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
    private mutating func checkIdentity(_ record: RunRecord) {
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
        for (key, line) in reader.histograms {
            let head = line.head
            let own = [String(head.schema_version), head.run_id, head.workload, head.trace_sha256]
            if own != expected.map(\.1) {
                faults.append("\(HistogramLine.file): \(key) belongs to another run")
            }
        }
    }
}

/// Whether the rows are those that the run should have: each case once, and all of them when it came to its end.
struct CompletenessCheck {
    private(set) var faults: [String] = []

    init(_ record: RunRecord, _ rows: [String: [TableRow]]) {
        let throughput = rows["throughput.csv"] ?? []
        once(throughput, by: ["strategy", "repeat"])
        once(throughput, by: ["run_order"])
        once(rows["latency.csv"] ?? [], by: ["strategy", "repeat", "operation", "clock"])
        once(rows["size.csv"] ?? [], by: ["strategy", "claim_profile"])
        if record.status == .running {
            faults.append("run.json: the status is \"running\": the run has not ended")
        }
        if throughput.isEmpty { faults.append("throughput.csv: has no rows, so nothing was measured") }
        order(throughput, record)
        for strategy in Set(throughput.map { $0["strategy"] }).sorted() {
            let profiles = (rows["size.csv"] ?? []).filter { $0["strategy"] == strategy }.count
            if profiles != ClaimProfile.allCases.count {
                faults.append("size.csv: \(profiles) rows of \(strategy), not one for each claim profile")
            }
        }
    }

    private mutating func once(_ rows: [TableRow], by names: [String]) {
        var seen: Set<[String]> = []
        for row in rows where !seen.insert(names.map { row[$0] }).inserted {
            faults.append(row.fault("a second row of \(names.map { row[$0] }.joined(separator: ", "))"))
        }
    }

    /// `run.json` says in which order the strategies were measured; each row must be where that says.
    private mutating func order(_ rows: [TableRow], _ record: RunRecord) {
        let planned = record.order.enumerated().flatMap { index, strategies in
            strategies.map { (strategy: $0, repeat: index + 1) }
        }
        for row in rows {
            let place = Int(row["run_order"]) ?? 0
            let isPlanned =
                planned.indices.contains(place - 1) && planned[place - 1].strategy == row["strategy"]
                && String(planned[place - 1].repeat) == row["repeat"]
            if !isPlanned {
                faults.append(row.fault("run_order \(place) is another measurement in run.json"))
            }
        }
        if record.status == .complete, rows.count != planned.count {
            faults.append("throughput.csv: \(rows.count) rows of a complete run that has \(planned.count)")
        }
    }
}

/// Whether every repeat of every strategy did the operations of the workload in its proportions (Pearson's test).
struct MixCheck {
    private(set) var faults: [String] = []

    /// An honest row is refused less than once in a million times: kinds are spread evenly over a trace.
    private static let leastProbability = 1e-6

    init(_ record: RunRecord, _ throughput: [TableRow], _ latency: [TableRow]) {
        let kinds = OperationKind.allCases.map(\.name)
        let shares = record.workload.mix.shares
        var counts: [[String]: [UInt64]] = [:]
        for row in latency where row["clock"] == LatencyClock.service.rawValue {
            guard let kind = kinds.firstIndex(of: row["operation"]) else { continue }
            counts[[row["strategy"], row["repeat"]], default: kinds.map { _ in 0 }][kind] &+=
                row.count("n") ?? 0
        }
        for row in throughput where row["errors"] == "0" {
            guard
                let own = counts[[row["strategy"], row["repeat"]]].map({
                    Self.withoutUpkeep($0, row.count("renewals") ?? 0)
                }), let probability = ChiSquare.pValue(own, shares: shares),
                probability < Self.leastProbability
            else { continue }
            let sum = own.reduce(0.0) { $0 + Double($1) }
            let seen = kinds.indices.filter { shares[$0] > 0 || own[$0] > 0 }.map {
                "\(kinds[$0]) \((Double(own[$0]) / sum).formatted(digits: 4)) of \(shares[$0])"
            }
            faults.append(
                row.fault("the operations are not the workload's mix: \(seen.joined(separator: ", "))"))
        }
    }

    /// The counts of the mix: renewals beside it are renewals in latency.csv, or sign-ins where there are none.
    private static func withoutUpkeep(_ counts: [UInt64], _ renewals: UInt64) -> [UInt64] {
        var counts = counts
        let renew = Int(OperationKind.renew.rawValue)
        let kind = counts[renew] > 0 ? renew : Int(OperationKind.login.rawValue)
        counts[kind] = counts[kind].subtractingReportingOverflow(renewals).partialValue
        return counts
    }
}

/// Whether the rows of `size.csv` agree with themselves.
struct SizeCheck {
    private(set) var faults: [String] = []

    init(_ rows: [TableRow]) {
        for row in rows {
            let header = row.count("request_header_bytes") ?? 0
            if ClaimProfile(rawValue: row["claim_profile"]) == nil {
                faults.append(row.fault("claim_profile is \"\(row["claim_profile"])\", which is unknown"))
            }
            if row.count("credential_bytes") ?? 0 > header {
                faults.append(row.fault("credential_bytes is more than the header line around it"))
            }
            if row.flag("fits_header_8192") != (header <= 8192) {
                faults.append(row.fault("fits_header_8192 contradicts request_header_bytes"))
            }
            if row.flag("fits_cookie_4096"), row.count("credential_bytes") ?? 0 > 4096 {
                faults.append(row.fault("fits_cookie_4096 contradicts credential_bytes"))
            }
            if row.count("http2_repeat_bytes") ?? 0 > row.count("http2_first_bytes") ?? 0 {
                faults.append(row.fault("http2_repeat_bytes is more than http2_first_bytes"))
            }
            if row.number("exposure_theory_p50_ms") ?? 0 > row.number("exposure_theory_max_ms") ?? 0 {
                faults.append(row.fault("exposure_theory_p50_ms is more than exposure_theory_max_ms"))
            }
        }
    }
}

/// Whether the rows of `outage.csv` agree with themselves and with their time lines.
struct OutageCheck {
    private(set) var faults: [String] = []

    init(_ record: RunRecord, _ rows: [TableRow], _ series: [TableRow]) {
        func key(_ row: TableRow) -> [String] { [row["strategy"], row["fault"], row["repeat"]] }
        var slices = Dictionary(grouping: series, by: key)
        var seen: Set<[String]> = []
        for row in rows {
            if !seen.insert(key(row)).inserted {
                faults.append(row.fault("a second row of \(key(row).joined(separator: ", "))"))
            }
            check(row)
            check(row, slices.removeValue(forKey: key(row)) ?? [])
        }
        for key in slices.keys.map({ $0.joined(separator: ", ") }).sorted() {
            faults.append("outage_series.csv: no row of outage.csv belongs to \(key)")
        }
        if rows.isEmpty { faults.append("outage.csv: has no rows, so nothing was measured") }
        if record.status == .running {
            faults.append("run.json: the status is \"running\": the run has not ended")
        }
        let (planned, measured) = (Set(record.order.joined()), Set(rows.map { $0["strategy"] }))
        if !measured.isSubset(of: planned) || record.status == .complete && measured != planned {
            faults.append("outage.csv: its strategies are not those of run.json")
        }
        let repeats = Dictionary(grouping: rows) { "\($0["strategy"]), \($0["fault"])" }
        for (one, own) in repeats.sorted(by: { $0.key < $1.key })
        where record.status == .complete && own.count != record.repeats {
            faults.append("outage.csv: \(one) has \(own.count) repeats, but run.json plans \(record.repeats)")
        }
    }

    private mutating func expect(_ isTrue: Bool, _ row: TableRow, _ text: @autoclosure () -> String) {
        if !isTrue { faults.append(row.fault(text())) }
    }

    private mutating func check(_ row: TableRow) {
        func count(_ name: String) -> UInt64 { row.count(name) ?? 0 }
        let fault = row["fault"]
        expect(
            fault == "none" || StoreFault(rawValue: fault) != nil, row,
            "fault is \"\(fault)\", which is unknown")
        let shares = ["decided_share", "late_share", "undecided_share"].compactMap { row.number($0) }
        expect(
            shares.isEmpty == (count("due_while_away") == 0)
                && (shares.isEmpty || abs(shares.reduce(0, +) - 1) < 2e-5), row,
            "the shares of decided, late and undecided do not sum to 1")
        expect(
            count("fault_start_ns") <= count("fault_end_ns")
                && (count("fault_end_ns") <= count("duration_ns") || !row.flag("valid")),
            row,
            "fault_start_ns, fault_end_ns and duration_ns are not in order")
        for (part, whole) in [
            ("due_while_away", "requests"), ("errors", "requests"), ("lost", "good_checked"),
            ("came_back", "signed_out_checked"),
        ] { expect(count(part) <= count(whole), row, "\(part) is more than \(whole)") }
        let isFailover = fault == StoreFault.failover.rawValue
        for name in ["replication_delay_ns", "wait_replicas", "came_back_theory"] {
            expect(row[name].isEmpty != isFailover, row, "\(name) does not go with the fault")
        }
        expect(row.flag("valid") == row["reason"].isEmpty, row, "valid and reason contradict each other")
    }

    private mutating func check(_ row: TableRow, _ slices: [TableRow]) {
        for (whole, part) in [
            ("requests", "due"), ("errors", "undecided"), ("good_refused", "good_refused"),
            ("wrong_accepts", "wrong_accepts"),
        ] {
            let sum = slices.reduce(0) { $0 + ($1.count(part) ?? 0) }
            expect(
                row.count(whole) == sum, row,
                "\(whole) is \(row[whole]), but \(part) of outage_series.csv sums to \(sum)")
        }
    }
}
