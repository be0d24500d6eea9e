import Foundation
import Glibc

/// The descriptor on which a program prints.
package enum StandardOutput {
    /// Sends all that is printed from now on to a file, so that what goes through the handle is not disturbed by it.
    ///
    /// - Parameter path: a file, which is made anew.
    /// - Returns: a handle to where stdout led.
    /// - Throws: `FileError` where that cannot be.
    package static func divert(to path: String) throws -> FileHandle {
        let copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw FileError(path, "cannot take what is printed", errno) }
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR)
        guard file >= 0 else { throw FileError(path, "cannot take what is printed", errno) }
        defer { close(file) }
        guard dup2(file, STDOUT_FILENO) >= 0 else {
            throw FileError(path, "cannot take what is printed", errno)
        }
        return FileHandle(fileDescriptor: copy, closeOnDealloc: false)
    }
}
