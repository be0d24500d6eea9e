import CAuthBenchLinux
import Foundation
import Glibc
import Synchronization

/// The files and folders that one run has made, each noted as it is made, so that nothing else is ever removed.
package final class MadeFiles: Sendable {
    private struct Thing {
        var path: String
        var status: FileStatus
    }

    /// In the order in which they were made; `nil` when they shall stay.
    private let things = Mutex<[Thing]?>([])

    package init() {}

    /// Makes a folder where nothing stands.
    package func makeFolder(_ path: String) throws(FileError) {
        guard unsafe mkdir(path, 0o777) == 0 else { throw FileError(path, "cannot be made", errno) }
        note(path)
    }

    /// Makes a folder under a name that nothing has.
    ///
    /// - Parameters:
    ///   - parent: the folder around it, which is there.
    ///   - name: the name, to which a number is put where it is taken.
    ///   - form: the name that the folder has while it is being written, if it is another.
    /// - Returns: the name that was free.
    /// - Throws: `FileError` when no folder can be made.
    package func makeFolder(
        in parent: String, named name: String, form: (String) -> String = { $0 }
    ) throws(FileError) -> String {
        var number = 1
        while true {
            let free = number == 1 ? name : "\(name)-\(number)"
            do throws(FileError) {
                guard FileStatus(at: "\(parent)/\(free)") == nil else {
                    throw FileError("\(parent)/\(free)", "cannot be made", EEXIST)
                }
                try makeFolder("\(parent)/\(form(free))")
                return free
            } catch {
                guard error.number == EEXIST, number < 100 else { throw error }
                number += 1
            }
        }
    }

    /// Makes a folder, and those above it, where they are missing.
    package func makeFolders(_ path: String) throws(FileError) {
        var isFolder = false
        if FileStatus.exists(path, isFolder: &isFolder) {
            guard isFolder else { throw FileError(path, "is not a folder") }
            return
        }
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if parent != path { try makeFolders(parent) }
        do { try makeFolder(path) } catch {
            guard error.number == EEXIST else { throw error }
            // Another run may have made it just now; else a link stands there that leads to no folder.
            guard FileStatus.exists(path, isFolder: &isFolder) else {
                throw FileError(path, "is a link that leads nowhere, or in a circle")
            }
            guard isFolder else { throw error }
        }
    }

    /// Notes a file that this run has just written, in place of an earlier one at the same path.
    package func note(_ path: String) {
        guard let status = FileStatus(at: path) else { return }
        things.withLock { things in
            if let index = things?.firstIndex(where: { $0.path == path }) {
                things?[index].status = status
            } else {
                things?.append(Thing(path: path, status: status))
            }
        }
    }

    /// Gives a folder that was made its final name, which nothing may have; it stays from then on.
    package func move(_ folder: URL, to final: URL) throws(FileError) -> URL {
        // Takes the name: an empty folder is what one may be renamed over (rename(2)).
        try makeFolder(final.path)
        guard unsafe rename(folder.path, final.path) == 0 else {
            throw FileError(final.path, "cannot be made", errno)
        }
        keep()
        return final
    }

    /// From now on what was made stays.
    package func keep() { things.withLock { $0 = nil } }

    /// Removes what was made and still stands where it was made; of folders those into which nothing else has come.
    package func removeAll() {
        let all = things.withLock { things in
            defer { if things != nil { things = [] } }
            return things ?? []
        }
        for thing in all.reversed() { thing.status.remove(from: thing.path) }
    }
}

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
