import AuthConformance
import AuthCore
import Backends
import Foundation
import Glibc

/// Writes talk to stderr and data to stdout.
enum Console {
    /// Whether progress can be shown: on a terminal that can draw a line again.
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 && !isTerminalDumb }

    static var isOutputColored: Bool { isColored(STDOUT_FILENO) }
    private static var isErrorColored: Bool { isColored(STDERR_FILENO) }

    /// Whether text for a descriptor may be coloured: on a terminal with colours, unless the user set NO_COLOR
    /// (https://no-color.org: any value but an empty one).
    private static func isColored(_ descriptor: Int32) -> Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(descriptor) == 1 && environment["NO_COLOR"] ?? "" == "" && !isTerminalDumb
    }

    /// Whether the terminal knows no control sequences, neither for colours nor to draw a line again.
    static var isTerminalDumb: Bool {
        let name = ProcessInfo.processInfo.environment["TERM"] ?? ""
        return name == "dumb" || name.isEmpty
    }

    /// Prints data, and fails like a file when stdout takes nothing.
    static func output(_ text: String) throws {
        do { try FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) } catch {
            throw CommandError.runtime("stdout cannot be written: \(error.reason)")
        }
    }

    /// Writes data to a file that the user named, whole or not at all.
    ///
    /// - Parameters:
    ///   - text: the data.
    ///   - file: a new file or one to replace; anything else at this path stays as it is.
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

    /// Says what went wrong in one line, in red on a terminal.
    static func complain(_ message: String) {
        let words = message.split { $0.isNewline || $0 == "\t" || $0 == " " }
        // The message may quote a server or a file, whose control characters must not reach the terminal.
        let line = "authbench: " + words.joined(separator: " ").withoutControls
        say(isErrorColored ? "\u{1B}[31m\(line)\u{1B}[0m" : line)
    }

    /// Replaces the current line of a terminal, and cuts the new one, because a line that breaks would stay.
    static func overwrite(_ line: String) { write("\r\u{1B}[2K\(line.prefix(errorColumns - 1))") }

    static var errorColumns: Int { Terminal.columns(of: STDERR_FILENO) ?? 80 }
    /// The width of the terminal; `nil` when stdout is not a terminal.
    static var outputColumns: Int? { Terminal.columns(of: STDOUT_FILENO) }

    /// Writes to stderr; when stderr takes nothing, nobody is left to tell.
    private static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
