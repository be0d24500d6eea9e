import AuthConformance
import AuthCore
import AuthHarness
import Backends
import Foundation

/// Tries one strategy in a process of its own, so that a crash, a hang or a print spoils only its own findings.
struct TrialProcess {
    let strategy: String
    let environment: Environment
    /// The folder for what the strategy prints.
    let folder: URL
    let patience_s: Double
    let stop: StopFlag

    /// Time beyond the patience of the process itself, which may be stopped or too busy to say that it gives up.
    private static let grace_s = 15.0

    private struct Course {
        var findings: [Finding] = []
        var doing = Requirement.all[0].id
        /// The reason why the process gave up.
        var stuck: String?
        var isOver = false
        /// Output that stood where only events belong.
        var stray = Data()
    }

    /// Tries the strategy.
    ///
    /// - Returns: a finding for each requirement, whatever happened to the process; `nil` when a signal stopped it.
    /// - Throws: `CommandError` when no process can be started.
    func run() throws -> [Finding]? {
        let printed = folder.appendingPathComponent("\(UUID().uuidString).stdout")
        let said = folder.appendingPathComponent("\(UUID().uuidString).stderr")
        let (process, input, output) = try start(printed, said)
        // The process ends when nobody listens any more.
        defer { try? input.close() }
        var course = Course()
        let isSilent = !follow(output, &course)
        // A process that has reported its end, or that it is stuck, ends by itself.
        let end = process.end(within_s: isSilent || stop.isRaised ? 0 : 10)
        guard !stop.isRaised else { return nil }
        let words = (try? Data(contentsOf: said)) ?? Data()
        let reason = course.stuck ?? (isSilent ? "it has not answered" : Self.text(of: end, words))
        if course.isOver || course.stuck != nil { forward(words) }
        let brokenOff = course.isOver ? nil : Conformance.End(requirement: course.doing, reason: reason)
        let noise = course.stray + ((try? Data(contentsOf: printed)) ?? Data())
        judge(noise, &course)
        return Conformance.complete(course.findings, of: strategy, end: brokenOff)
    }

    private func start(_ printed: URL, _ said: URL) throws
        -> (ChildProcess, input: FileHandle, output: FileHandle)
    {
        guard FileManager.default.createFile(atPath: said.path, contents: nil) else {
            throw CommandError.runtime("\(said.path) cannot be written: is the disk full?")
        }
        let (input, output) = (Pipe(), Pipe())
        // A backtrace would take seconds, and its last line says less than the first.
        let environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        let words = try FileHandle(forWritingTo: said)
        let process: ChildProcess
        do throws(FileError) {
            process = try ChildProcess(
                URL(fileURLWithPath: "/proc/self/exe"), ["try-strategy"], environment: environment,
                descriptors: [input.fileHandleForReading, output.fileHandleForWriting, words])
        } catch {
            throw CommandError.runtime(
                "the process that tries \(strategy) cannot be started: \(error.reason)")
        }
        try? output.fileHandleForWriting.close()
        try? input.fileHandleForReading.close()
        let order = TrialProtocol.Order(
            strategy, in: self.environment, stdout: printed, patience_s: patience_s)
        // A process that has ended takes nothing; its end shows in the answer.
        try? input.fileHandleForWriting.write(contentsOf: try TrialProtocol.line(order))
        return (process, input.fileHandleForWriting, output.fileHandleForReading)
    }

    /// Records what the process reports, until it ends or a signal stops it.
    ///
    /// - Returns: whether it has ended, or will; false when it was silent for too long.
    private func follow(_ output: FileHandle, _ course: inout Course) -> Bool {
        var reader = LineReader(output)
        var lastWord = ContinuousClock.now
        while !stop.isRaised {
            let line: Data
            do { line = try reader.next(patience_s: 0.1) } catch {
                if error == .ended { return true }
                if lastWord.duration(to: .now) > .seconds(patience_s * 20 + Self.grace_s) { return false }
                continue
            }
            lastWord = .now
            switch try? JSONDecoder().decode(TrialProtocol.Event.self, from: line) {
            case .begins(let requirement): course.doing = requirement
            case .finds(let finding): course.findings.append(finding)
            case .isStuck(let reason): course.stuck = reason
            case .isOver: course.isOver = true
            case nil: course.stray += line
            }
        }
        return true
    }

    /// Judges CRD-08: a strategy must print nothing to stdout.
    private func judge(_ noise: Data, _ course: inout Course) {
        guard let silence = Requirement.all.first(where: { $0.id == Requirement.silence }) else { return }
        guard course.isOver || !noise.isEmpty else { return }
        course.findings.removeAll { $0.requirement == silence.id }
        let text = String(decoding: noise.prefix(60), as: UTF8.self).debugDescription
        course.findings.append(
            Finding(
                silence, of: strategy,
                noise.isEmpty
                    ? .passed(cases: 1)
                    : .failed("it printed \(noise.count) bytes to stdout, which is for data: \(text)")))
    }

    /// Says how a process ended before the end of its trial, and what it said about that first.
    private static func text(of end: ChildProcess.End?, _ words: Data) -> String {
        let how =
            switch end {
            case .signal(let number): "it crashed with signal \(number)"
            case .status(let status): "it ended the process with status \(status)"
            case nil: "it did not end"
            }
        let cause = LastWords.reason(in: String(decoding: words.prefix(65_536), as: UTF8.self))
        return cause.map { "\(how): \($0.prefix(200))" } ?? how
    }

    /// Passes on what the strategy wrote to stderr.
    private func forward(_ words: Data) {
        try? FileHandle.standardError.write(contentsOf: words.prefix(65_536))
    }
}

/// Defines the lines of JSON between `conform` and the process that it starts for each strategy.
enum TrialProtocol {
    /// The only line to the process, whose stdin stays open while somebody listens.
    struct Order: Codable {
        var strategy: String
        var sqlite_path: String
        var synchronous: String
        var mmap_bytes: Int64
        var redis_url: String?
        var redis_prefix: String?
        var redis_cluster_url: String?
        var redis_cluster_prefix: String?
        var postgres_url: String?
        var postgres_schema: String?
        var postgres_replica_url: String?
        var authority: Authority?
        /// The file for what the strategy prints.
        var stdout_path: String
        /// One call of the strategy may take this long.
        var patience_s: Double

        init(_ strategy: String, in environment: Environment, stdout: URL, patience_s: Double) {
            self.strategy = strategy
            sqlite_path = environment.sqlite.path
            synchronous = environment.sqlite.synchronous.rawValue
            mmap_bytes = environment.sqlite.mmap_bytes
            redis_url = environment.redis?.url
            redis_prefix = environment.redis?.keyPrefix
            redis_cluster_url = environment.redisCluster?.url
            redis_cluster_prefix = environment.redisCluster?.keyPrefix
            postgres_url = environment.postgres?.url
            postgres_schema = environment.postgres?.schema
            postgres_replica_url = environment.postgres?.replicaURL
            authority = environment.authority.map {
                Authority(
                    url: $0.url, client_id: $0.clientID, client_secret: $0.clientSecret, folder: $0.folder)
            }
            stdout_path = stdout.path
            self.patience_s = patience_s
        }

        func environment(_ policy: Policy) -> Environment {
            let redis = redis_url.map { RedisSettings(url: $0, keyPrefix: redis_prefix ?? "") }
            let cluster = redis_cluster_url.map {
                RedisSettings(url: $0, keyPrefix: redis_cluster_prefix ?? "")
            }
            let sqlite = SQLiteSettings(
                path: sqlite_path, synchronous: .init(rawValue: synchronous) ?? .normal,
                mmap_bytes: mmap_bytes)
            var postgres = postgres_url.map { PostgreSQLSettings(url: $0, schema: postgres_schema ?? "") }
            postgres?.replicaURL = postgres_replica_url
            return Environment(
                policy: policy, sqlite: sqlite, redis: redis, postgres: postgres,
                authority: authority?.settings, redisCluster: cluster)
        }

        struct Authority: Codable {
            var url: String
            var client_id: String
            var client_secret: String
            var folder: String

            var settings: AuthoritySettings {
                var settings = AuthoritySettings(
                    url: url, clientID: client_id, clientSecret: client_secret)
                settings.folder = folder
                return settings
            }
        }
    }

    /// A line from the process.
    enum Event: Codable {
        case begins(String)
        case finds(Finding)
        /// A call has not returned, and the process gives up.
        case isStuck(String)
        case isOver
    }

    static func line(_ value: some Encodable) throws -> Data {
        try JSONEncoder().encode(value) + Data("\n".utf8)
    }
}
