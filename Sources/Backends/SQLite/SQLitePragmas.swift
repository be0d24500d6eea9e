/// The pragmas of a run's connections: set in one place, and read back for the record.
package struct SQLitePragmas: Sendable, Equatable {
    package var journal_mode: String
    package var synchronous: String
    package var page_size: Int64
    package var cache_size: Int64
    package var mmap_size: Int64
    package var wal_autocheckpoint: Int64
    package var journal_size_limit: Int64

    /// Milliseconds a statement waits for another connection's write.
    private static let busyTimeout_ms: Int32 = 5000

    /// Opens a connection as each client of a run has it.
    ///
    /// - Parameters:
    ///   - path: the database file.
    ///   - synchronous: a value of `PRAGMA synchronous`.
    ///   - mmap_bytes: how much of the file is mapped into memory; 0 for none, as SQLite does by default.
    ///   - logLimit_bytes: how long the write-ahead log may become before a commit makes it begin anew; `nil` leaves it to SQLite.
    /// - Returns: the connection, with its pragmas set.
    /// - Throws: `SQLiteError` when the file cannot be opened, or is no database.
    package static func connect(
        path: String, synchronous: String, mmap_bytes: Int64 = 0, logLimit_bytes: Int64? = nil
    ) throws(SQLiteError) -> SQLiteConnection {
        let connection = try SQLiteConnection(path: path)
        connection.setBusyTimeout(milliseconds: busyTimeout_ms)
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.execute("PRAGMA synchronous = \(synchronous)")
        try connection.execute("PRAGMA mmap_size = \(mmap_bytes)")
        guard let logLimit_bytes else { return connection }
        // What it has grown beyond, while readers were waited for, is cut off when it begins anew.
        try connection.execute("PRAGMA journal_size_limit = \(logLimit_bytes)")
        try connection.bind(SQLiteLog.of(path), to: Int(logLimit_bytes), busyTimeout_ms: busyTimeout_ms)
        return connection
    }

    /// Asks a connection what is in force (https://sqlite.org/pragma.html).
    package init(of connection: borrowing SQLiteConnection) throws(SQLiteError) {
        let levels = ["off", "normal", "full", "extra"]
        let level = Int(try connection.integer("PRAGMA synchronous"))
        journal_mode = try connection.text("PRAGMA journal_mode")
        synchronous = levels.indices ~= level ? levels[level] : String(level)
        page_size = try connection.integer("PRAGMA page_size")
        cache_size = try connection.integer("PRAGMA cache_size")
        mmap_size = try connection.integer("PRAGMA mmap_size")
        wal_autocheckpoint = try connection.autocheckpoint_pages()
        journal_size_limit = try connection.integer("PRAGMA journal_size_limit")
    }
}
