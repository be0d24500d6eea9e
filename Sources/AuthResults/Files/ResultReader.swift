import Foundation

/// A result folder as it was read, each part with the faults found in reading it.
package struct ResultReader {
    package let url: URL
    /// One line for each thing that could not be read, beginning with the file's name.
    package private(set) var faults: [String] = []
    /// `run.json`, which the other files are checked against.
    package private(set) var record: RunRecord?
    /// What another version of authbench says of a folder that this one cannot read.
    package private(set) var writer: Writer?

    /// The first thing that is read, whatever else a version writes.
    package struct Writer: Decodable, Sendable {
        package struct Versions: Decodable, Sendable { package var authbench: String? }

        package var schema_version: Int
        package var versions: Versions?
    }

    /// By the file's name.
    package private(set) var tables: [String: CSVTable] = [:]
    package private(set) var histograms: [HistogramLine.Key: HistogramLine] = [:]

    package init(_ url: URL) {
        self.url = url.resolvingSymlinksInPath()
        guard Self.isFolder(self.url) else {
            faults = ["there is no such folder"]
            return
        }
        readRecord()
        for schema in schemas { readTable(schema.file) }
        if content == .run { readHistograms() }
    }

    /// Which command wrote a folder.
    package enum Content: String, CaseIterable {
        case run, exposure, outage, conformance
        case logoutEverywhere

        /// The files that must be there.
        package var schemas: [Schema] {
            switch self {
            case .run: Schema.run
            case .exposure: [Schema.exposure]
            case .outage: Schema.outage
            case .conformance: [Schema.conformance]
            case .logoutEverywhere: Schema.logoutEverywhere
            }
        }

        /// What the folder holds, for a command that takes runs only; `nil` for a run.
        package var foreignWord: String? {
            switch self {
            case .run: nil
            case .exposure: "exposures"
            case .outage: "outages"
            case .conformance: "a checklist"
            case .logoutEverywhere: "logouts"
            }
        }
    }

    /// By its first file; a folder with none is taken for a run's.
    package var content: Content {
        [Content.exposure, .outage, .conformance, .logoutEverywhere].first { content in
            FileManager.default.fileExists(atPath: url.appendingPathComponent(content.schemas[0].file).path)
        } ?? .run
    }

    /// The files that must be there.
    package var schemas: [Schema] { content.schemas }

    private static func isFolder(_ url: URL) -> Bool {
        (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
    }

    private mutating func readRecord() {
        guard let data = read("run.json") else { return }
        writer = try? JSONDecoder().decode(Writer.self, from: data)
        do { record = try JSONDecoder().decode(RunRecord.self, from: data) } catch {
            faults.append("run.json: \(error.jsonReason)")
        }
    }

    private mutating func readTable(_ name: String) {
        guard let data = read(name) else { return }
        guard let text = String(validating: data, as: UTF8.self) else {
            faults.append("\(name): is not UTF-8")
            return
        }
        do { tables[name] = try CSVTable(text) } catch { faults.append("\(name): \(error)") }
    }

    private mutating func readHistograms() {
        guard let data = read(HistogramLine.file) else { return }
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.dropLast().enumerated() {
            let place = "\(HistogramLine.file), line \(index + 1)"
            do {
                let one = try HistogramLine(json: Data(line))
                if histograms.updateValue(one, forKey: one.key) != nil {
                    faults.append("\(place): a second line of \(one.key)")
                }
            } catch { faults.append("\(place): \(error)") }
        }
        if lines.last?.isEmpty == false { faults.append("\(HistogramLine.file): ends within a line") }
    }

    private mutating func read(_ name: String) -> Data? {
        do { return try Data(contentsOf: url.appendingPathComponent(name)) } catch {
            faults.append("\(name): is missing or cannot be read")
            return nil
        }
    }
}

extension ResultReader {
    package func rows(of file: String) -> [TableRow] { tables[file]?.rows(of: file) ?? [] }

    /// Those measured, in the order of `size.csv`, which is that of the registry.
    package var strategies: [String] {
        let measured = Set(rows(of: "throughput.csv").map { $0["strategy"] })
        var seen: Set<String> = []
        return rows(of: "size.csv").map { $0["strategy"] }
            .filter { measured.contains($0) && seen.insert($0).inserted }
    }
}
