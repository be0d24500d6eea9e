import Dispatch

/// The pragmas of a run's connections: set in one place, and read back for `run.json`, under their own names.
package struct SQLitePragmas: Codable, Sendable, Equatable {
    package var journal_mode: String
    package var synchronous: String
    package var page_size: Int64
    /// Pages, or KiB where negative.
    package var cache_size: Int64
    package var mmap_size: Int64
    /// Pages.
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
}

extension SQLitePragmas {
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

/// A bulk load: the settings of a connection that differ in one, and whose turn it is
/// (https://sqlite.org/pragma.html).
package struct SQLiteBulk {
    private let cache_size: Int64
    private let journal_size_limit: Int64

    /// Room for all pages that a transaction of 65 536 sessions touches.
    private static let cache_KiB = 262_144
    private static let checkpoint_pages: Int32 = 65_536
    /// There is one writer at a time in any case; without a turn the others look for the lock a tenth of a second apart.
    private static let turn = DispatchSemaphore(value: 1)

    /// Waits for its turn and makes a connection ready for a transaction that touches pages all over the file: with the
    /// usual cache of 2 MB and a checkpoint every 1000 pages, each page is written and read again many times.
    package init(on connection: borrowing SQLiteConnection) throws(SQLiteError) {
        cache_size = try connection.integer("PRAGMA cache_size")
        journal_size_limit = try connection.integer("PRAGMA journal_size_limit")
        try connection.execute("PRAGMA cache_size = -\(Self.cache_KiB)")
        try connection.execute("PRAGMA journal_size_limit = -1")
        connection.checkpoint(every: Self.checkpoint_pages)
        Self.turn.wait()
    }

    /// Puts the usual settings in force again, lets go of what is beyond the cache, and gives way.
    package func end(on connection: borrowing SQLiteConnection) {
        Self.turn.signal()
        connection.keepLog()
        // Neither can fail on a connection that works; on one that does not, the next statement says so.
        try? connection.execute("PRAGMA cache_size = \(cache_size)")
        try? connection.execute("PRAGMA journal_size_limit = \(journal_size_limit)")
    }
}
