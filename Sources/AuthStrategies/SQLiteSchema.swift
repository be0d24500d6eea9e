import AuthCore
import Backends

/// The tables of the strategies that keep something in SQLite: all of them, and only here.
enum SQLiteSchema: String {
    case sessions
    case refreshFamilies = "refresh_families"

    /// Opens a client's connection.
    static func connect(_ settings: SQLiteSettings) throws -> SQLiteConnection {
        try SQLitePragmas.connect(
            path: settings.path, synchronous: settings.synchronous.rawValue, mmap_bytes: settings.mmap_bytes,
            logLimit_bytes: settings.logLimit_bytes)
    }

    /// What the database takes on the disk, pages that earlier data left free not counted.
    ///
    /// After a checkpoint: while many clients load, the write-ahead log grows to several times the data, which is no
    /// cost of a session. Its file stays, to be written over: making it anew takes a fifth of the time of a load.
    static func bytes(_ connection: borrowing SQLiteConnection) throws -> UInt64 {
        try connection.execute("PRAGMA wal_checkpoint(RESTART)")
        let pages =
            try connection.integer("PRAGMA page_count") - connection.integer("PRAGMA freelist_count")
        return UInt64(pages * (try connection.integer("PRAGMA page_size")))
    }

    /// Makes the table anew and empty, in a file that is ours.
    func create(at settings: SQLiteSettings) throws {
        try SQLiteFile.claim(settings.path)
        let connection = try Self.connect(settings)
        try connection.execute("DROP TABLE IF EXISTS \(rawValue); \(definition)")
    }

    private var definition: String {
        switch self {
        case .sessions:
            // The key is the table's own tree, so that a read is one descent.
            """
            CREATE TABLE sessions (
                id BLOB NOT NULL PRIMARY KEY,           -- SHA-256 of the token
                user_id INTEGER NOT NULL,
                created_at INTEGER NOT NULL,            -- milliseconds since 1970, as all times
                last_seen_at INTEGER NOT NULL,
                idle_expires_at INTEGER NOT NULL,
                abs_expires_at INTEGER NOT NULL,
                scope TEXT NOT NULL
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX sessions_user ON sessions (user_id);
            CREATE INDEX sessions_expiry ON sessions (abs_expires_at);
            """
        case .refreshFamilies:
            """
            CREATE TABLE refresh_families (
                id BLOB NOT NULL PRIMARY KEY,           -- 16 random bytes
                user_id INTEGER NOT NULL,
                client_id TEXT NOT NULL,
                scope TEXT NOT NULL,
                generation INTEGER NOT NULL,
                token_hash BLOB NOT NULL,               -- SHA-256 of the newest generation's token
                rotated_at INTEGER NOT NULL,            -- milliseconds since 1970, as all times
                idle_expires_at INTEGER NOT NULL,
                abs_expires_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX refresh_families_user ON refresh_families (user_id);
            CREATE INDEX refresh_families_expiry ON refresh_families (abs_expires_at);
            """
        }
    }
}
