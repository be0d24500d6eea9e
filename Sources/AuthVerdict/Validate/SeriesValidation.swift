import AuthResults
import Foundation

/// Checks the folder of a series: each experiment like any result folder, and the tables against what they are made of.
package struct SeriesValidation {
    /// One line for each fault; empty for a sound folder.
    package private(set) var faults: [String] = []
    package private(set) var rowCount = 0
    package private(set) var histogramCount = 0

    /// Whether a folder is that of a series.
    package static func applies(to folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent(SeriesRecord.file).path)
    }

    package init(_ folder: URL) {
        let series: SeriesRecord
        do throws(ResultError) { series = try SeriesRecord(readFrom: folder) } catch {
            faults = ["\(error)"]
            return
        }
        for entry in series.experiments where entry.status != nil {
            for run in entry.runs { check("\(entry.folder)/\(run)", in: folder) }
        }
        if !series.experiments.contains(where: { $0.status != nil }) {
            faults.append("\(SeriesRecord.file): no experiment came to its end, so nothing was measured")
        }
        guard faults.isEmpty, series.experiments.contains(where: { $0.point != nil }) else { return }
        do throws(ResultError) {
            for (schema, text) in try series.sweepFiles(in: folder) {
                compare(text, with: schema.file, in: folder)
            }
        } catch { faults.append("\(error)") }
    }

    private mutating func check(_ name: String, in folder: URL) {
        let validation = Validation(folder.appendingPathComponent(name))
        faults += validation.faults.map { "\(name)/\($0)" }
        rowCount += validation.rowCount
        histogramCount += validation.histogramCount
    }

    /// Each line of a table must be the one that follows from the experiments.
    private mutating func compare(_ text: String, with file: String, in folder: URL) {
        guard let data = try? Data(contentsOf: folder.appendingPathComponent(file)) else {
            faults.append("\(file): is missing or cannot be read")
            return
        }
        let wanted = text.split(separator: "\n", omittingEmptySubsequences: false)
        let own = String(decoding: data, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        rowCount += max(0, own.count - 2)
        for (index, lines) in zip(own, wanted).enumerated() where lines.0 != lines.1 {
            faults.append("\(file), line \(index + 1): it is not what follows from the experiments")
        }
        if own.count != wanted.count {
            faults.append(
                "\(file): \(own.count - 1) lines, and \(wanted.count - 1) follow from the experiments")
        }
    }
}
