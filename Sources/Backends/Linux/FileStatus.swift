import Foundation
import Glibc

/// What stands at a path, links not followed (lstat(2)).
package struct FileStatus: Sendable {
    package enum Kind: String, Sendable {
        case file, folder, link, socket, pipe, device
    }

    package let kind: Kind
    package let device: UInt64
    package let inode: UInt64
    package let owner: UInt32

    /// - Returns: `nil` where nothing stands, or nothing that can be seen.
    package init?(at path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    init?(of descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            case S_IFSOCK: .socket
            case S_IFIFO: .pipe
            default: .device
            }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        owner = status.st_uid
    }

    /// Whether this very thing, not another of its name, stands at a path.
    package func stands(at path: String) -> Bool { FileStatus(at: path).map(isSame) ?? false }

    func isSame(as other: FileStatus) -> Bool {
        kind == other.kind && device == other.device && inode == other.inode
    }

    /// Removes this regular file or empty folder from a path; whatever else stands there stays.
    package func remove(from path: String) {
        guard stands(at: path) else { return }
        switch kind {
        case .file: unsafe unlink(path)
        case .folder: unsafe rmdir(path)
        default: break
        }
    }

    /// Puts a file in the place of another, in one step (rename(2)).
    package static func move(_ path: String, to other: String) throws(FileError) {
        guard unsafe rename(path, other) == 0 else { throw FileError(other, "cannot be written", errno) }
    }

    /// Whether anything is there, links followed, and whether it is a folder.
    package static func exists(_ path: String, isFolder: inout Bool) -> Bool {
        var isDirectory: ObjCBool = false
        defer { isFolder = isDirectory.boolValue }
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    }

    /// The path itself, or where the link at it leads.
    ///
    /// - Throws: `FileError` for a link that leads nowhere.
    package static func resolve(_ path: String) throws(FileError) -> String {
        guard FileStatus(at: path)?.kind == .link else { return path }
        guard let target = unsafe realpath(path, nil) else {
            throw FileError(path, "is a link that leads nowhere", errno)
        }
        defer { unsafe free(target) }
        return unsafe String(cString: target)
    }
}

/// Why a file or folder cannot be used, in one line.
package struct FileError: Error, CustomStringConvertible, Equatable {
    /// The error number of the system, or 0 where no call failed.
    package let number: Int32
    /// What is wrong, without the path.
    package let reason: String
    package let path: String

    package init(_ path: String, _ reason: String) {
        (self.path, self.reason, number) = (path, reason, 0)
    }

    /// Takes the error number of a call that failed.
    init(_ path: String, _ reason: String, _ number: Int32) {
        (self.path, self.number) = (path, number)
        self.reason = "\(reason): \(SystemError.text(number))"
    }

    package var description: String { "\(path) \(reason)" }
}

/// A link by which people find the newest of several folders.
package enum SymbolicLink {
    /// Makes the link, or points it at another target in one step; leaves what is no link, or none of ours.
    ///
    /// It is a convenience: where it cannot be had, as on a file system without links, nothing else is lost.
    ///
    /// - Parameters:
    ///   - path: where the link is.
    ///   - target: what it shall say.
    ///   - isOurs: whether a link that says this may be replaced.
    /// - Returns: why the link does not say so now; `nil` where it does.
    package static func point(
        _ path: String, at target: String, replacing isOurs: (String) -> Bool
    ) -> FileError? {
        // Another run may make or replace it between two of our looks at it.
        for _ in 0..<20 {
            if unsafe symlink(target, path) == 0 { return nil }
            guard errno == EEXIST else { return FileError(path, "cannot be made", errno) }
            guard let old = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else {
                guard let kind = FileStatus(at: path)?.kind else { continue }
                return FileError(path, "is a \(kind), not a link, and stays as it is")
            }
            guard isOurs(old) else {
                return FileError(path, "leads to \(old), which is not a run, and stays as it is")
            }
            let aside = "\(path).\(UUID().uuidString.prefix(8).lowercased())"
            guard unsafe symlink(target, aside) == 0 else {
                if errno == EEXIST { continue }
                return FileError(path, "cannot be made", errno)
            }
            guard unsafe rename(aside, path) != 0 else { return nil }
            let number = errno
            unsafe unlink(aside)
            return FileError(path, "cannot be replaced", number)
        }
        return FileError(path, "is changed by others all the time")
    }
}

/// The system's own words for an error number (errno(3)).
package enum SystemError {
    package static func text(_ number: Int32) -> String {
        unsafe String(cString: strerror(number))
    }
}

extension Error {
    /// The error as a person reads it: what is Foundation's has no text of its own but a dump of an object.
    package var words: String {
        let isFoundations = self is CocoaError || self is POSIXError || type(of: self) is NSError.Type
        return isFoundations ? reason : "\(self)"
    }

    /// Why a file operation failed, in the system's own words and one line.
    package var reason: String {
        if let error = self as? FileError {
            return error.number == 0 ? "\(error)" : SystemError.text(error.number)
        }
        let error = self as NSError
        let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
        for candidate in [error, underlying].compactMap(\.self) where candidate.domain == NSPOSIXErrorDomain {
            return SystemError.text(Int32(candidate.code))
        }
        switch (self as? CocoaError)?.code {
        case .fileWriteOutOfSpace: return SystemError.text(ENOSPC)
        case .fileWriteNoPermission, .fileReadNoPermission: return SystemError.text(EACCES)
        case .fileNoSuchFile, .fileReadNoSuchFile: return SystemError.text(ENOENT)
        case .fileWriteVolumeReadOnly: return SystemError.text(EROFS)
        case .fileWriteFileExists: return SystemError.text(EEXIST)
        // Foundation keeps the number of other errors to itself.
        case .fileWriteUnknown: return "the write failed half-way: a disk quota or limit on file sizes?"
        default: return error.localizedDescription
        }
    }
}
