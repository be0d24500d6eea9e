import Backends
import Foundation

/// A program that measures slices, kept alive and asked line by line, with the server that it asks where it has one.
final class ProgramUnderTest {
    /// Longer than any slice or preparation takes.
    private static let patience_s = 60.0
    private static let patienceForGreeting_s = 10.0
    /// A server that has failed a request may be about to end.
    private static let lastBreath_s = 1.0

    private let name: String
    private let process: ChildProcess
    private let requests: FileHandle
    private var reader: LineReader
    private let errors: URL
    /// Somebody's server that it measures over HTTP.
    let server: ServerUnderTest?

    /// Starts the program; it greets meanwhile.
    ///
    /// - Parameters:
    ///   - url: the program.
    ///   - name: how it is called in messages.
    ///   - folder: where what it says on stderr is kept, for its last words.
    ///   - server: the server that it is to measure, which ends with it.
    /// - Throws: `GateError` when it cannot be started.
    init(_ url: URL, name: String, folder: URL, asking server: ServerUnderTest? = nil) throws {
        (self.name, self.server) = (name, server)
        errors = folder.appendingPathComponent("\(UUID().uuidString.prefix(8)).stderr")
        guard FileManager.default.createFile(atPath: errors.path, contents: nil) else {
            throw GateError.failed("\(errors.path) cannot be written")
        }
        let (input, output) = (Pipe(), Pipe())
        let complaints = try FileHandle(forWritingTo: errors)
        do throws(FileError) {
            process = try ChildProcess(
                url, ["serve-slices"] + (server?.arguments ?? []),
                descriptors: [input.fileHandleForReading, output.fileHandleForWriting, complaints])
        } catch { throw GateError.failed("\(name) cannot be started: \(error.reason)") }
        // Our own copies must be gone, or its end would never show as the end of its output.
        try? output.fileHandleForWriting.close()
        try? input.fileHandleForReading.close()
        requests = input.fileHandleForWriting
        reader = LineReader(output.fileHandleForReading)
    }

    /// Reads its greeting, before anything else is asked.
    ///
    /// - Returns: what it says of itself.
    /// - Throws: `GateError` when it speaks another protocol, or none.
    @discardableResult
    func greet() throws -> SliceProtocol.Greeting {
        let line = try? reader.next(patience_s: Self.patienceForGreeting_s)
        guard
            let greeting = line.flatMap({ try? JSONDecoder().decode(SliceProtocol.Greeting.self, from: $0) })
        else {
            end(within_s: 0.5)
            throw GateError.failed(
                "\(name) does not speak the slice protocol: name a program that can run authbench gate\(lastWords)"
            )
        }
        guard greeting.slice_protocol == SliceProtocol.version else {
            throw GateError.failed(
                "\(name) speaks slice protocol \(greeting.slice_protocol), and this authbench speaks \(SliceProtocol.version): "
                    + "build both with one version of authbench")
        }
        return greeting
    }

    deinit { end() }

    /// Has cases made ready, as soon as its server is; others may be told the same meanwhile.
    func send(_ preparation: SliceProtocol.Preparation) throws {
        try server?.awaitAnswer()
        try send(.init(prepare: preparation))
    }

    /// Waits until the cases are ready.
    ///
    /// - Returns: the hash of each one's trace.
    func awaitPrepared(_ count: Int) throws -> [String] {
        guard let prepared = try answer(doing: "preparing").prepared, prepared.trace_sha256.count == count
        else {
            throw GateError.failed(
                "\(name) did not say what it has prepared: build both with one version of authbench")
        }
        return prepared.trace_sha256
    }

    /// Has one slice measured and its decisions checked; the CPU time is the server's where it asks one.
    func measure(_ caseIndex: Int, operations: Int, doing: String) throws -> SliceProtocol.Slice {
        let before_ns = server?.used_ns()
        var slice = try measuredSlice(caseIndex, operations: operations, doing: doing)
        if let server, let before_ns { slice.cpu_ns = server.used_ns(since: before_ns) }
        return slice
    }

    private func measuredSlice(
        _ caseIndex: Int, operations: Int, doing: String
    ) throws -> SliceProtocol.Slice {
        try send(.init(measure: .init(caseIndex: caseIndex, operations: operations)))
        // It is a program of somebody else's: what it counts must be what can be added up.
        guard let slice = try answer(doing: doing).slice, slice.wall_ns > 0,
            [
                slice.accepted, slice.refused, slice.voluntary_switches, slice.involuntary_switches,
                slice.store_commands,
            ]
            .allSatisfy({ $0 < 1 << 40 })
        else {
            throw GateError.failed("\(name) did not answer with a slice while \(doing)")
        }
        if slice.errors > 0 {
            try server?.check("while \(doing)", within_s: Self.lastBreath_s)
            throw GateError.failed(
                "\(name): \(slice.errors) errors in \(doing): \(slice.first_error ?? "unknown")")
        }
        guard slice.false_accepts == 0, slice.false_rejects == 0 else {
            throw GateError.failed(
                "\(name) decides wrongly in \(doing): \(slice.false_accepts) false accepts, "
                    + "\(slice.false_rejects) false rejects in \(operations) requests")
        }
        return slice
    }

    /// What the slices of a case have left since it was last asked for.
    func times(_ caseIndex: Int, doing: String) throws -> SliceProtocol.Times {
        // Between slices: it may have other processes now.
        server?.look()
        try send(.init(times: caseIndex))
        guard let times = try answer(doing: doing).times else {
            throw GateError.failed("\(name) did not tell the service times of \(doing)")
        }
        return times
    }

    /// Binds all its threads to these processors.
    func bind(to processors: [Int]) {
        ProcessorBinding.bind(process.id, to: processors)
        server?.bind(to: processors)
    }

    /// Closes its input, which makes it end; `end` waits for that.
    func close() {
        try? requests.close()
        server?.close()
    }

    /// Closes its input and waits for the end, which is forced when it does not come.
    func end(within_s: Double = 5) {
        close()
        process.end(within_s: within_s)
        server?.end()
    }

    private func send(_ request: SliceProtocol.Request) throws {
        let line = try SliceProtocol.line(request)
        // A program that is gone takes nothing; its end shows in the answer.
        try? requests.write(contentsOf: line)
    }

    private func answer(doing: String) throws -> SliceProtocol.Answer {
        let line: Data
        do { line = try reader.next(patience_s: Self.patience_s) } catch {
            let how = error == .silent ? "did not answer within \(Int(Self.patience_s)) s" : howItEnded()
            throw GateError.failed("\(name) \(how) while \(doing)\(lastWords)")
        }
        guard let answer = try? JSONDecoder().decode(SliceProtocol.Answer.self, from: line) else {
            throw GateError.failed("\(name) answered no line of the slice protocol while \(doing)")
        }
        if let error = answer.error {
            try server?.check("while \(doing)", within_s: Self.lastBreath_s)
            throw GateError.failed("\(name), \(doing): \(error)")
        }
        return answer
    }

    private func howItEnded() -> String {
        close()
        switch process.end(within_s: 5) {
        case .status(0): return "ended with status 0, because it called exit,"
        case .status(let status): return "ended with status \(status)"
        case .signal(let number): return "crashed with signal \(number)"
        case nil: return "did not end"
        }
    }

    /// Why it ended by its own account, as the end of a message.
    private var lastWords: String {
        LastWords.reason(in: errors).map { "; it said: \($0.prefix(200))" } ?? ""
    }
}
