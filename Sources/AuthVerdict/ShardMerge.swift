import AuthCore
import AuthResults
import Backends
import Foundation

/// Puts the shards of one run together: operations and histograms count for count, rates as their sum, quantiles from the
/// sum of all counts.
package struct ShardMerge: FolderMerge {
    /// One shard as it was read.
    private struct Part {
        let reader: ResultReader
        let record: RunRecord
        let shard: ShardRecord
        let rows: [Case: TableRow]
        let windows: [Case: ShardRecord.Window]

        var path: String { reader.url.path }
    }

    /// A strategy in a repeat.
    private struct Case: Hashable, CustomStringConvertible {
        var strategy: String
        var `repeat`: Int

        var description: String { "\(strategy), repeat \(`repeat`)" }
    }

    /// How much of the longest window of a repeat all shards must have in common.
    private static let leastOverlap = 0.9

    /// In the order of their numbers.
    private let parts: [Part]

    /// - Throws: `MergeError` for folders that are not all shards of one run.
    package init(_ urls: [URL]) throws {
        parts = try urls.map(Self.part).sorted { $0.shard.index < $1.shard.index }
        try checkSet()
        try checkAlike()
        for part in parts where part.shard.run != parts[0].shard.run {
            throw fault(part, "\(part.shard.name) was not measured together with \(parts[0].path)")
        }
        try checkWindows()
    }

    private static func part(_ url: URL) throws -> Part {
        let reader = ResultReader(url)
        if let fault = Validation(reader.url).faults.first { throw refusal(reader, fault) }
        guard reader.content == .run, let record = reader.record, let shard = record.shard else {
            throw refusal(reader, "holds no shard of a run: measure it with run --shard")
        }
        let rows = reader.rows(of: "throughput.csv").map { row in
            (Case(strategy: row["strategy"], repeat: Int(row["repeat"]) ?? 0), row)
        }
        let windows = shard.windows.map { (Case(strategy: $0.strategy, repeat: $0.repeat), $0) }
        return Part(
            reader: reader, record: record, shard: shard, rows: Dictionary(rows) { first, _ in first },
            windows: Dictionary(windows) { first, _ in first })
    }

    private static func refusal(_ reader: ResultReader, _ text: String) -> MergeError {
        MergeError(isIncomparable: false, description: "\(reader.url.path): \(text)")
    }

    private func fault(_ part: Part, _ text: String) -> MergeError { Self.refusal(part.reader, text) }

    /// Every shard once.
    private func checkSet() throws {
        guard let first = parts.first else {
            throw MergeError(isIncomparable: false, description: "no shards are named")
        }
        for part in parts.dropFirst() {
            guard part.shard.count == first.shard.count else {
                throw fault(part, "is \(part.shard.name), and \(first.path) is \(first.shard.name)")
            }
        }
        for (one, other) in zip(parts, parts.dropFirst()) where one.shard.index == other.shard.index {
            throw fault(other, "is \(other.shard.name) as \(one.path) is: name each shard once")
        }
        let there = Set(parts.map(\.shard.index))
        if let missing = (1...first.shard.count).first(where: { !there.contains($0) }) {
            throw MergeError(
                isIncomparable: false,
                description:
                    "shard \(missing) of \(first.shard.count) is missing: name the folders of all shards")
        }
    }

    /// What one `run.json` can only say of all.
    private func checkAlike() throws {
        func facts(_ record: RunRecord) -> [(name: String, value: String)] {
            [
                ("trace_sha256", record.trace_sha256), ("workload", record.workload.name),
                ("authbench", record.versions.authbench), ("swift", record.versions.swift),
                ("sqlite", record.versions.sqlite), ("openssl", record.versions.openssl),
                ("redis", record.versions.redis ?? "none"), ("postgres", record.versions.postgres ?? "none"),
                ("repeats", "\(record.repeats)"), ("warm_up_seconds", "\(record.warm_up_seconds)"),
                ("duration_seconds", record.duration_seconds.map { "\($0)" } ?? "none"),
                ("sqlite_synchronous", record.sqlite_synchronous), ("order", "\(record.order)"),
            ]
        }
        let first = facts(parts[0].record)
        for part in parts.dropFirst() {
            for (own, other) in zip(facts(part.record), first) where own.value != other.value {
                throw fault(
                    part,
                    "\(part.shard.name) cannot be merged: \(own.name) is \(own.value), not \(other.value)")
            }
            if Set(part.rows.keys) != Set(parts[0].rows.keys) {
                let odd = Set(part.rows.keys).symmetricDifference(parts[0].rows.keys).map(\.description)
                    .sorted()
                throw fault(
                    part, "\(part.shard.name) and \(parts[0].shard.name) do not both have \(odd.first ?? "")")
            }
        }
    }

    /// The time in which all shards measured a repeat, as long as the longest window of any, or nearly.
    private func checkWindows() throws {
        for one in cases {
            var (start, end, longest) = (UInt64(0), UInt64.max, UInt64(0))
            for part in parts {
                guard let window = part.windows[one], window.ended_unix_ns >= window.started_unix_ns else {
                    throw fault(part, "\(part.shard.name) does not say when it measured \(one)")
                }
                start = max(start, window.started_unix_ns)
                end = min(end, window.ended_unix_ns)
                longest = max(longest, window.ended_unix_ns - window.started_unix_ns)
            }
            let common = end > start ? end - start : 0
            guard Double(common) >= Self.leastOverlap * Double(longest) else {
                let latest = parts.max {
                    $0.windows[one]?.started_unix_ns ?? 0 < $1.windows[one]?.started_unix_ns ?? 0
                }
                let share = (Double(common) / Double(max(1, longest)) * 100).formatted(digits: 0)
                throw MergeError(
                    isIncomparable: false,
                    description:
                        "the shards have only \(share) % of the time of \(one) in common, and"
                        + " \(latest?.shard.name ?? "") began last: measure again")
            }
        }
    }

    private var cases: [Case] {
        parts[0].rows.keys.sorted { ($0.repeat, $0.strategy) < ($1.repeat, $1.strategy) }
    }

    package func write(
        into parent: URL, runID wanted: String, startedAt: String, commandLine: [String],
        noting made: MadeFiles
    ) throws -> URL {
        try MergedFolder.write(into: parent, named: wanted, noting: made) { folder in
            let first = parts[0].record
            let identity = RunIdentity(
                runID: folder.runID, workload: first.workload.name, traceSHA256: first.trace_sha256)
            let merged = cases.map { one in
                ShardRow(
                    parts.compactMap { $0.rows[one] }, names: parts.map(\.shard.name),
                    times: parts.map { times(of: one, in: $0) },
                    isByDuration: first.duration_seconds != nil)
            }.sorted { $0.measurement.runOrder < $1.measurement.runOrder }
            let assessments = merged.map { Assessment($0.measurement) }
            let lines = zip(merged, assessments).map { row, assessment in row.fields(assessment, identity) }
            let header = ThroughputTable.columns(identity).map(\.name)
            try folder.write(Data(CSVTable(header: header, rows: lines).text.utf8), to: "throughput.csv")
            let latencies = LatencyTable.rows(assessments)
            try folder.write(
                Data(CSV.text(LatencyTable.columns(identity), latencies).utf8), to: "latency.csv")
            try folder.write(Data(sizes(folder.runID).text.utf8), to: "size.csv")
            try folder.write(latencies.map { HistogramLine(identity, $0) })
            try folder.write(try record(folder.runID, startedAt, commandLine))
        }
    }

    private func times(of one: Case, in part: Part) -> [RepeatFigures.Key: SlicedHistogram] {
        var times: [RepeatFigures.Key: SlicedHistogram] = [:]
        for line in part.reader.histograms.values
        where line.head.strategy == one.strategy && line.head.repeat == one.repeat {
            times[.init(operation: line.head.operation, clock: line.head.clock)] = line.times
        }
        return times
    }

    /// Sizes are the strategy's, so those of one shard are everybody's.
    private func sizes(_ runID: String) -> CSVTable {
        var table = parts[0].reader.tables["size.csv"] ?? CSVTable(header: [], rows: [])
        guard let place = table.header.firstIndex(of: "run_id") else { return table }
        for index in table.rows.indices { table.rows[index][place] = runID }
        return table
    }

    private func record(
        _ runID: String, _ startedAt: String, _ commandLine: [String]
    ) throws -> [String: Any] {
        let records = try parts.map { part in
            let data = try Data(contentsOf: part.reader.url.appendingPathComponent("run.json"))
            return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        }
        var record = Merge.agreed(records) as? [String: Any] ?? [:]
        record["run_id"] = runID
        record["started_at"] = startedAt
        record["command_line"] = commandLine
        record["schema_version"] = RunIdentity.schemaVersion
        record["merged_from"] = parts.map(\.record.run_id)
        let isComplete = parts.allSatisfy { $0.record.status == .complete }
        record["status"] = isComplete ? "complete" : "interrupted"
        record["shard"] = NSNull()
        let shards = parts.map { part in
            MergedShardRecord(part.record, part.shard, cases.compactMap { share(of: part, in: $0) })
        }
        record["shards"] = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(shards))
        var machine = record["machine"] as? [String: Any] ?? [:]
        machine["cores"] = cores
        if (machine["cgroup"] as? [String: Any])?["version"] is NSNull { machine["cgroup"] = NSNull() }
        record["machine"] = machine
        record["stores"] = Self.withWays(record["stores"] as? [String: Any] ?? [:])
        return record
    }

    private func share(of part: Part, in one: Case) -> MergedShardRecord.Part? {
        guard let row = part.rows[one], let own = row.count("operations") else { return nil }
        let all = parts.reduce(0) { $0 + ($1.rows[one]?.count("operations") ?? 0) }
        return MergedShardRecord.Part(
            strategy: one.strategy, repeat: one.repeat, operations: own,
            share: all > 0 ? Double(own) / Double(all) : nil,
            reason: row["reason"].isEmpty ? nil : row["reason"])
    }

    /// Those of all machines; shards on one machine have the same ones.
    private var cores: Int {
        Dictionary(grouping: parts) { $0.shard.host ?? $0.path }.values
            .reduce(0) { $0 + ($1.map(\.record.machine.cores).max() ?? 0) }
    }

    /// A store that is next door to one shard is far from another.
    private static func withWays(_ stores: [String: Any]) -> [String: Any] {
        stores.mapValues { value in
            guard var server = value as? [String: Any], server["topology"] is NSNull else { return value }
            server["topology"] = "several"
            return server
        }
    }
}
