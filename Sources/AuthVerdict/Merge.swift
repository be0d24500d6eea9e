import AuthResults
import Backends
import Foundation

/// Puts result folders together into one.
package protocol FolderMerge {
    /// - Throws: `MergeError` for folders that do not belong together.
    init(_ urls: [URL]) throws

    /// Writes the merged run under a new identifier; the folder appears whole or not at all.
    ///
    /// - Parameters:
    ///   - parent: the folder around it, made where it is missing.
    ///   - wanted: the identifier, which gets a number where another run has it.
    ///   - startedAt: the time for `run.json`.
    ///   - commandLine: the command for `run.json`.
    ///   - made: takes down what is made, and removes it when the merge fails.
    /// - Returns: the folder.
    /// - Throws: `FileError`, or what Foundation reports.
    func write(
        into parent: URL, runID wanted: String, startedAt: String, commandLine: [String],
        noting made: MadeFiles
    ) throws -> URL
}

/// Puts several runs of one trace together: every row and every histogram of each, repeats counted on.
package struct Merge: FolderMerge {
    private let parts: [ResultReader]
    /// The `run.json` of each part.
    private let records: [[String: Any]]

    /// - Throws: `MergeError` for folders that are no two runs of one trace on one machine.
    package init(_ urls: [URL]) throws {
        parts = urls.map(ResultReader.init)
        for part in parts {
            if let fault = Validation(part.url).faults.first {
                throw MergeError(isIncomparable: false, description: "\(part.url.path): \(fault)")
            }
        }
        for part in parts {
            guard let word = part.content.foreignWord else { continue }
            let advice =
                switch part.content {
                case .exposure: "measure more credentials in one run (exposure --credentials)"
                case .outage: "measure more repeats in one run (outage --repeats)"
                case .logoutEverywhere: "measure more repeats in one run (logout-everywhere --repeats)"
                case .run, .conformance: "name folders of authbench run"
                }
            throw MergeError(
                isIncomparable: false, description: "\(part.url.path): holds \(word), not merged: \(advice)")
        }
        for part in parts {
            var advice: String?
            if part.record?.shard?.count ?? 1 > 1 {
                advice = "holds one shard of a run: put the shards together with merge --shards"
            }
            if part.record?.shards != nil {
                advice = "was put together from shards: measure more repeats in one run (run --repeats)"
            }
            if let advice {
                throw MergeError(isIncomparable: false, description: "\(part.url.path): \(advice)")
            }
        }
        records = try parts.map { part in
            let data = try Data(contentsOf: part.url.appendingPathComponent("run.json"))
            return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        }
        try checkComparable()
    }

    /// Every part against every other: what the first does not say, two others may say differently.
    private func checkComparable() throws {
        for head in parts.indices {
            for base in 0..<head {
                guard let one = parts[base].record, let other = parts[head].record else { continue }
                var unlike = Likeness(one, other).otherRun
                if one.workload.name != other.workload.name { unlike.insert("another workload", at: 0) }
                if one.trace_sha256 != other.trace_sha256 { unlike.insert("another trace", at: 0) }
                if one.run_id == other.run_id { unlike = ["the same run"] }
                guard !unlike.isEmpty else { continue }
                throw MergeError(
                    isIncomparable: true,
                    description: "\(parts[head].url.path) cannot be merged with \(parts[base].url.path): "
                        + unlike.joined(separator: "; "))
            }
        }
    }

    package func write(
        into parent: URL, runID wanted: String, startedAt: String, commandLine: [String],
        noting made: MadeFiles
    ) throws -> URL {
        try MergedFolder.write(into: parent, named: wanted, noting: made) { folder in
            let runID = folder.runID
            for schema in Schema.run where schema.file != "summary.csv" {
                try folder.write(Data(merged(schema.file, runID: runID).text.utf8), to: schema.file)
            }
            try folder.write(histograms(runID: runID))
            let record = record(runID: runID, startedAt: startedAt, commandLine: commandLine)
            try folder.write(record)
        }
    }

    /// How many repeats of a strategy the parts before one have.
    private func repeatsBefore(_ part: Int, of strategy: String) -> Int {
        parts.prefix(part).reduce(0) { sum, part in
            sum + (part.tables["throughput.csv"]?.rows(of: "").count { $0["strategy"] == strategy } ?? 0)
        }
    }

    private func merged(_ file: String, runID: String) -> CSVTable {
        let header = parts[0].tables[file]?.header ?? []
        var rows: [[String]] = []
        var weighed: Set<String> = []
        var ordersBefore = 0
        for (index, part) in parts.enumerated() {
            let own = part.tables[file]?.rows ?? []
            var strategies: Set<String> = []
            for var row in own {
                let strategy = row[header.firstIndex(of: "strategy") ?? 0]
                // Sizes are the strategy's, not the run's: once is enough.
                if file == "size.csv", weighed.contains(strategy) { continue }
                strategies.insert(strategy)
                for (place, name) in header.enumerated() {
                    switch name {
                    case "run_id": row[place] = runID
                    case "repeat": row[place] = added(row[place], repeatsBefore(index, of: strategy))
                    case "run_order": row[place] = added(row[place], ordersBefore)
                    default: break
                    }
                }
                rows.append(row)
            }
            weighed.formUnion(strategies)
            ordersBefore += part.record?.order.reduce(0) { $0 + $1.count } ?? 0
        }
        return CSVTable(header: header, rows: rows)
    }

    private func added(_ field: String, _ number: Int) -> String {
        Int(field).map { String($0 + number) } ?? field
    }

    private func histograms(runID: String) -> [HistogramLine] {
        parts.enumerated().flatMap { index, part in
            part.histograms.values.map { line in
                var line = line
                line.head.run_id = runID
                line.head.repeat += repeatsBefore(index, of: line.head.strategy)
                return line
            }
        }
    }

    private func record(runID: String, startedAt: String, commandLine: [String]) -> [String: Any] {
        var record = Self.agreed(records) as? [String: Any] ?? [:]
        record["run_id"] = runID
        record["started_at"] = startedAt
        record["command_line"] = commandLine
        record["order"] = parts.flatMap { $0.record?.order ?? [] }
        record["repeats"] = parts.reduce(0) { $0 + ($1.record?.repeats ?? 0) }
        record["schema_version"] = RunIdentity.schemaVersion
        // Its windows are those of one part.
        record["shard"] = NSNull()
        record["merged_from"] = parts.map { $0.record?.run_id ?? "" }
        let isComplete = parts.allSatisfy { $0.record?.status == .complete }
        record["status"] = isComplete ? "complete" : "interrupted"
        return record
    }

    /// What all records say that say anything; `null` where they differ, as one of them would be wrong of the others.
    static func agreed(_ values: [Any]) -> Any {
        let known = values.filter { !($0 is NSNull) }
        let texts = known.map { try? JSONSerialization.data(withJSONObject: [$0], options: .sortedKeys) }
        if Set(texts).count == 1 { return known[0] }
        let objects = known.compactMap { $0 as? [String: Any] }
        guard !objects.isEmpty, objects.count == known.count else { return NSNull() }
        let members = Set(objects.flatMap(\.keys)).map { key in (key, agreed(objects.compactMap { $0[key] }))
        }
        let isUnknown = !members.isEmpty && members.allSatisfy { $0.1 is NSNull }
        return isUnknown ? NSNull() : Dictionary(uniqueKeysWithValues: members)
    }
}

/// A result folder that appears whole or not at all.
struct MergedFolder {
    let runID: String
    private let aside: URL
    private let made: MadeFiles

    /// Makes a folder for a run.
    ///
    /// - Parameters:
    ///   - parent: the folder around it, made where it is missing.
    ///   - wanted: the run's identifier, which gets a number where another run has it.
    ///   - made: takes down what is made, and removes it when anything fails.
    ///   - fill: writes all files but `summary.csv`, which follows from them.
    /// - Returns: the folder.
    /// - Throws: `FileError`, what Foundation reports, or what `fill` throws.
    static func write(
        into parent: URL, named wanted: String, noting made: MadeFiles, _ fill: (Self) throws -> Void
    ) throws -> URL {
        do {
            try made.makeFolders(parent.path)
            let runID = try made.makeFolder(in: parent.path, named: wanted) { ".\($0).part" }
            let aside = parent.appendingPathComponent(".\(runID).part", isDirectory: true)
            let folder = Self(runID: runID, aside: aside, made: made)
            try fill(folder)
            let reader = ResultReader(aside)
            let identity = RunIdentity(
                runID: runID, workload: reader.record?.workload.name ?? "",
                traceSHA256: reader.record?.trace_sha256 ?? "")
            let rows = SummaryTable.rows(reader.repeatFigures)
            try folder.write(
                Data(CSV.text(SummaryTable.columns(identity), rows).utf8), to: "summary.csv")
            return try made.move(aside, to: parent.appendingPathComponent(runID, isDirectory: true))
        } catch {
            made.removeAll()
            throw error
        }
    }

    func write(_ data: Data, to name: String) throws {
        let file = aside.appendingPathComponent(name)
        try data.write(to: file)
        made.note(file.path)
    }

    /// Writes the histograms in the order of their keys.
    func write(_ lines: [HistogramLine]) throws {
        let lines = lines.sorted { $0.key < $1.key }
        try write(try lines.reduce(into: Data()) { try $0 += $1.json() }, to: HistogramLine.file)
    }

    /// Writes `run.json`.
    func write(_ record: [String: Any]) throws {
        let data = try JSONSerialization.data(
            withJSONObject: record, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        try write(data + Data("\n".utf8), to: "run.json")
    }
}

/// Why folders cannot be merged.
package struct MergeError: Error, CustomStringConvertible {
    /// They are sound, but no runs of one trace on one machine.
    package var isIncomparable: Bool
    package var description: String
}
