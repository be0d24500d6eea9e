import Foundation
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
            guard isFolder else { throw FileError(path, "is no folder") }
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
