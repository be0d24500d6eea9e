import Glibc

/// Files that hold one key.
package enum KeyFile {
    /// No honest key file is larger: an RSA key of 8192 bits with all its numbers as a JWK has 7 KiB.
    package static let longest_bytes = 65_536

    /// Reads a whole file, or a pipe to its end.
    ///
    /// - Throws: `KeyFileError`, which names neither path nor content: a key given in place of its file would
    ///   be repeated.
    package static func read(_ path: String) throws(KeyFileError) -> SecretBytes {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw KeyFileError("cannot be read") }
        defer { close(descriptor) }
        // Never grown, so that no copy of a key stays behind in memory.
        var bytes = [UInt8](repeating: 0, count: longest_bytes + 1)
        defer { cleanse(&bytes) }
        var filled = 0
        while filled < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes {
                unsafe Glibc.read(descriptor, $0.baseAddress?.advanced(by: filled), $0.count - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw KeyFileError("cannot be read") }
            if count == 0 { break }
            filled += count
        }
        guard filled <= longest_bytes else { throw KeyFileError(description: "has more than 64 KiB") }
        return SecretBytes(copying: bytes.span.extracting(first: filled))
    }

    /// Writes a new file that only its owner may read, and refuses to write over anything.
    package static func create(_ path: String, _ key: borrowing SecretBytes) throws(KeyFileError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe open(path, flags, S_IRUSR | S_IWUSR)
        guard descriptor >= 0 else { throw KeyFileError("cannot be made") }
        let count = key.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        }
        let isWritten = count == key.count && fsync(descriptor) == 0
        let fault = KeyFileError("cannot be written")
        let made = FileStatus(of: descriptor)
        guard close(descriptor) == 0, isWritten else {
            made?.remove(from: path)
            throw fault
        }
    }
}

/// What went wrong with a key file, in the system's words.
package struct KeyFileError: Error, CustomStringConvertible {
    package var description: String

    init(description: String) { self.description = description }

    /// Takes the error number that the last call left behind.
    init(_ problem: String) { description = "\(problem): \(SystemError.text(errno))" }
}
