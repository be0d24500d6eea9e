import Backends
import Foundation

/// A program that measures slices, kept alive and asked line by line.
final class ProgramUnderTest {
    /// Longer than any slice or preparation takes.
    private static let patience_s = 60.0

    let greeting: SliceProtocol.Greeting
    private let name: String
    private let process = Process()
    private let (requests, answers) = (Pipe(), Pipe())
    private let errors: URL
    private var unread = Data()

    /// Starts the program and reads its greeting.
    ///
    /// - Parameters:
    ///   - url: the program.
    ///   - name: how it is called in messages.
    ///   - folder: where what it says on stderr is kept, for its last words.
    /// - Throws: `Fault` when it cannot be started or speaks another protocol.
    init(_ url: URL, name: String, folder: URL) throws {
        self.name = name
        errors = folder.appendingPathComponent("\(UUID().uuidString.prefix(8)).stderr")
        guard FileManager.default.createFile(atPath: errors.path, contents: nil) else {
            throw Fault.runtime("\(errors.path) cannot be written")
        }
        process.executableURL = url
        process.arguments = ["serve-slices"]
        process.standardInput = requests
        process.standardOutput = answers
        process.standardError = try FileHandle(forWritingTo: errors)
        do { try process.run() } catch {
            throw Fault.runtime("\(name) cannot be started: \(error.reason)")
        }
        // Our own copies must be gone, or its end would never show as the end of its output.
        try? answers.fileHandleForWriting.close()
        try? requests.fileHandleForReading.close()
        var mine = Data()
        let line = Self.line(answers.fileHandleForReading, &mine, of: process)
        let greeting = line.flatMap { try? JSONDecoder().decode(SliceProtocol.Greeting.self, from: $0) }
        guard let greeting else {
            process.terminate()
            process.waitUntilExit()
            throw Fault.runtime(
                "\(name) does not speak the slice protocol: is it an authbench with \"gate\"?\(Self.lastWords(errors))")
        }
        self.greeting = greeting
        unread = mine
        guard greeting.slice_protocol == SliceProtocol.version else {
            end()
            throw Fault.runtime(
                "\(name) speaks slice protocol \(greeting.slice_protocol), this authbench \(SliceProtocol.version): "
                    + "run the gate of a version that both were built from")
        }
    }

    deinit { end() }

    /// Has cells made ready; others may be told the same meanwhile.
    func send(_ preparation: SliceProtocol.Preparation) throws { try send(.init(prepare: preparation)) }

    /// Waits until the cells are ready.
    ///
    /// - Returns: the hash of each one's trace.
    func awaitPrepared(_ count: Int) throws -> [String] {
        guard let prepared = try answer(doing: "preparing").prepared, prepared.trace_sha256.count == count else {
            throw Fault.runtime("\(name) did not answer what it had prepared")
        }
        return prepared.trace_sha256
    }

    /// Has one slice measured and its decisions checked.
    func measure(_ cell: Int, operations: Int, doing: String) throws -> SliceProtocol.Slice {
        let order = SliceProtocol.Order(cell: cell, operations: operations)
        try send(.init(measure: order))
        guard let slice = try answer(doing: doing).slice, slice.wall_ns > 0 else {
            throw Fault.runtime("\(name) did not answer with a slice while \(doing)")
        }
        if slice.errors > 0 {
            throw Fault.runtime("\(name): \(slice.errors) errors in \(doing): \(slice.first_error ?? "unknown")")
        }
        guard slice.false_accepts == 0, slice.false_rejects == 0 else {
            throw Fault.runtime(
                "\(name) decides wrongly in \(doing): \(slice.false_accepts) false accepts, "
                    + "\(slice.false_rejects) false rejects in \(operations) requests")
        }
        return slice
    }

    private func send(_ request: SliceProtocol.Request) throws {
        let line = try SliceProtocol.line(request)
        // A program that is gone takes nothing; its end shows in the answer.
        try? requests.fileHandleForWriting.write(contentsOf: line)
    }

    private func answer(doing: String) throws -> SliceProtocol.Answer {
        guard let line = Self.line(answers.fileHandleForReading, &unread, of: process) else {
            throw Fault.runtime("\(name) \(howItEnded()) while \(doing)\(Self.lastWords(errors))")
        }
        guard let answer = try? JSONDecoder().decode(SliceProtocol.Answer.self, from: line) else {
            throw Fault.runtime("\(name) answered no line of the slice protocol while \(doing)")
        }
        if let error = answer.error { throw Fault.runtime("\(name), \(doing): \(error)") }
        return answer
    }

    /// Closes its input, which ends it.
    func end() {
        try? requests.fileHandleForWriting.close()
        guard process.isRunning else { return }
        let id = process.processIdentifier
        let killer = DispatchWorkItem { kill(id, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + 5, execute: killer)
        process.waitUntilExit()
        killer.cancel()
    }

    private func howItEnded() -> String {
        process.waitUntilExit()
        let status = process.terminationStatus
        guard process.terminationReason == .uncaughtSignal else { return "ended with status \(status)" }
        return status == SIGKILL ? "was killed, or did not answer within 60 s," : "crashed with signal \(status)"
    }

    /// The next line; `nil` at the end of the output, and when none comes for too long.
    private static func line(_ handle: FileHandle, _ unread: inout Data, of process: Process) -> Data? {
        let id = process.processIdentifier
        let killer = DispatchWorkItem { kill(id, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + patience_s, execute: killer)
        defer { killer.cancel() }
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread = Data(unread[(end + 1)...]) }
                return Data(unread[..<end])
            }
            let more = handle.availableData
            if more.isEmpty { return nil }
            unread.append(more)
        }
    }

    /// The last line that a program wrote to stderr.
    private static func lastWords(_ errors: URL) -> String {
        let text = try? String(contentsOf: errors, encoding: .utf8)
        return text?.split(whereSeparator: \.isNewline).last.map { "; its last words: \($0.prefix(200))" } ?? ""
    }
}
