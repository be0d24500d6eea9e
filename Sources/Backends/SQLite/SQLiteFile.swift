import Foundation

/// Tells our own database files from everything else, so that nobody's data is ever dropped.
package enum SQLiteFile {
    /// Marks our files in the header (https://sqlite.org/pragma.html#pragma_application_id): "auth".
    private static let applicationID: Int64 = 0x6175_7468

    /// Takes a path for our own: a file that is new, empty or marked by an earlier run.
    ///
    /// - Throws: `SQLiteFileError` for anything else, which is left as it was.
    package static func claim(_ path: String) throws {
        var isFolder: ObjCBool = false
        let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if isFolder.boolValue { throw SQLiteFileError(description: "\(path) is a folder, not a database file") }
        if !exists {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard FileManager.default.fileExists(atPath: folder) else {
                throw SQLiteFileError(description: "\(path): there is no folder \(folder)")
            }
        }
        do { try mark(path, isNew: !exists) } catch let error as SQLiteError {
            if error.isNotADatabase { throw SQLiteFileError(description: "\(path) is not an SQLite database") }
            throw SQLiteFileError(description: "\(path): \(error)")
        }
    }

    private static func mark(_ path: String, isNew: Bool) throws {
        let connection = try SQLiteConnection(path: path)
        if try connection.integer("PRAGMA application_id") == applicationID { return }
        guard try connection.integer("SELECT count(*) FROM sqlite_schema") == 0 else {
            throw SQLiteFileError(
                description: "\(path) is a database of another program: name a new file, authbench empties its own")
        }
        try connection.execute("PRAGMA application_id = \(applicationID)")
    }
}

/// Why a path cannot be the database of a run.
package struct SQLiteFileError: Error, CustomStringConvertible {
    package var description: String
}
