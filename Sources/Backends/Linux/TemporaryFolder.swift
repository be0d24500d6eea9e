import Foundation

/// A folder that is there for one run; what runs that were killed have left is cleared by the next.
///
/// A file inside says that the folder is ours, and is claimed as long as the run lives.
package final class TemporaryFolder: Sendable {
    package let url: URL
    private let status: FileStatus
    private let marker: ClaimedFile

    private static let prefix = "authbench-"
    private static let markerName = ".in-use"

    /// What the marker says: a copy of a folder, or a folder that somebody else made, is not ours.
    private static func text(_ name: String, _ status: FileStatus) -> String {
        "authbench removes this folder when no run holds this file: \(name), inode \(status.inode)\n"
    }

    /// Makes the folder where the system keeps such things (`TMPDIR`), open to its owner only.
    ///
    /// - Parameter isSearchable: whether others may reach what is inside when they know its name.
    /// - Throws: `FileError` when it cannot be made.
    package init(isSearchable: Bool = false) throws {
        let parent = FileManager.default.temporaryDirectory
        Self.clearDead(in: parent.path)
        let (name, path) = try Self.make(in: parent.path, isSearchable ? 0o711 : 0o700)
        url = URL(fileURLWithPath: path, isDirectory: true)
        guard let status = FileStatus(at: path) else { throw FileError(path, "is gone") }
        self.status = status
        do {
            let marker = try ClaimedFile.claim("\(path)/\(Self.markerName)")
            self.marker = marker
            // Written last: a marker that says all is held by a run, or by nobody any more.
            try marker.handle.write(contentsOf: Data(Self.text(name, status).utf8))
        } catch {
            Self.remove(path, status)
            throw error
        }
    }

    private static func make(
        in parent: String, _ mode: mode_t
    ) throws(FileError) -> (name: String, path: String) {
        while true {
            let name = prefix + UUID().uuidString.prefix(8).lowercased()
            let path = "\(parent)/\(name)"
            if unsafe mkdir(path, mode) == 0 { return (name, path) }
            guard errno == EEXIST else { throw FileError(path, "cannot be made", errno) }
        }
    }

    /// Makes an empty folder inside.
    package func makeFolder(_ name: String) throws(FileError) -> URL {
        let inner = url.appendingPathComponent(name, isDirectory: true)
        guard unsafe mkdir(inner.path, 0o700) == 0 else {
            throw FileError(inner.path, "cannot be made", errno)
        }
        return inner
    }

    /// Removes a folder inside, with all that is in it.
    package func removeFolder(_ inner: URL) {
        guard let status = FileStatus(at: inner.path) else { return }
        Self.remove(inner.path, status)
    }

    /// Removes the folder with all that is in it.
    package func remove() { Self.remove(url.path, status) }

    /// Removes the folders of runs that are gone: this user's, marked, and claimed by nobody.
    private static func clearDead(in parent: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] {
            let number = name.dropFirst(prefix.count)
            guard name.hasPrefix(prefix), number.utf8.count == 8, number.allSatisfy(\.isHexDigit) else {
                continue
            }
            let path = "\(parent)/\(name)"
            let file = "\(path)/\(markerName)"
            guard let status = FileStatus(at: path), status.kind == .folder, status.owner == geteuid(),
                FileStatus(at: file)?.kind == .file,
                let marker = try? ClaimedFile.claim(
                    file, beforeMaking: { (path) throws(FileError) in throw FileError(path, "is gone") })
            else { continue }
            let text = Array(text(name, status).utf8)
            if marker.head(text.count + 1) == text { remove(path, status) }
        }
    }

    /// Removes a folder with all that is in it, without following a link or leaving the file system.
    private static func remove(_ path: String, _ status: FileStatus) {
        let folder = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else { return }
        defer { close(folder) }
        guard let opened = FileStatus(of: folder), opened.isSame(as: status) else { return }
        empty(folder, on: status.device, sparing: markerName)
        // Last, so that what is half removed is still known as ours.
        unsafe unlinkat(folder, markerName, 0)
        status.remove(from: path)
    }

    private static func empty(_ folder: Int32, on device: UInt64, sparing spared: String = "") {
        guard let stream = unsafe fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else {
            return
        }
        defer { unsafe closedir(stream) }
        while let entry = unsafe readdir(stream) {
            guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return }
            let name = unsafe (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
            guard unsafe ![".", "..", spared].contains(String(cString: name)),
                // Fails for a folder (unlink(2), EISDIR).
                unsafe unlinkat(folder, name, 0) != 0
            else { continue }
            let inner = unsafe openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard inner >= 0 else { continue }
            defer { close(inner) }
            guard FileStatus(of: inner)?.device == device else { continue }
            empty(inner, on: device)
            unsafe unlinkat(folder, name, AT_REMOVEDIR)
        }
    }
}
