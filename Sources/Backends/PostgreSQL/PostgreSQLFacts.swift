import CAuthBenchPostgreSQL
import Foundation
import Synchronization

/// What a server says of itself.
package enum PostgreSQLFacts {
    /// What decides how fast it is.
    private static let names = [
        "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "wal_level", "max_connections",
        "autovacuum", "jit", "huge_pages", "ssl",
    ]

    /// Asks for the version and the settings.
    ///
    /// - Throws: `PostgreSQLError`; also for a server before 9.5, which has no `FOR UPDATE SKIP LOCKED`.
    package static func of(
        _ endpoint: PostgreSQLEndpoint
    ) throws(PostgreSQLError) -> (version: String, configuration: [String: String]) {
        var connection = try PostgreSQLConnection(endpoint)
        let number = Int(try connection.execute("SHOW server_version_num").text(0, 0)) ?? 0
        let version = try connection.execute("SHOW server_version").text(0, 0)
        guard number >= 90_500 else {
            throw .server(
                code: "0A000", message: "this is version \(version), and authbench needs 9.5 or later")
        }
        let list = names.map { "'\($0)'" }.joined(separator: ", ")
        let rows = try connection.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name IN (\(list))")
        let pairs = (0..<rows.count).map { (rows.text($0, 0), rows.text($0, 1)) }
        return (version, Dictionary(pairs) { first, _ in first })
    }

    /// Asks a replica and its primary what decides how far it is behind.
    ///
    /// - Throws: `PostgreSQLError`; also for a server that follows no other.
    package static func ofReplica(
        _ replica: PostgreSQLEndpoint, of primary: PostgreSQLEndpoint
    ) throws(PostgreSQLError) -> [String: String] {
        var connection = try PostgreSQLConnection(replica)
        guard try connection.execute("SELECT pg_is_in_recovery()").text(0, 0) == "t" else {
            throw .server(code: "55000", message: "this server is no replica: it follows no other")
        }
        var asked = try PostgreSQLConnection(primary)
        return [
            "replica_version": try connection.execute("SHOW server_version").text(0, 0),
            "replica_apply_delay": try connection.execute("SHOW recovery_min_apply_delay").text(0, 0),
            "synchronous_standby_names": try asked.execute("SHOW synchronous_standby_names").text(0, 0),
        ]
    }
}

/// A schema of our own on somebody else's server; another run tells by a lock of this session that it is in use.
package final class PostgreSQLSchemaClaim: Sendable {
    package let name: String
    private let connection: Mutex<PostgreSQLConnection>

    private static let mark = "authbench removes this schema when no run holds it"

    /// Makes the schema, and drops those of runs that were killed.
    package init(at endpoint: PostgreSQLEndpoint) throws(PostgreSQLError) {
        var connection = try PostgreSQLConnection(endpoint)
        try Self.dropDead(&connection)
        let name = "authbench_" + UUID().uuidString.prefix(8).lowercased()
        try connection.execute("SELECT pg_advisory_lock(\(Self.key(name)))")
        try connection.execute("CREATE SCHEMA \(name); COMMENT ON SCHEMA \(name) IS '\(Self.mark)'")
        self.name = name
        self.connection = Mutex(connection)
    }

    private static func key(_ name: String) -> String { "hashtextextended('\(name)', 0)" }

    private static func dropDead(_ connection: inout PostgreSQLConnection) throws(PostgreSQLError) {
        let rows = try connection.execute(
            """
            SELECT nspname FROM pg_namespace WHERE nspname ~ '^authbench_[0-9a-f]{8}$'
                AND obj_description(oid, 'pg_namespace') = '\(mark)'
                AND pg_has_role(nspowner, 'USAGE') AND pg_try_advisory_lock(hashtextextended(nspname, 0))
            """)
        for row in 0..<rows.count {
            let name = rows.text(row, 0)
            try drop(name, over: &connection)
            try connection.execute("SELECT pg_advisory_unlock(\(key(name)))")
        }
    }

    /// Drops a schema with all that is in it, and before it those of variants, whose names go on with a number.
    ///
    /// The marked one goes last, so that whatever comes between, the next run knows whose they are.
    private static func drop(
        _ name: String, over connection: inout PostgreSQLConnection
    ) throws(PostgreSQLError) {
        let rows = try connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname ~ '^\(name)_[0-9]+$' AND pg_has_role(nspowner, 'USAGE')"
        )
        for schema in (0..<rows.count).map({ rows.text($0, 0) }) + [name] {
            try connection.execute("DROP SCHEMA IF EXISTS \(schema) CASCADE")
        }
    }

    /// Drops the schema with all that the run has made.
    package func drop() throws(PostgreSQLError) {
        try connection.withLock { (connection) throws(PostgreSQLError) in
            try Self.drop(name, over: &connection)
        }
    }

    /// Drops it as far as that can be done, for another error is being told.
    package func release() { try? drop() }
}

extension StoreRoundTrips {
    /// Sends an empty statement again and again over a connection; the first ones are not counted.
    ///
    /// - Throws: `PostgreSQLError` when the server does not answer.
    package init(
        over connection: inout PostgreSQLConnection, warmUp: Int = 100, count: Int = 1000,
        limit_ns: UInt64 = 500_000_000
    ) throws(PostgreSQLError) {
        self = try Self(warmUp: warmUp, count: count, limit_ns: limit_ns) { () throws(PostgreSQLError) in
            try connection.execute("")
        }
    }
}

/// The client library that runs.
package enum PostgreSQLVersion {
    package static var running: String {
        let number = PQlibVersion()
        return "\(number / 10_000).\(number % 10_000)"
    }
}
