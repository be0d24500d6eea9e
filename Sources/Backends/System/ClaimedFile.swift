import CLinux
import Foundation

/// A regular file that one run has for itself for as long as the value lives: no other can claim it meanwhile.
///
/// The lock dies with the process, however that ends, and no child inherits it.
package final class ClaimedFile: Sendable {
    /// Where the file is, when links have been followed.
    package let path: String
    /// Whether the claim made the file.
    package let isNew: Bool
    private let descriptor: Int32
    private let status: FileStatus

    private init(_ path: String, isNew: Bool, _ descriptor: Int32, _ status: FileStatus) {
        self.path = path
        self.isNew = isNew
        self.descriptor = descriptor
        self.status = status
    }

    deinit { close(descriptor) }

    /// Claims the file at a path, and makes it where it is missing.
    ///
    /// - Parameters:
    ///   - given: the path; a link is followed.
    ///   - beforeMaking: called before a file is made, with its path; what it throws prevents that.
    /// - Returns: the file, held until the value is gone.
    /// - Throws: `FileError` when something else than a file stands there, or another run has it.
    package static func claim(
        _ given: String, beforeMaking: (String) throws(FileError) -> Void = { _ throws(FileError) in }
    ) throws(FileError) -> ClaimedFile {
        // Another run may make or remove the file between two of our looks at it.
        for _ in 0..<20 {
            let path = try FileStatus.resolve(given)
            let before = FileStatus(at: path)
            if let before, before.kind != .file { throw FileError(given, "is a \(before.kind), not a file") }
            if before == nil { try beforeMaking(path) }
            guard let descriptor = try opened(path, isNew: before == nil) else { continue }
            guard authbench_lock(descriptor) == 0 else {
                let number = errno
                close(descriptor)
                guard number == EAGAIN || number == EACCES else {
                    throw FileError(given, "cannot be locked", number)
                }
                throw FileError(given, "is in use by another run")
            }
            if let status = FileStatus(of: descriptor), status.stands(at: path) {
                return ClaimedFile(path, isNew: before == nil, descriptor, status)
            }
            close(descriptor)
        }
        throw FileError(given, "is in use by another run")
    }

    /// - Returns: `nil` when the file came or went just now.
    private static func opened(_ path: String, isNew: Bool) throws(FileError) -> Int32? {
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (isNew ? O_CREAT | O_EXCL : 0)
        let descriptor = unsafe open(path, flags, 0o644)
        guard descriptor < 0 else { return descriptor }
        let number = errno
        if isNew ? number == EEXIST : number == ENOENT { return nil }
        throw FileError(path, isNew ? "cannot be made" : "cannot be opened", number)
    }

    /// For reading and writing from the beginning; the claim stays when it is closed or gone.
    package var handle: FileHandle { FileHandle(fileDescriptor: descriptor, closeOnDealloc: false) }

    /// The first bytes of the file, fewer where it is shorter.
    package func head(_ count: Int) -> [UInt8] {
        let handle = handle
        guard (try? handle.seek(toOffset: 0)) != nil else { return [] }
        return ((try? handle.read(upToCount: count)) ?? nil).map(Array.init) ?? []
    }

    /// Makes the file empty.
    package func empty() throws(FileError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw FileError(path, "cannot be written", errno)
        }
    }

    /// Whether the claimed file, not another of its name, stands at its path.
    package var isInPlace: Bool { status.stands(at: path) }

    /// Removes the file, if it still stands at its path.
    package func remove() { status.remove(from: path) }
}
