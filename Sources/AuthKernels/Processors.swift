import Backends
import Glibc

/// On which processors this process runs: those of a shared machine may run at different speeds, so whatever is held
/// against each other must be on the same one.
public enum Processors {
    /// Those that the process was allowed when it started.
    public static let all = ProcessorBinding.allowed()

    /// Binds all threads of this process, and those that they start later, to one processor.
    ///
    /// - Parameter turn: any number; equal remainders mean the same processor.
    public static func bind(turn: Int) {
        guard !all.isEmpty else { return }
        ProcessorBinding.bind(getpid(), to: [all[turn % all.count]])
    }

    /// Lets this process run everywhere again.
    public static func release() { ProcessorBinding.bind(getpid(), to: all) }
}
