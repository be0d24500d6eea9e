import AuthConformance
import AuthCore
import AuthHarness
import Backends
import Foundation

/// The trial of one strategy in a process of its own, so that a strategy that crashes, hangs or prints spoils nothing but
/// its own findings.
struct TrialProcess {
    let strategy: String
    let environment: Environment
    /// For what it prints.
    let folder: URL
    let patience_s: Double
    let stop: StopFlag
    let leftovers: Leftovers

    /// Beyond the patience of the process itself: for one that is stopped, or too busy to say that it gives up.
    private static let grace_s = 15.0

    private struct Course {
        var findings: [Finding] = []
        var doing = Requirement.all[0].id
        /// Why the process gave up.
        var stuck: String?
        var isOver = false
        /// What was printed where only events should be.
        var stray = Data()
    }

    /// Tries the strategy.
    ///
    /// - Returns: a finding for each requirement, whatever became of the process; `nil` when the user has had enough.
    /// - Throws: `Fault` when no process can be started.
    func run() throws -> [Finding]? {
        let printed = folder.appendingPathComponent("\(UUID().uuidString).stdout")
        let said = folder.appendingPathComponent("\(UUID().uuidString).stderr")
        let (process, output) = try start(printed, said)
        defer { leftovers.note { $0.trialID = nil } }
        var course = Course()
        let isSilent = !follow(output, &course)
        if isSilent || stop.isRaised { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        guard !stop.isRaised else { return nil }
        let words = (try? Data(contentsOf: said)) ?? Data()
        let reason = course.stuck ?? (isSilent ? "it has not answered" : Self.end(of: process, words))
        if course.isOver || course.stuck != nil { forward(words) }
        let end = course.isOver ? nil : Conformance.End(requirement: course.doing, reason: reason)
        let noise = course.stray + ((try? Data(contentsOf: printed)) ?? Data())
        judge(noise, &course)
        return Conformance.complete(course.findings, of: strategy, end: end)
    }

    private func start(_ printed: URL, _ said: URL) throws -> (Process, FileHandle) {
        guard FileManager.default.createFile(atPath: said.path, contents: nil) else {
            throw Fault.runtime("\(said.path) cannot be written")
        }
        let (process, input, output) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe")
        process.arguments = ["try-strategy"]
        // A backtrace would take seconds, and its last line says less than the first.
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) {
            $1
        }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: said)
        do { try process.run() } catch {
            throw Fault.runtime("no process for the trial of \(strategy): \(error.reason)")
        }
        let id = process.processIdentifier
        leftovers.note { $0.trialID = id }
        try? output.fileHandleForWriting.close()
        try? input.fileHandleForReading.close()
        let order = TrialProtocol.Order(strategy, in: environment, stdout: printed, patience_s: patience_s)
        // A process that is gone takes nothing; its end shows in the answer.
        try? input.fileHandleForWriting.write(contentsOf: try TrialProtocol.line(order))
        return (process, output.fileHandleForReading)
    }

    /// Takes down what the process tells, until it ends or the user wants no more.
    ///
    /// - Returns: whether it has ended, or will; not where it has been silent for too long.
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

    /// CRD-08: what was printed where data belong.
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

    /// How a process ended that had not come to the end of its trial, and what it said of that first.
    private static func end(of process: Process, _ words: Data) -> String {
        let status = process.terminationStatus
        let how =
            process.terminationReason == .uncaughtSignal
            ? "it crashed with signal \(status)" : "it ended the process with status \(status)"
        let lines = String(decoding: words.prefix(65_536), as: UTF8.self).split(whereSeparator: \.isNewline)
        let cause = lines.first { $0.contains("Fatal error") } ?? lines.first
        return cause.map { "\(how): \(String($0.prefix(200)).plain)" } ?? how
    }

    /// Hands on what the strategy wrote to stderr.
    private func forward(_ words: Data) {
        try? FileHandle.standardError.write(contentsOf: words.prefix(65_536))
    }
}

extension String {
    /// Without control characters, which a terminal would obey.
    fileprivate var plain: String {
        String(String.UnicodeScalarView(unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
    }
}
