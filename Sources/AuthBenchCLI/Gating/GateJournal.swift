import AuthReport
import Backends
import Foundation

/// Keeps a gate's lines as they come: in memory for the verdict, and in a file for whoever wants to see it again.
final class GateJournal {
    private(set) var recording: GateRecording
    private var lines = GateLines()
    private let files: GateFiles?
    private let handle: FileHandle?

    /// Begins a recording.
    ///
    /// - Parameters:
    ///   - header: its first line.
    ///   - files: where it is kept, in place of an earlier recording; `nil` for nowhere.
    /// - Throws: `Fault` when the file cannot be written.
    init(_ header: GateHeader, files: GateFiles?) throws {
        self.files = files
        handle = files?.recording.handle
        recording = GateRecording(header)
        do { try files?.beginRecording() } catch { throw Fault.badData("--out: \(error)") }
        try write(GateLine(header: header))
    }

    /// Adds the lines of a block, or the end.
    func add(_ lines: [GateLine]) throws {
        for line in lines {
            if let fault = recording.add(line) { throw Fault.runtime("the gate's own recording: \(fault)") }
            try write(line)
        }
    }

    func end(_ reason: GateEnd.Reason, wall_ns: UInt64) throws {
        try add([GateLine(end: GateEnd(reason: reason, wall_ns: wall_ns, sha256: try lines.sha256()))])
    }

    private func write(_ line: GateLine) throws {
        let data = try SliceProtocol.line(line)
        lines.append(data)
        do { try handle?.write(contentsOf: data) } catch {
            throw Fault.runtime("\(files?.recording.path ?? "") could not be written: \(error.reason)")
        }
    }
}

/// The bytes of a recording's lines, of which the last one holds the hash.
struct GateLines {
    private var bytes: [UInt8] = []

    mutating func append(_ line: Data) { bytes += line }

    func sha256() throws -> String { SHA256.hexadecimal(of: bytes) }

    /// Reads a recording back.
    ///
    /// - Parameter file: as `GateJournal` wrote it.
    /// - Returns: what was recorded, whole and as it was written.
    /// - Throws: `Fault` with the line that is wrong.
    static func read(_ file: URL) throws -> GateRecording {
        let data: Data
        do { data = Data(try InputFile.bytes(file.path)) } catch { throw Fault.runtime("\(error)") }
        var before = Self()
        var lines: [GateLine] = []
        for text in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
            guard let line = try? JSONDecoder().decode(GateLine.self, from: text) else {
                if lines.isEmpty, let fault = GateHeader.versionFault(text) {
                    throw Fault.runtime("\(file.path): \(fault)")
                }
                throw Fault.runtime("\(file.path), line \(lines.count + 1): no line of a gate's recording")
            }
            if let end = line.end, end.sha256 != (try before.sha256()) {
                throw Fault.runtime(
                    "\(file.path): changed after it was recorded, its lines are not those of its hash; record anew"
                )
            }
            before.append(text + [UInt8(ascii: "\n")])
            lines.append(line)
        }
        guard data.last == UInt8(ascii: "\n") || data.isEmpty else {
            throw Fault.runtime("\(file.path), line \(lines.count + 1): the recording ends within a line")
        }
        do { return try GateRecording(lines) } catch {
            throw Fault.runtime("\(file.path), line \(error.line): \(error.reason)")
        }
    }
}
