import AuthCore
import Backends

/// The one question that a session strategy asks its store, without the strategy.
public enum StoreHotPaths {
    /// Reads one session after the other by its identifier.
    public static func sqlitePointRead(path: String, tokens: [[UInt8]]) throws -> HotPath {
        let statement = Owned(
            try SQLitePragmas.connect(path: path, synchronous: "normal")
                .prepare("SELECT user_id, idle_expires_at FROM sessions WHERE id = ?1"))
        var hasher = SHA256()
        let ids = tokens.map { hasher.digest($0.span) }
        return HotPath("SQLite point read") { range in
            func loop(_ statement: inout SQLiteStatement) throws -> Int {
                var right = 0
                for index in range {
                    try statement.bind(blob: ids[index % ids.count].span, at: 1)
                    if try statement.step(), statement.integer(0) > 0 { right += 1 }
                    statement.reset()
                }
                return right
            }
            return try loop(&statement.value)
        }
    }

    /// Inserts sessions, each in a transaction of its own.
    public static func sqliteInsert(path: String) throws -> HotPath {
        let statement = Owned(
            try SQLitePragmas.connect(path: path, synchronous: "normal").prepare(
                """
                INSERT INTO sessions (id, user_id, created_at, last_seen_at, idle_expires_at, abs_expires_at, scope)
                VALUES (randomblob(32), ?1, 1, 1, 2, 2, 'read')
                """))
        return HotPath("SQLite insert") { range in
            func loop(_ statement: inout SQLiteStatement) throws -> Int {
                for index in range {
                    try statement.bind(Int64(index), at: 1)
                    try statement.run()
                }
                return range.count
            }
            return try loop(&statement.value)
        }
    }

    /// Sends one `GET` after the other and waits for its reply.
    public static func redisRoundTrip(_ settings: RedisSettings, tokens: [[UInt8]]) throws -> HotPath {
        guard let endpoint = RedisEndpoint(url: settings.url) else {
            throw UnknownAddressError(url: settings.url)
        }
        let connection = Owned(try RedisConnection(endpoint))
        var hasher = SHA256()
        let prefix = Array("\(settings.keyPrefix)s:".utf8)
        let ids = tokens.map { hasher.digest($0.span) }
        return HotPath("Redis round trip") { range in
            func loop(_ connection: inout RedisConnection) throws -> Int {
                var (right, command) = (0, RedisCommand())
                for index in range {
                    command.begin(arguments: 2)
                    command.append("GET")
                    command.append(prefix, ids[index % ids.count].span)
                    if try !connection.execute(command).isNil { right += 1 }
                }
                return right
            }
            return try loop(&connection.value)
        }
    }
}

/// Settings that name no Redis server.
struct UnknownAddressError: Error, CustomStringConvertible {
    var url: String
    var description: String { "\(url) is no Redis address" }
}
