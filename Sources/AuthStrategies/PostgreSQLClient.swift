import AuthCore
import Backends

/// A client of PostgreSQL that does several things at once or none.
protocol PostgreSQLClient: ~Copyable {
    mutating func run(_ statement: String) throws
}

extension PostgreSQLClient where Self: ~Copyable {
    mutating func transaction(_ body: (inout Self) throws -> Void) throws {
        try run("BEGIN")
        do { try body(&self) } catch {
            try? run("ROLLBACK")
            throw error
        }
        try run("COMMIT")
    }
}

extension PostgreSQLConnection {
    /// Connects to the server of a run, in the run's schema.
    ///
    /// - Parameters:
    ///   - environment: the run's.
    ///   - commit: what a commit waits for; empty for the server's own choice.
    /// - Throws: `PostgreSQLError`.
    init(ofRun environment: Environment, commit: String = "") throws {
        try self.init(environment.postgres?.url, environment, commit: commit)
    }

    /// Connects to the replica of that server.
    init(ofReplica environment: Environment) throws {
        try self.init(environment.postgres?.replicaURL, environment, commit: "")
    }

    private init(_ url: String?, _ environment: Environment, commit: String) throws {
        guard let url else {
            throw PostgreSQLError.connection(
                operation: "connect", message: "the run has no such PostgreSQL server")
        }
        guard var endpoint = PostgreSQLEndpoint(url: url) else {
            throw PostgreSQLError.connection(operation: "connect", message: "not a PostgreSQL URL")
        }
        (endpoint.schema, endpoint.commit) = (environment.postgres?.schema ?? "", commit)
        try self.init(endpoint)
    }

    /// What a table and its indexes take in the server's files, what deleted rows have left free not counted twice.
    ///
    /// After a vacuum, which the server does by itself within a minute: before, the space of what is gone is not used again.
    mutating func vacuumedBytes(of table: String) throws -> UInt64? {
        var patient = try PostgreSQLConnection(endpoint, timeout_ms: 60_000)
        try patient.execute("VACUUM \(table)")
        let rows = try execute("SELECT pg_total_relation_size('\(table)')")
        return UInt64(rows.text(0, 0))
    }
}
