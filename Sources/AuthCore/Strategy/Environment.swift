/// Where a run's stores are, and the policy its strategies follow.
public struct Environment: Sendable {
    public var policy: Policy
    public var sqlite: SQLiteSettings
    /// The Redis server of the run; `nil` when no selected strategy needs one.
    public var redis: RedisSettings?
    /// The Redis Cluster of the run; `nil` when no selected strategy needs one.
    public var redisCluster: RedisSettings?
    /// The PostgreSQL server of the run; `nil` when no selected strategy needs one.
    public var postgres: PostgreSQLSettings?
    /// The authorization server of the run; `nil` when no selected strategy asks one.
    public var authority: AuthoritySettings?

    public init(
        policy: Policy, sqlite: SQLiteSettings, redis: RedisSettings? = nil,
        postgres: PostgreSQLSettings? = nil, authority: AuthoritySettings? = nil,
        redisCluster: RedisSettings? = nil
    ) {
        self.policy = policy
        self.sqlite = sqlite
        self.redis = redis
        self.postgres = postgres
        self.authority = authority
        self.redisCluster = redisCluster
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
    /// How much of the file is mapped into memory (https://sqlite.org/mmap.html); 0 for none, SQLite's default.
    public var mmap_bytes: Int64
    /// How long the write-ahead log may become before a commit makes it begin anew.
    ///
    /// As Rails 8 has it (`journal_size_limit`): 16 times what SQLite writes back by itself, so that waiting for the
    /// readers is seldom, and little beside the database of a server.
    public var logLimit_bytes: Int64 = 64 << 20

    public init(path: String, synchronous: Synchronous = .normal, mmap_bytes: Int64 = 0) {
        self.path = path
        self.synchronous = synchronous
        self.mmap_bytes = mmap_bytes
    }
}

/// A Redis server and the prefix under which alone its keys are touched.
public struct RedisSettings: Sendable {
    /// `redis://host:port/database` or `unix:///path`; of a cluster those of some nodes, with commas between.
    public var url: String
    public var keyPrefix: String
    /// How many replicas must have what takes rights away before it is acknowledged (the command WAIT); 0 waits for none.
    public var replicas = 0

    public init(url: String, keyPrefix: String) {
        self.url = url
        self.keyPrefix = keyPrefix
    }
}

/// An authorization server, who asks it, and the realm in which alone sessions are made.
public struct AuthoritySettings: Sendable {
    /// `http://host:port/realm`; the name of a realm has small letters, digits and hyphens.
    public var url: String
    /// The client credentials (RFC 6749 section 2.3.1).
    public var clientID: String
    public var clientSecret: String
    /// What the authority keeps; empty where that cannot be read.
    public var folder = ""
    /// The program that serves as an authority, for who needs one more.
    public var program = "/proc/self/exe"

    public init(url: String, clientID: String, clientSecret: String) {
        self.url = url
        self.clientID = clientID
        self.clientSecret = clientSecret
    }
}

/// A PostgreSQL server and the schema in which alone tables are made.
public struct PostgreSQLSettings: Sendable {
    /// `postgresql://user:password@host:port/database`, or without a host and with `?host=/folder` for a Unix socket.
    public var url: String
    public var schema: String
    /// Where its replica is read, in the same form; `nil` where no selected strategy reads one.
    public var replicaURL: String?

    public init(url: String, schema: String) {
        self.url = url
        self.schema = schema
    }
}
