import Foundation

/// A link by which people find the newest of several folders.
package enum SymbolicLink {
    /// Makes the link, or points it at another target in one step; leaves what is no link, or none of ours.
    ///
    /// - Parameters:
    ///   - path: where the link is.
    ///   - target: what it shall say.
    ///   - isOurs: whether a link that says this may be replaced.
    /// - Throws: `FileError` when it cannot be made.
    package static func point(
        _ path: String, at target: String, replacing isOurs: (String) -> Bool
    ) throws(FileError) {
        // Another run may make or replace it between two of our looks at it.
        for _ in 0..<20 {
            if unsafe symlink(target, path) == 0 { return }
            guard errno == EEXIST else { throw FileError(path, "cannot be made", errno) }
            guard let old = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else {
                if FileStatus(at: path) == nil { continue }
                return
            }
            guard isOurs(old) else { return }
            let aside = "\(path).\(UUID().uuidString.prefix(8).lowercased())"
            guard unsafe symlink(target, aside) == 0 else {
                if errno == EEXIST { continue }
                throw FileError(path, "cannot be made", errno)
            }
            guard unsafe rename(aside, path) != 0 else { return }
            let number = errno
            unsafe unlink(aside)
            // A folder has come in its place.
            if number == EISDIR { return }
            throw FileError(path, "cannot be replaced", number)
        }
    }
}
