import AuthConformance
import AuthCore
import Backends
import Foundation
import Glibc

/// Talk goes to stderr, data to stdout.
enum Console {
    /// Whether progress can be shown: a terminal that can write a line anew.
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 && !isTerminalDumb }

    static var isOutputColored: Bool { isColored(STDOUT_FILENO) }
    private static var isErrorColored: Bool { isColored(STDERR_FILENO) }

    /// Whether text for a descriptor may be coloured: on a terminal that can, if the user has nothing against it
    /// (https://no-color.org: any value but an empty one).
    private static func isColored(_ descriptor: Int32) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(descriptor) == 1 && environment["NO_COLOR"] ?? "" == "" && !isTerminalDumb
    }

    /// One that knows no control sequences, neither for colours nor for a line that is written anew.
    static var isTerminalDumb: Bool {
        let name = ProcessInfo.processInfo.environment["TERM"] ?? ""
        return name == "dumb" || name.isEmpty
    }

    /// Prints data; a stdout that takes nothing is a failure like that of a file.
    static func output(_ text: String) throws {
        do { try FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) } catch {
            throw CommandError.runtime("stdout cannot be written: \(error.reason)")
        }
    }

    /// Writes data to a file that the user named, whole or not at all.
    ///
    /// - Parameters:
    ///   - text: the data.
    ///   - file: a new file or one to replace; what is no file stays as it is.
    /// - Throws: `CommandError` when it cannot be written.
    static func output(_ text: String, to file: String) throws {
        do {
            let path = try FileStatus.resolve(URL(fileURLWithPath: file).path)
            if let kind = FileStatus(at: path)?.kind, kind != .file {
                throw CommandError.badData("--out \(file) is a \(kind), not a file: name a file")
            }
            try Signals.afterwards {
                try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
            }
        } catch let fault as CommandError { throw fault } catch {
            throw CommandError.badData("--out \(file) cannot be written: \(error.reason)")
        }
    }

    static func say(_ text: String) { write(text + "\n") }

    /// Says what went wrong, in one line; in red on a terminal.
    static func complain(_ message: String) {
        let words = message.split { $0.isNewline || $0 == "\t" || $0 == " " }
        // What a server or a file says in it must not be obeyed by the terminal.
        let line = "authbench: " + words.joined(separator: " ").withoutControls
        say(isErrorColored ? "\u{1B}[31m\(line)\u{1B}[0m" : line)
    }

    /// Replaces the current line of a terminal; a line that is too long would break and stay.
    static func overwrite(_ line: String) { write("\r\u{1B}[2K\(line.prefix(errorColumns - 1))") }

    static var errorColumns: Int { Terminal.columns(of: STDERR_FILENO) ?? 80 }
    /// `nil` where stdout is no terminal.
    static var outputColumns: Int? { Terminal.columns(of: STDOUT_FILENO) }

    /// A stderr that takes nothing leaves nobody to tell.
    private static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
