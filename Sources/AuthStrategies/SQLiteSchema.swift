import AuthCore
import Backends

/// The tables of the strategies that keep something in SQLite: all of them, and only here.
enum SQLiteSchema: String {
    case sessions
    case refreshFamilies = "refresh_families"
    case oneTimeTokens = "one_time_tokens"

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
        let (bytes, isOver) = pages.multipliedReportingOverflow(
            by: try connection.integer("PRAGMA page_size"))
        guard !isOver, let bytes = UInt64(exactly: bytes) else {
            throw DamagedStoreError(table: "SQLite", "\(pages) pages of data")
        }
        return bytes
    }

    /// Makes the table anew and empty, in a file that is ours.
    func create(in environment: Environment) throws {
        try SQLiteFile.mark(environment.sqlite.path)
        let connection = try Self.connect(environment.sqlite)
        try connection.execute("DROP TABLE IF EXISTS \(rawValue); \(definition(environment.policy))")
    }

    /// How many rows go in one transaction: some milliseconds in which nobody else writes.
    private static let sweptAtOnce = 500

    /// Deletes rows that have expired: an absolute expiry is never before the idle one.
    func sweep(_ connection: borrowing SQLiteConnection, at now: Instant) throws -> Int {
        var delete = try connection.prepare(
            """
            DELETE FROM \(rawValue) WHERE id IN
                (SELECT id FROM \(rawValue) WHERE idle_expires_at <= ?1 LIMIT \(Self.sweptAtOnce))
            """)
        try delete.bind(now.milliseconds, at: 1)
        try delete.run()
        return connection.changes
    }

    /// What a sweep needs, and nobody else: without one it would only make writes dearer.
    private func expiryIndex(_ policy: Policy) -> String {
        policy.sweepInterval_ms > 0
            ? "CREATE INDEX \(rawValue)_expiry ON \(rawValue) (idle_expires_at);" : ""
    }

    private func definition(_ policy: Policy) -> String {
        switch self {
        case .sessions:
            // The key is the table's own tree, so that a read is one descent.
            return """
                CREATE TABLE sessions (
                    id BLOB NOT NULL PRIMARY KEY,           -- SHA-256 of the token
                    user_id INTEGER NOT NULL,
                    created_at INTEGER NOT NULL,            -- milliseconds since 1970, as all times
                    last_seen_at INTEGER NOT NULL,
                    idle_expires_at INTEGER NOT NULL,
                    abs_expires_at INTEGER NOT NULL,
                    scope TEXT NOT NULL,
                    previous_id BLOB                        -- the one before the last renewal, for a logout that crossed it
                    \(policy.session_bytes > 0 ? ", data BLOB NOT NULL" : "")
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX sessions_user ON sessions (user_id);
                CREATE INDEX sessions_previous ON sessions (previous_id) WHERE previous_id IS NOT NULL;
                \(expiryIndex(policy))
                """
        case .refreshFamilies:
            return """
                CREATE TABLE refresh_families (
                    id BLOB NOT NULL PRIMARY KEY,           -- 16 random bytes
                    user_id INTEGER NOT NULL,
                    client_id TEXT NOT NULL,
                    scope TEXT NOT NULL,
                    generation INTEGER NOT NULL,
                    token_hash BLOB NOT NULL,               -- SHA-256 of the newest generation's token
                    authenticated_at INTEGER NOT NULL,      -- milliseconds since 1970, as all times
                    rotated_at INTEGER NOT NULL,
                    idle_expires_at INTEGER NOT NULL,
                    abs_expires_at INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX refresh_families_user ON refresh_families (user_id);
                \(expiryIndex(policy))
                """
        case .oneTimeTokens:
            return """
                CREATE TABLE one_time_tokens (
                    id BLOB NOT NULL PRIMARY KEY,           -- SHA-256 of the token
                    user_id INTEGER NOT NULL,
                    expires_at INTEGER NOT NULL,            -- milliseconds since 1970
                    scope TEXT NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id);
                """
        }
    }
}

/// What a store says that no strategy of ours can have written: an error, never a decision and never a crash.
struct DamagedStoreError: Error, Equatable, CustomStringConvertible {
    var description: String

    /// - Parameters:
    ///   - table: where it stands.
    ///   - content: what stands there.
    init(table: String, _ content: String) {
        description = "the store is damaged: \(table) holds \(content); empty it, or name a new one"
    }
}
