import Foundation
import AuthGate

/// Names the exit statuses of all commands; docs/ci.md has them in one table.
enum ExitStatus {
    static let success: Int32 = 0
    /// A strategy decided wrongly, or a regression is proved.
    static let negative: Int32 = 1
    /// A store was down, a program crashed, or a file could not be written.
    static let runtime: Int32 = 2
    /// The run came to its end, but some of its numbers cannot be used, or prove nothing.
    static let notValid: Int32 = 3
    /// Two results cannot be compared, because trace, machine or settings differ.
    static let incomparable: Int32 = 4
    /// No operation completed, or two results have nothing in common.
    static let nothingMeasured: Int32 = 5
    /// The command line was wrong.
    static let usage: Int32 = 64
    /// A file or folder that the user named cannot be used.
    static let badData: Int32 = 65
    /// A signal ended the command: 128 plus its number, as shells count.
    static func signal(_ number: Int32) -> Int32 { 128 + number }
}

/// Says what went wrong in one line for the user, and holds the status to exit with.
struct CommandError: Error, Equatable {
    var status: Int32
    var message: String

    static func usage(_ message: String) -> Self { Self(status: ExitStatus.usage, message: message) }
    static func badData(_ message: String) -> Self { Self(status: ExitStatus.badData, message: message) }
    /// Refuses an empty path, which Foundation would read as the current folder.
    static func refuseEmpty(_ path: String, _ option: String) throws(CommandError) {
        if path.isEmpty { throw usage("\(option) is empty: name a folder or a file") }
    }

    static func runtime(_ message: String) -> Self { Self(status: ExitStatus.runtime, message: message) }

    /// A signal ended a measurement; the folder has what was finished before, if anything was.
    static func stopped(by signal: Int32, in folder: URL?) -> Self {
        let rest = folder == nil ? "nothing was finished" : "what was finished is in the files"
        return Self(status: ExitStatus.signal(signal), message: "stopped by a signal; \(rest)")
    }
}

extension GateError {
    /// The exit status of a command that throws this error.
    var status: Int32 {
        switch kind {
        case .failed: ExitStatus.runtime
        case .badOutput: ExitStatus.badData
        case .badBudget, .badDistance: ExitStatus.usage
        case .incomparable: ExitStatus.incomparable
        case .nothingInCommon: ExitStatus.nothingMeasured
        }
    }
}
