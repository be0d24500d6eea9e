import AuthDecision
import AuthResults
import AuthStrategies
import Foundation

/// The result folder of a real `authbench claims --quick`, without its histograms, which no claim reads.
struct Recorded {
    static let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Recordings/claims")

    /// A copy in which cells are changed.
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("claims-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Self.url, to: url)
    }

    /// A copy that somebody else has made.
    init(copiedTo url: URL) { self.url = url }

    func remove() { try? FileManager.default.removeItem(at: url) }

    /// Reads a folder as `authbench claims --results` does.
    static func evidence(_ url: URL = url) throws -> Evidence {
        let record = try SeriesRecord(readFrom: url)
        var readers: [(experiment: String, command: String?, reader: ResultReader)] = []
        for entry in record.experiments where entry.status != nil {
            for reader in try record.results(of: entry.name, in: url) ?? [] {
                readers.append(
                    (entry.name, (["authbench"] + entry.arguments).joined(separator: " "), reader))
            }
        }
        var evidence = try Evidence(readers)
        evidence.traits = try evidence.traits(among: builtinStrategies)
        return evidence
    }

    func verdict(_ claim: String) throws -> Claim.Verdict? {
        try Claim.all.first { $0.id == claim }?.outcome(of: Self.evidence(url)).verdict
    }

    /// Changes cells of a file of every run of an experiment.
    ///
    /// - Returns: how many.
    @discardableResult
    func change(
        _ file: String, of experiment: String, where fields: KeyValuePairs<String, String>, _ column: String,
        _ change: (String) -> String
    ) throws -> Int {
        var count = 0
        for run in try SeriesRecord(readFrom: url).results(of: experiment, in: url) ?? [] {
            guard var table = run.tables[file], let place = table.header.firstIndex(of: column) else {
                continue
            }
            for index in table.rows.indices {
                let row = table.rows[index]
                let isMeant = fields.allSatisfy { name, value in
                    table.header.firstIndex(of: name).map { row[$0] == value } ?? false
                }
                guard isMeant else { continue }
                table.rows[index][place] = change(row[place])
                count += 1
            }
            try Data(table.text.utf8).write(to: run.url.appendingPathComponent(file))
        }
        return count
    }
}

func times(_ factor: Double) -> (String) -> String {
    { text in Double(text).map { ($0 * factor).formatted(digits: 0) } ?? text }
}

func always(_ value: String) -> (String) -> String { { _ in value } }
