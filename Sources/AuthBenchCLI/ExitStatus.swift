import AuthGate

/// The exit statuses of all commands; the README has them in one table.
enum ExitStatus {
    static let success: Int32 = 0
    /// A proved negative: a wrong decision, a regression.
    static let negative: Int32 = 1
    /// A store down, a crash, an I/O error.
    static let runtime: Int32 = 2
    /// The run came to its end, but numbers in it must not be used, or prove nothing.
    static let notValid: Int32 = 3
    /// Results that must not be put side by side: another trace, machine or schema.
    static let incomparable: Int32 = 4
    /// No operation completed, or no row of two results can be compared.
    static let nothingMeasured: Int32 = 5
    static let usage: Int32 = 64
    static let badData: Int32 = 65
    /// Ended by a signal: 128 plus its number, as shells count.
    static func signal(_ number: Int32) -> Int32 { 128 + number }
}

/// What went wrong, in one line for the user, and the status to exit with.
struct CommandError: Error, Equatable {
    var status: Int32
    var message: String

    static func usage(_ message: String) -> Self { Self(status: ExitStatus.usage, message: message) }
    static func badData(_ message: String) -> Self { Self(status: ExitStatus.badData, message: message) }
    /// Refuses an empty path, which Foundation takes for the current folder.
    static func refuseEmpty(_ path: String, _ option: String) throws(CommandError) {
        if path.isEmpty { throw usage("\(option) is empty: name a folder or a file") }
    }

    static func runtime(_ message: String) -> Self { Self(status: ExitStatus.runtime, message: message) }
}

extension GateError {
    /// With which a command ends that threw it.
    var status: Int32 {
        switch kind {
        case .failed: ExitStatus.runtime
        case .badOutput: ExitStatus.badData
        case .incomparable: ExitStatus.incomparable
        case .nothingInCommon: ExitStatus.nothingMeasured
        }
    }
}
