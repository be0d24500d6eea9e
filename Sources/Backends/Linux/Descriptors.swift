import CAuthBenchLinux
import Foundation
import Glibc

/// A file that the user named, which may also be a pipe, as shells make for `<(…)`.
package enum InputFile {
    /// More than any file that we read has.
    private static let most_bytes = 1 << 30

    /// Reads to the end.
    ///
    /// - Throws: `FileError` with the reason.
    package static func bytes(_ path: String) throws(FileError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path, "cannot be read", errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var portion = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < most_bytes {
            let count = unsafe portion.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, $0.count)
            }
            if count == 0 { return bytes }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileError(path, "cannot be read", errno) }
            bytes += portion[..<count]
        }
        throw FileError(path, "is larger than \(most_bytes >> 20) MiB")
    }
}

/// A terminal, if a descriptor is one.
package enum Terminal {
    /// - Returns: how many columns it has; `nil` where the descriptor is none, or it does not tell.
    package static func columns(of descriptor: Int32) -> Int? {
        let columns = Int(authbench_terminal_columns(descriptor))
        return columns > 0 ? columns : nil
    }
}

/// A file in which the kernel or the distribution says something of itself, such as those in `/proc`.
package enum SystemFile {
    /// The whole text; `nil` where there is none to be read, which no caller takes for an error.
    package static func text(_ path: String) -> String? {
        // Foundation takes the first page of a file that says it has no size, as those of the kernel do, for all of it.
        (try? InputFile.bytes(path)).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// A file of a single line, without its end.
    package static func line(_ path: String) -> String? {
        text(path)?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

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

/// Waits for a descriptor that may have nothing to read (poll(2)).
package enum Readiness {
    /// - Parameters:
    ///   - descriptor: of a pipe or a socket.
    ///   - seconds: how long to wait at most.
    /// - Returns: whether there is something to read, its end or an error among that.
    package static func isReadable(_ descriptor: Int32, within seconds: Double) -> Bool {
        var one = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var result = unsafe poll(&one, 1, Int32(seconds * 1000))
        while result < 0, errno == EINTR { result = unsafe poll(&one, 1, Int32(seconds * 1000)) }
        return result > 0
    }
}

/// Reads a pipe line by line, and waits for none longer than patience allows.
package struct LineReader {
    package enum ReadError: Error { case ended, silent }

    private let handle: FileHandle
    private var unread = Data()

    package init(_ handle: FileHandle) { self.handle = handle }

    /// The next line without its end.
    ///
    /// - Parameter patience_s: how long to wait for its next bytes.
    /// - Returns: the line.
    /// - Throws: `ReadError` when the writer has closed the pipe, or says nothing.
    package mutating func next(patience_s: Double) throws(ReadError) -> Data {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(unread[..<end])
                unread = Data(unread[(end + 1)...])
                return line
            }
            guard Readiness.isReadable(handle.fileDescriptor, within: patience_s) else { throw .silent }
            let more = handle.availableData
            if more.isEmpty { throw .ended }
            unread.append(more)
        }
    }
}
