import Foundation

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
                return FileError(path, "leads to \(old), which is no run, and stays as it is")
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
