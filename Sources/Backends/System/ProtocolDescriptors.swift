import CLinux
import Glibc

/// Descriptors that nobody else in the process knows, for a protocol between two programs.
package enum ProtocolDescriptors {
    /// Takes standard input and output away from everything else, programs started from here among it.
    ///
    /// What is printed afterwards goes to standard error, and who reads standard input finds its end.
    ///
    /// - Returns: where the protocol is read and written; `nil` when the system has no descriptors left.
    package static func take() -> (input: Int32, output: Int32)? {
        let input = authbench_copy_descriptor(STDIN_FILENO)
        let output = authbench_copy_descriptor(STDOUT_FILENO)
        let nowhere = unsafe open("/dev/null", O_RDONLY)
        guard input >= 0, output >= 0, nowhere >= 0, dup2(nowhere, STDIN_FILENO) >= 0,
            dup2(STDERR_FILENO, STDOUT_FILENO) >= 0
        else { return nil }
        close(nowhere)
        return (input, output)
    }
}
