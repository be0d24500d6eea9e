import Backends
import Foundation

/// `series.json`: which experiments a series has, each as the command line that repeats it, and how each ended.
package struct SeriesRecord: Codable, Sendable {
    /// The file in the folder of the series, which holds one folder for each experiment.
    package static let file = "series.json"

    package struct Entry: Codable, Sendable {
        package var name: String
        package var arguments: [String]
        /// Its folder in that of the series.
        package var folder: String
        /// Where a sweep measured; `null` in another series.
        @OrNull package var point: SweepTable.Point?
        /// The result folders that it wrote there.
        package var runs: [String] = []
        /// The exit status; `null` while it runs, and for ever where it was stopped.
        @OrNull package var status: Int32?
        /// Its last word, where it had one.
        @OrNull package var message: String?

        package init(name: String, arguments: [String], folder: String, point: SweepTable.Point?) {
            (self.name, self.arguments, self.folder) = (name, arguments, folder)
            self.point = point
        }
    }

    package var schema_version = RunIdentity.schemaVersion
    package var authbench: String
    /// The command that made the series, and its options without those that say where and how it is shown.
    package var command: String
    package var options: [String]
    package var started_at: String
    package var machine: MachineRecord
    /// What a search for capacities keeps; `null` in another series.
    @OrNull package var capacity: CapacityPlan?
    /// In the order in which they began.
    package var experiments: [Entry] = []

    package init(authbench: String, command: String, options: [String]) {
        (self.authbench, self.command, self.options) = (authbench, command, options)
        started_at = RunClock.timestamp()
        machine = MachineRecord.current()
    }

    /// Reads the record of a folder.
    ///
    /// - Throws: `ResultError` in one phrase, for a folder that is no series of this version of the schema.
    package init(readFrom folder: URL) throws(ResultError) {
        guard let data = try? Data(contentsOf: folder.appendingPathComponent(Self.file)) else {
            throw ResultError("has no \(Self.file): it is not the folder of a series")
        }
        let version = (try? JSONDecoder().decode(ResultReader.Writer.self, from: data))?.schema_version
        if let version, version != RunIdentity.schemaVersion {
            throw ResultError(
                "\(Self.file): schema_version is \(version), not \(RunIdentity.schemaVersion): measure again")
        }
        do { self = try JSONDecoder().decode(Self.self, from: data) } catch {
            throw ResultError("\(Self.file): \(error.jsonReason)")
        }
        // The names lead to what is read.
        for name in experiments.flatMap({ [$0.folder] + $0.runs })
        where name.isEmpty || name.hasPrefix(".") || name.contains("/") {
            throw ResultError("\(Self.file): \"\(name.printable)\" is no name of a folder")
        }
    }

    /// Writes it, whole or not at all.
    package func write(to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(self) + Data("\n".utf8)
        try Signals.afterwards {
            try data.write(to: folder.appendingPathComponent(Self.file), options: .atomic)
        }
    }

    /// Reads the result folders of an experiment that ended.
    ///
    /// - Parameters:
    ///   - name: of the experiment.
    ///   - folder: of the series.
    /// - Returns: `nil` where no experiment of this name ended.
    /// - Throws: `ResultError` for one that is damaged, or not complete.
    package func results(of name: String, in folder: URL) throws(ResultError) -> [ResultReader]? {
        guard let entry = experiments.last(where: { $0.name == name && $0.status != nil }) else { return nil }
        var readers: [ResultReader] = []
        for run in entry.runs {
            let reader = ResultReader(
                folder.appendingPathComponent(entry.folder).appendingPathComponent(run))
            if let fault = reader.faults.first { throw ResultError("\(entry.folder)/\(run): \(fault)") }
            guard reader.record?.status == .complete else {
                throw ResultError("\(entry.folder)/\(run): run.json does not say that the run is complete")
            }
            readers.append(reader)
        }
        return readers
    }
}

extension SeriesRecord {
    /// The tables of a sweep, each as the text of its file, from the files of its experiments.
    ///
    /// - Throws: `ResultError` for an experiment that is damaged, or not the one that a search asks for.
    package func sweepFiles(in folder: URL) throws(ResultError) -> [(schema: Schema, text: String)] {
        let rows = try SweepTable.rows(self, in: folder)
        let levels = ScalabilityTable.rows(rows)
        var files = [(Schema.sweep, CSV.text(SweepTable.columns, rows))]
        if !levels.isEmpty { files.append((Schema.scalability, CSV.text(ScalabilityTable.columns, levels))) }
        if let capacity {
            files.append(
                (Schema.capacity, CSV.text(CapacityTable.columns, try CapacityTable.rows(rows, capacity))))
        }
        return files
    }
}
