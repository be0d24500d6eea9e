/// Where a run's stores are, and the policy its strategies follow.
public struct Environment: Sendable {
    public var policy: Policy
    public var sqlite: SQLiteSettings
    /// The Redis server of the run; `nil` when no selected strategy needs one.
    public var redis: RedisSettings?

    public init(policy: Policy, sqlite: SQLiteSettings, redis: RedisSettings? = nil) {
        self.policy = policy
        self.sqlite = sqlite
        self.redis = redis
    }
}

/// The database file, and how hard a commit is pushed to the disk.
public struct SQLiteSettings: Sendable {
    /// `PRAGMA synchronous` (https://sqlite.org/pragma.html#pragma_synchronous).
    public enum Synchronous: String, CaseIterable, Sendable {
        /// In WAL mode a commit survives a crash of the program, not always a power cut.
        case normal
        /// One fsync for each commit.
        case full
    }

    public var path: String
    public var synchronous: Synchronous

    public init(path: String, synchronous: Synchronous = .normal) {
        self.path = path
        self.synchronous = synchronous
    }
}

/// A Redis server and the prefix under which alone its keys are touched.
public struct RedisSettings: Sendable {
    /// `redis://host:port/database` or `unix:///path`.
    public var url: String
    public var keyPrefix: String

    public init(url: String, keyPrefix: String) {
        self.url = url
        self.keyPrefix = keyPrefix
    }
}
