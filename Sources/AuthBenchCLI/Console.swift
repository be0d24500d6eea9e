import Foundation
import Glibc

/// Talk goes to stderr, data to stdout.
enum Console {
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether the table may be coloured (https://no-color.org).
    static var isOutputColored: Bool {
        isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    }

    static func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// Says what went wrong; in red on a terminal.
    static func complain(_ message: String) {
        say(isErrorTerminal ? "\u{1B}[31mauthbench: \(message)\u{1B}[0m" : "authbench: \(message)")
    }

    /// Replaces the current line of a terminal.
    static func overwrite(_ line: String) {
        FileHandle.standardError.write(Data("\r\u{1B}[2K\(line)".utf8))
    }
}
