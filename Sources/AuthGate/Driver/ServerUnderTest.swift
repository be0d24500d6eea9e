import AuthCore
import Backends
import Foundation

/// Somebody's server in two versions, each started by a command of the shell and asked over HTTP by this program.
package struct GateTarget: Sendable {
    /// What stands for the port in an address.
    package static let portPlace = "{{port}}"

    package var base: String
    package var head: String
    /// What the server is called in tables.
    package var name: String
    /// Where it is asked: `http://host:{{port}}`, maybe with a path.
    package var url: String
    /// How it is asked, as JSON.
    package var contract: String
    /// The path that it answers as soon as it is ready.
    package var health: String
    /// Whether that path must answer with success; any answer will do otherwise.
    package var healthMeansSuccess: Bool

    package init(
        base: String, head: String, name: String, url: String, contract: String, health: String,
        healthMeansSuccess: Bool
    ) {
        (self.base, self.head, self.name, self.url) = (base, head, name, url)
        (self.contract, self.health, self.healthMeansSuccess) = (contract, health, healthMeansSuccess)
    }

    func command(_ role: GateRole) -> String { role == .base ? base : head }

    /// What a side is called in messages.
    func name(_ role: GateRole) -> String {
        let (command, most) = (command(role).printable, 60)
        return "\(role.rawValue) (\(command.count > most ? command.prefix(most) + "…" : command[...]))"
    }

    /// The address at a port.
    fileprivate func url(at port: UInt16) -> String {
        url.replacing(Self.portPlace, with: String(port))
    }
}

/// A server of either side in a process group of its own, for one block.
///
/// Its command finds the port in `PORT`, and in `TMPDIR` an empty folder that goes with it.
final class ServerUnderTest {
    /// How long a server may take until it answers.
    static let patience_s = 30.0
    /// How long it may take to end by itself.
    private static let farewell_s = 3.0
    private static let pollInterval_us: UInt32 = 10_000

    /// How it is called in messages.
    let name: String
    /// What it says that it is, in the header field `Server`; empty where it says nothing.
    private(set) var software = ""
    /// What makes this program measure it.
    let arguments: [String]
    private let target: GateTarget
    private let reserved: ReservedPort
    private let address: HTTPAddress
    var port: UInt16 { address.port }
    private let output: URL
    private let process: ChildProcess
    private let group: ProcessGroup
    private var members: [Int32] = []
    /// Whether its end was collected, so that its number may be another process's.
    private var hasEnded = false

    /// Starts the server; it makes itself ready meanwhile.
    ///
    /// - Parameters:
    ///   - target: what is started, and how it is asked.
    ///   - role: which of the two.
    ///   - parent: where its folder is made.
    /// - Throws: `GateError` when no port is free or the shell cannot be started.
    init(_ target: GateTarget, _ role: GateRole, in parent: URL) throws {
        (self.target, name) = (target, "the server of \(target.name(role))")
        guard let reserved = ReservedPort(), let address = HTTPAddress(url: target.url(at: reserved.number))
        else { throw GateError.failed("no port of 127.0.0.1 is free for \(name)") }
        self.reserved = reserved
        self.address = address
        let folder = parent.appendingPathComponent("server-\(UUID().uuidString.prefix(8))")
        let temporaries = folder.appendingPathComponent("tmp")
        output = folder.appendingPathComponent("output")
        let contract = folder.appendingPathComponent("contract.json")
        arguments = ["--target", "\(target.name)=\(address.url)", "--contract", contract.path]
        var environment = ProcessInfo.processInfo.environment
        (environment["PORT"], environment["TMPDIR"]) = (String(address.port), temporaries.path)
        do {
            try FileManager.default.createDirectory(at: temporaries, withIntermediateDirectories: true)
            try Data(target.contract.utf8).write(to: contract)
            try Data().write(to: output)
            let log = try FileHandle(forWritingTo: output)
            defer { try? log.close() }
            process = try ChildProcess(
                URL(fileURLWithPath: "/bin/sh"), ["-c", target.command(role)], environment: environment,
                descriptors: [nil, log, log])
        } catch { throw GateError.failed("\(name) cannot be started: \(error.reason)") }
        group = ProcessGroup(of: process.id)
    }

    deinit { end() }

    // MARK: Its beginning

    /// Waits until it answers.
    ///
    /// - Parameter patience_s: how long it may take.
    /// - Throws: `GateError` when it ends before, or does not answer in time.
    func awaitAnswer(within_s patience_s: Double = ServerUnderTest.patience_s) throws(GateError) {
        let limit = ContinuousClock.now + .seconds(patience_s)
        let place = "http://\(address.authority)\(address.path)\(target.health)"
        while let fault = fault() {
            try check("before it answered at \(place)")
            guard ContinuousClock.now < limit else {
                throw GateError.failed(
                    "\(name) was not ready at \(place) within \(patience_s.formatted(digits: 1)) s: \(fault); "
                        + "let it listen at the port in the variable PORT, or name another path with --health"
                        + lastWords)
            }
            usleep(Self.pollInterval_us)
        }
        look()
        // Another process would be compared, or the server's processor time not be seen.
        guard !Set(Listeners.processIDs(of: port)).isDisjoint(with: members) else {
            throw GateError.failed(
                "\(name) does not listen at port \(port) itself, and another process does: "
                    + "keep the server in the foreground, and outside of containers")
        }
    }

    /// Why it is not ready, if so.
    private func fault() -> String? {
        do throws(HTTPError) {
            var connection = try HTTPConnection(address, timeout_ms: 1000)
            let request =
                "GET \(address.path)\(target.health) HTTP/1.1\r\nHost: \(address.authority)\r\nConnection: close\r\n\r\n"
            let status = try connection.exchange(isRepeatable: true) { $0.append(contentsOf: request.utf8) }
            guard !target.healthMeansSuccess || 200..<400 ~= status else { return "it answered \(status)" }
            connection.withAnswer { answer in
                answer.withEach("server") { line in
                    software = String(decoding: line.indices.map { line[$0] }, as: UTF8.self).printable
                }
            }
            return nil
        } catch { return "\(error)" }
    }

    /// Throws when it has ended.
    ///
    /// - Parameters:
    ///   - moment: the end of the sentence.
    ///   - patience_s: how long it may take to end; connections break before.
    /// - Throws: `GateError` with its last words.
    func check(_ moment: String, within_s patience_s: Double = 0) throws(GateError) {
        let how: String
        switch process.wait(within_s: patience_s) {
        case nil: return
        case .status(let status): how = "ended with status \(status)"
        case .signal(let number): how = "ended by signal \(number)"
        }
        hasEnded = true
        throw GateError.failed("\(name) \(how) \(moment)\(lastWords)")
    }

    /// What it printed last, as the end of a message.
    private var lastWords: String {
        LastWords.reason(in: output).map { "; it said: \($0.prefix(200))" } ?? ""
    }

    // MARK: While it is measured

    /// Notes which processes it has now.
    func look() { members = group.members() }

    /// CPU time of each of its processes so far.
    func used_ns() -> [Int32: UInt64] { OtherProcessCPU.eachUsed_ns(members) }

    /// CPU time since then; what a process used that has ended meanwhile is not in it.
    func used_ns(since before: [Int32: UInt64]) -> UInt64 {
        used_ns().reduce(0) { $0 + $1.value - min($1.value, before[$1.key] ?? 0) }
    }

    /// Binds all its threads to these processors.
    func bind(to processors: [Int]) {
        look()
        for process in members { ProcessorBinding.bind(process, to: processors) }
    }

    // MARK: Its end

    /// Asks it to end; `end` waits for that.
    func close() { if !hasEnded { group.signal(SIGTERM) } }

    /// Asks it to end, and ends by force what has not after a while.
    func end() {
        guard !hasEnded else { return }
        close()
        if !group.hasEnded(within_s: Self.farewell_s) {
            group.signal(SIGKILL)
            _ = group.hasEnded(within_s: Self.farewell_s)
        }
        process.end()
        hasEnded = true
    }
}
