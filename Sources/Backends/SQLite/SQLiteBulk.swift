import Dispatch

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
