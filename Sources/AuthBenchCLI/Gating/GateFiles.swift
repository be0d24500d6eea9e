import AuthReport
import Foundation

/// The reports of a gate beside its recording: one rendering each, for people and for machines.
enum GateFiles {
    static let names: [(format: VerdictFormat, name: String)] = [
        (.table, "report.txt"), (.markdown, "report.md"), (.json, "report.json"), (.junit, "report.xml"),
        (.csv, "gate.csv"),
    ]

    /// Writes each file whole or not at all.
    static func write(_ report: VerdictReport, into folder: URL) throws {
        for (format, name) in names {
            let file = folder.appendingPathComponent(name)
            do { try Data(try format.text(report).utf8).write(to: file, options: .atomic) } catch {
                throw Fault.runtime("\(file.path) could not be written: \(error.reason)")
            }
        }
    }
}
