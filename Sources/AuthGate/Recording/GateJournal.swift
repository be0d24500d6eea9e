import AuthCore
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
    /// - Throws: `GateError` when the file cannot be written.
    init(_ header: GateHeader, files: GateFiles?) throws {
        self.files = files
        handle = files?.recording.handle
        recording = GateRecording(header)
        do { try files?.beginRecording() } catch { throw GateError.badOutput("--out: \(error)") }
        try write(GateLine(header: header))
    }

    /// Adds the lines of a block, or the end.
    func add(_ lines: [GateLine]) throws {
        for line in lines {
            if let fault = recording.add(line) {
                throw GateError.failed("the gate made a recording that cannot be read: \(fault)")
            }
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
            throw GateError.failed("\(files?.recording.path ?? "") could not be written: \(error.reason)")
        }
    }
}

/// The bytes of a recording's lines, of which the last one holds the hash.
package struct GateLines {
    private var bytes: [UInt8] = []

    mutating func append(_ line: Data) { bytes += line }

    func sha256() throws -> String { SHA256.hexadecimal(of: bytes) }

    /// Reads a recording back.
    ///
    /// - Parameter file: as `GateJournal` wrote it.
    /// - Returns: what was recorded, whole and as it was written.
    /// - Throws: `GateError` with the line that is wrong.
    package static func read(_ file: URL) throws -> GateRecording {
        let data: Data
        do { data = Data(try InputFile.bytes(file.path)) } catch { throw GateError.failed("\(error)") }
        var before = Self()
        var lines: [GateLine] = []
        for text in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
            guard let line = try? JSONDecoder().decode(GateLine.self, from: text) else {
                if lines.isEmpty, let fault = GateHeader.versionFault(text) {
                    throw GateError.failed("\(file.path): \(fault)")
                }
                throw GateError.failed("\(file.path), line \(lines.count + 1): no line of a gate's recording")
            }
            if let end = line.end, end.sha256 != (try before.sha256()) {
                throw GateError.failed(
                    "\(file.path): changed after it was recorded, because its lines do not match its hash: record again"
                )
            }
            before.append(text + [UInt8(ascii: "\n")])
            lines.append(line)
        }
        guard data.last == UInt8(ascii: "\n") || data.isEmpty else {
            throw GateError.failed("\(file.path), line \(lines.count + 1): the recording ends within a line")
        }
        do { return try GateRecording(lines) } catch {
            throw GateError.failed("\(file.path), line \(error.line): \(error.reason)")
        }
    }
}

extension GateHeader.Case {
    var protocolCase: SliceProtocol.Case { .init(strategy: strategy, operation: operation) }
}

extension SliceProtocol.Case {
    /// That of the operation; main for one that this gate does not know.
    var rank: GateRank { GateOperation.all.first { $0.name == operation }?.rank ?? .main }
}

extension GateMeasurement {
    /// Adds what one side did in the next slice, and how long the store's process worked meanwhile.
    mutating func add(_ slice: SliceProtocol.Slice, storeCPU_ns: UInt64?, _ role: GateRole) {
        add(role, wall_ns: slice.wall_ns, cpu_ns: slice.cpu_ns, storeCPU_ns: storeCPU_ns)
        self[role].store_commands += slice.store_commands
        self[role].accepted += slice.accepted
        self[role].refused += slice.refused
        self[role].voluntary_switches += slice.voluntary_switches
        self[role].involuntary_switches += slice.involuntary_switches
    }

    /// Notes how far away the store was meanwhile.
    mutating func note(_ distance: StoreDistance) {
        (store_rtt_p50_ns, store_rtt_p99_ns) = (distance.p50_ns, distance.p99_ns)
    }
}

extension GateBlock {
    /// Notes what the kernel counted between two moments.
    mutating func note(_ before: KernelCounters, _ after: KernelCounters) {
        let spent = after.since(before)
        throttled_ns = spent.throttled_ns
        swapped_in_pages = spent.swappedIn_pages
        steal_share = spent.steal_share
    }
}
