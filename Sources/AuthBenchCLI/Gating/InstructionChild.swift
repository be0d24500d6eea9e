import Backends
import Foundation

/// A program started for counting; what it prints goes to files, so that no pipe can fill up.
final class InstructionChild {
    /// The files of one child in the folder of all.
    struct Files {
        let folder: URL
        let number: Int

        func url(_ kind: String) -> URL { folder.appendingPathComponent("\(number).\(kind)") }
    }

    /// A program of the two that takes longer hangs; a count takes some 15 seconds.
    private static let limit_s = 300.0

    /// What to call it in a message.
    let name: String
    private let process: ChildProcess
    private let files: Files

    /// Starts it at once; the same number is for one child at a time.
    init(_ command: [String], named name: String, in folder: URL, numbered number: Int) throws {
        self.name = name
        files = Files(folder: folder, number: number)
        // Swift seeds its hash tables anew in each process otherwise, and draws a backtrace for a minute under Valgrind.
        let environment = ProcessInfo.processInfo.environment.merging([
            "SWIFT_DETERMINISTIC_HASHING": "1", "SWIFT_BACKTRACE": "enable=no",
        ]) { $1 }
        let (output, errors) = (try Self.opened(files.url("out")), try Self.opened(files.url("err")))
        do throws(FileError) {
            process = try ChildProcess(
                URL(fileURLWithPath: command[0]), Array(command.dropFirst()), environment: environment,
                descriptors: [nil, output, errors])
        } catch { throw Fault.runtime("\(name) cannot be run: \(error.reason)") }
    }

    /// How it ended, and the line that says why.
    struct End {
        var status: Int32
        var isCrash: Bool
        var complaint: String?
    }

    func finish() throws -> End {
        guard let end = process.wait(within_s: Self.limit_s) else {
            process.end()
            throw Fault.runtime("\(name) did not end within \(Int(Self.limit_s)) s")
        }
        // Where Valgrind itself gives up, the program said nothing.
        let log = try? String(contentsOf: file("log"), encoding: .utf8)
        let complaint =
            LastWords.reason(in: file("err"))
            ?? log?.split(whereSeparator: \.isNewline).first { $0.contains(" Valgrind: ") }.map(String.init)
        switch end {
        case .status(let status): return End(status: status, isCrash: false, complaint: complaint)
        case .signal(let number): return End(status: number, isCrash: true, complaint: complaint)
        }
    }

    /// What it printed, read as an answer, once it has ended well.
    func answer<Answer: Decodable>(_: Answer.Type) throws -> Answer {
        let end = try finish()
        guard end.status == ExitStatus.success, !end.isCrash else {
            let how = end.isCrash ? "crashed with signal \(end.status)" : "ended with status \(end.status)"
            throw Fault.runtime("\(name) \(how)" + (end.complaint.map { ": \($0)" } ?? ""))
        }
        let data = (try? Data(contentsOf: file("out"))) ?? Data()
        let decoder = JSONDecoder()
        let version = try? decoder.decode(InstructionAnswer.Versioned.self, from: data).instructions_protocol
        guard version == InstructionAnswer.version, let answer = try? decoder.decode(Answer.self, from: data)
        else {
            throw Fault.runtime(
                "\(name) does not speak version \(InstructionAnswer.version) of the instruction protocol")
        }
        return answer
    }

    func file(_ kind: String) -> URL { files.url(kind) }

    private static func opened(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }
}
