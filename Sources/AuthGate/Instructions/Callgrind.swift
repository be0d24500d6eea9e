import Backends
import Foundation

/// Counts instructions with Valgrind's Callgrind; base and head at once, because a count does not depend on the load.
///
/// Seen on this code: 3 of 3 runs of each case agree to the instruction, with fresh random keys in each.
struct Callgrind: InstructionCounter {
    /// With which a program ends that does not know the command (sysexits.h, EX_USAGE).
    private static let unknownCommand: Int32 = 64

    private let valgrind: URL
    /// Comes before the program: puts its memory at the same addresses each time.
    private let prefix: [String]
    /// What the reader of a report should know of this machine; `nil` when there is nothing to say.
    let remark: String?
    private let folder: URL

    /// Finds the programs.
    ///
    /// - Parameter folder: an empty one for the files of the runs; the caller removes it.
    /// - Throws: `GateError` where one is missing.
    init(folder: URL) throws {
        func find(_ name: String, _ package: String) throws -> URL {
            guard let url = Executable.find(name) else {
                throw GateError.failed(
                    "counting instructions needs \(name), which is not on the PATH: install the package \(package)"
                        + " (apt-get install \(package))")
            }
            return url
        }
        valgrind = try find("valgrind", "valgrind")
        let setarch = try find("setarch", "util-linux")
        let trial = try InstructionChild(
            [setarch.path, "-R", "true"], named: "setarch", in: folder, numbered: 0)
        // A container may forbid the system call personality(2).
        let isAddressFixed = try trial.finish().status == 0
        remark =
            isAddressFixed ? nil : "programs get random addresses here, so counts may differ a little"
        prefix = isAddressFixed ? [setarch.path, "-R"] : []
        self.folder = folder
    }

    func cases(of program: URL) throws -> [InstructionAnswer.Case] {
        let child = try InstructionChild(
            [program.path, "count-instructions"], named: program.path, in: folder, numbered: 0)
        guard try child.finish().status != Self.unknownCommand else {
            throw GateError.failed(
                "\(program.path) cannot count instructions: build it with this version of authbench")
        }
        return try child.answer(InstructionAnswer.Cases.self).cases
    }

    func instructions(
        _ name: String, _ operations: Int, base: URL, head: URL
    ) throws -> (base: UInt64, head: UInt64) {
        let before = try start(name, operations, base, 1)
        let after = try start(name, operations, head, 2)
        let expected = InstructionAnswer.Done(name, operations: operations)
        let counts = try [before, after].map { child in
            guard try child.answer(InstructionAnswer.Done.self) == expected else {
                throw GateError.failed("\(child.name) answered for another case than \(name)")
            }
            let text = try? String(contentsOf: child.file("callgrind"), encoding: .utf8)
            guard let total = text.flatMap(InstructionOutput.total) else {
                throw GateError.failed("Callgrind wrote no total for \(name) of \(child.name)")
            }
            guard total > 0 else {
                throw GateError.failed(
                    "Callgrind counted nothing in \(child.name): build it with its symbols (without strip)"
                )
            }
            return total
        }
        return (counts[0], counts[1])
    }

    /// A copy without debugging information, the symbols kept.
    ///
    /// Valgrind 3.19 gives up on the DWARF 5 that Swift's clang writes for C targets ("debuginfo reader: ensure_valid
    /// failed"). Where there is no `strip`, the program is taken as it is.
    private func lightened(_ program: URL, as copy: URL) throws -> URL {
        guard let strip = Executable.find("strip") ?? Executable.find("llvm-strip") else { return program }
        let child = try InstructionChild(
            [strip.path, "--strip-debug", "-o", copy.path, program.path], named: "strip", in: folder,
            numbered: 0)
        return try child.finish().status == 0 ? copy : program
    }

    private func start(
        _ name: String, _ operations: Int, _ original: URL, _ number: Int
    ) throws -> InstructionChild {
        let files = InstructionChild.Files(folder: folder, number: number)
        let program = try lightened(original, as: files.url("program"))
        return try InstructionChild(
            prefix + [
                valgrind.path, "--tool=callgrind", "--vgdb=no",
                "--toggle-collect=*authbenchCountedOperations*",
                "--callgrind-out-file=\(files.url("callgrind").path)", "--log-file=\(files.url("log").path)",
                program.path, "count-instructions", name, String(operations),
            ], named: original.path, in: folder, numbered: number)
    }
}

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
        } catch { throw GateError.failed("\(name) cannot be run: \(error.reason)") }
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
            throw GateError.failed("\(name) did not end within \(Int(Self.limit_s)) s")
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
        guard end.status == 0, !end.isCrash else {
            let how = end.isCrash ? "crashed with signal \(end.status)" : "ended with status \(end.status)"
            throw GateError.failed("\(name) \(how)" + (end.complaint.map { ": \($0)" } ?? ""))
        }
        let data = (try? Data(contentsOf: file("out"))) ?? Data()
        let decoder = JSONDecoder()
        let version = try? decoder.decode(InstructionAnswer.Versioned.self, from: data).instructions_protocol
        guard version == InstructionAnswer.version, let answer = try? decoder.decode(Answer.self, from: data)
        else {
            throw GateError.failed(
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

/// What Callgrind writes (https://valgrind.org/docs/manual/cl-format.html).
enum InstructionOutput {
    /// The instructions counted in the whole run.
    ///
    /// - Returns: `nil` for a text that is no complete output with the event `Ir`.
    static func total(_ text: String) -> UInt64? {
        var events: [Substring] = []
        var totals: [Substring] = []
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("events:") { events = line.split(separator: " ").dropFirst().map(\.self) }
            // The last part stands at the end of the file: one that is cut short has no totals.
            if line.hasPrefix("totals:") { totals = line.split(separator: " ").dropFirst().map(\.self) }
        }
        guard let place = events.firstIndex(of: "Ir"), place < totals.count else { return nil }
        return UInt64(totals[place])
    }
}
