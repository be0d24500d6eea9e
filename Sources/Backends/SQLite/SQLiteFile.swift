import Foundation

/// Tells our own database files from everything else, so that nobody's data is ever dropped.
package enum SQLiteFile {
    /// Marks our files in the header (https://sqlite.org/pragma.html#pragma_application_id): "auth".
    private static let applicationID: Int64 = 0x6175_7468

    /// Takes a path for our own: a file that is new, empty or marked by an earlier run.
    ///
    /// - Returns: whether the file was made by this call.
    /// - Throws: `SQLiteFileError` for anything else, which is left as it was.
    @discardableResult
    package static func claim(_ path: String) throws -> Bool {
        var isFolder = false
        let isNew = !FileStatus.exists(path, isFolder: &isFolder)
        if isFolder { throw SQLiteFileError(description: "\(path) is a folder, not a database file") }
        do { try mark(path) } catch let error as SQLiteError {
            if isNew { remove(path) }
            if error.isNotADatabase {
                throw SQLiteFileError(description: "\(path) is not an SQLite database")
            }
            throw SQLiteFileError(description: "\(path): \(error)")
        }
        return isNew
    }

    /// Removes a database and what belongs to it.
    package static func remove(_ path: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            // One that is not there is as good as removed.
            try? FileManager.default.removeItem(atPath: path + suffix)
        }
    }

    private static func mark(_ path: String) throws {
        let connection = try SQLiteConnection(path: path)
        if try connection.integer("PRAGMA application_id") == applicationID { return }
        guard try connection.integer("SELECT count(*) FROM sqlite_schema") == 0 else {
            throw SQLiteFileError(
                description:
                    "\(path) is a database of another program: name a new file, authbench empties its own")
        }
        try connection.execute("PRAGMA application_id = \(applicationID)")
    }
}

/// Why a path cannot be the database of a run.
package struct SQLiteFileError: Error, CustomStringConvertible {
    package var description: String
}
