import AuthCore
import AuthResults
import AuthStatistics
import Foundation

/// The rows of result folders, looked up by what a figure is about.
package struct Evidence {
    /// One result folder.
    package struct Folder {
        /// The experiment that wrote it; the folder's own name where no series says one.
        package let experiment: String
        package let reader: ResultReader
        package let record: RunRecord

        /// How to measure it again.
        package let command: String

        package var runID: String { record.run_id }
    }

    /// A row with the folder that it comes from.
    package struct Row {
        package let folder: Folder
        package let file: String
        package let fields: TableRow

        package subscript(_ column: String) -> String { fields[column] }
        package func number(_ column: String) -> Double? { fields.number(column) }
        package var strategy: String { fields["strategy"] }
    }

    package let folders: [Folder]
    /// What is known of the strategies by construction; empty where nobody said it.
    package var traits: [String: StrategyTraits] = [:]
    /// All rows by their file, in the order of the folders.
    private let all: [String: [Row]]
    /// The same by file and strategy.
    private let ofStrategy: [String: [String: [Row]]]

    /// Takes folders that were measured on one machine.
    ///
    /// - Parameter readers: each with its experiment and the command line that repeats it, in the order in which they
    ///   were measured; `nil` for the one that its `run.json` records.
    /// - Throws: `ResultError` in one line, for a folder that is damaged, incomplete or of another machine.
    package init(
        _ readers: [(experiment: String, command: String?, reader: ResultReader)]
    ) throws(ResultError) {
        var folders: [Folder] = []
        for (experiment, command, reader) in readers {
            let place = reader.url.path
            if let version = reader.writer?.schema_version, version != RunIdentity.schemaVersion {
                throw ResultError(
                    "\(place): schema_version is \(version), not \(RunIdentity.schemaVersion): measure again")
            }
            // Rows are gone by, for which histograms may have been left out to save space.
            let fault = reader.faults.first { !$0.hasPrefix(HistogramLine.file) }
            guard fault == nil, let record = reader.record else {
                throw ResultError("\(place): \(fault ?? "run.json is missing"): measure again")
            }
            guard record.status == .complete else {
                throw ResultError("\(place): the run is \(record.status.rawValue): measure again")
            }
            if let first = folders.first, !first.record.machine.isLike(record.machine) {
                throw ResultError(
                    "\(place): measured on another machine than \(first.runID): give results of one machine")
            }
            let recorded = (["authbench"] + record.command_line.dropFirst()).joined(separator: " ")
            folders.append(
                Folder(
                    experiment: experiment, reader: reader, record: record, command: command ?? recorded))
        }
        self.folders = folders
        var all: [String: [Row]] = [:]
        for folder in folders {
            for schema in folder.reader.schemas {
                all[schema.file, default: []] += folder.reader.rows(of: schema.file).map {
                    Row(folder: folder, file: schema.file, fields: $0)
                }
            }
        }
        self.all = all
        ofStrategy = all.mapValues { rows in Dictionary(grouping: rows, by: \.strategy) }
    }

    /// The rows of a file, in the order of the folders.
    ///
    /// - Parameters:
    ///   - file: such as `latency.csv`.
    ///   - experiment: `nil` for those of all.
    ///   - strategy: `nil` for all.
    ///   - fields: what other columns hold.
    /// - Returns: each with its folder.
    package func rows(
        _ file: String, of experiment: String? = nil, _ strategy: String? = nil,
        where fields: KeyValuePairs<String, String> = [:]
    ) -> [Row] {
        let rows = strategy == nil ? all[file] : ofStrategy[file]?[strategy ?? ""]
        return (rows ?? []).filter { row in
            (experiment == nil || row.folder.experiment == experiment)
                && fields.allSatisfy { row[$0.key] == $0.value }
        }
    }
}

extension Evidence {
    /// What is known by construction of the strategies that were measured, without the harness's own baseline.
    package func traits(among known: StrategyRegistry) throws -> [String: StrategyTraits] {
        let choices = try StrategyChoice.named(strategies, among: known)
            .filter { $0.descriptor.transport != .none }
        return Dictionary(
            choices.map { ($0.descriptor.id, StrategyTraits($0)) }, uniquingKeysWith: { first, _ in first })
    }
}

extension MachineRecord {
    /// Whether times measured on both may stand side by side.
    fileprivate func isLike(_ other: MachineRecord) -> Bool {
        cpu_model == other.cpu_model && cores == other.cores && kernel == other.kernel
            && cgroup?.cpu_quota_cores == other.cgroup?.cpu_quota_cores
    }
}
