import Foundation

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
