import CLinux
import Foundation

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
        try? String(contentsOfFile: path, encoding: .utf8)
    }

    /// A file of a single line, without its end.
    package static func line(_ path: String) -> String? {
        text(path)?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
