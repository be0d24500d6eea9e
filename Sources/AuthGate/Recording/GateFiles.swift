import AuthVerdict
import Backends
import Foundation

/// The folder of one gate: its recording, and the reports beside it, one rendering each for people and for machines.
///
/// No other gate can write into it meanwhile, and nothing in it is written over but what an earlier gate wrote.
package final class GateFiles {
    static let recordingName = "recording.jsonl"
    static let names: [(format: VerdictFormat, name: String)] = [
        (.table, "report.txt"), (.markdown, "report.md"), (.json, "report.json"), (.junit, "report.xml"),
        (.csv, "gate.csv"),
    ]

    private let folder: URL
    let recording: ClaimedFile
    /// What goes again when nothing is recorded.
    let made = MadeFiles()

    /// Makes the folder where it is missing, and takes it for this gate.
    ///
    /// - Throws: `GateError` when another gate has it, or something in it that a gate would write over is not a gate's.
    init(_ folder: URL) throws {
        self.folder = folder
        do { try made.makeFolders(folder.path) } catch {
            throw GateError.badOutput("--out \(folder.path) cannot be made: \(error.reason)")
        }
        do { recording = try Self.claim(folder) } catch {
            made.removeAll()
            throw error
        }
        if recording.isNew { made.note(recording.path) }
    }

    private static func claim(_ folder: URL) throws -> ClaimedFile {
        for name in [recordingName] + names.map(\.name) {
            let path = folder.appendingPathComponent(name).path
            if let kind = FileStatus(at: path)?.kind, kind != .file {
                throw GateError.badOutput(
                    "--out: \(path) is a \(kind), where a gate writes a file: name another folder")
            }
        }
        let path = folder.appendingPathComponent(recordingName).path
        func refuseReports() throws(FileError) {
            for (_, name) in names where FileStatus(at: folder.appendingPathComponent(name).path) != nil {
                throw FileError(
                    folder.appendingPathComponent(name).path,
                    "was not written by a gate, and a gate would overwrite it: name another folder")
            }
        }
        let recording: ClaimedFile
        do {
            recording = try ClaimedFile.claim(path) { (_) throws(FileError) in try refuseReports() }
            if !recording.isNew, recording.head(1).isEmpty { try refuseReports() }
        } catch { throw GateError.badOutput("--out: \(error)") }
        guard recording.head(1).isEmpty || isRecording(recording) else {
            throw GateError.badOutput("--out: \(path) is not the recording of a gate: name another folder")
        }
        return recording
    }

    /// Whether a file begins as a gate's recording does.
    private static func isRecording(_ file: ClaimedFile) -> Bool {
        let line = file.head(1 << 20).prefix { $0 != UInt8(ascii: "\n") }
        let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
        return object?["header"] != nil
    }

    /// Makes the recording empty and removes the reports of an earlier one, so that none stands beside another's.
    ///
    /// What is there is a gate's: `claim` lets nothing else pass.
    func beginRecording() throws(FileError) {
        for (_, name) in Self.names {
            let path = folder.appendingPathComponent(name).path
            FileStatus(at: path)?.remove(from: path)
        }
        try recording.empty()
        made.keep()
    }

    /// Writes each report whole or not at all.
    package func write(_ report: VerdictReport) throws {
        for (format, name) in Self.names {
            let file = folder.appendingPathComponent(name)
            do {
                let data = Data(try format.text(report).utf8)
                try Signals.afterwards { try data.write(to: file, options: .atomic) }
            } catch {
                throw GateError.failed("\(file.path) could not be written: \(error.reason)")
            }
        }
    }
}
