import Foundation

/// What stands at a path.
package enum FileStatus {
    /// Whether anything is there, and whether it is a folder.
    package static func exists(_ path: String, isFolder: inout Bool) -> Bool {
        var isDirectory: ObjCBool = false
        defer { isFolder = isDirectory.boolValue }
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    }
}
