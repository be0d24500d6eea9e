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
    init(ofRun environment: Environment) throws {
        guard let settings = environment.postgres else {
            throw PostgreSQLError.connection(
                operation: "connect", message: "the run has no PostgreSQL server")
        }
        guard var endpoint = PostgreSQLEndpoint(url: settings.url) else {
            throw PostgreSQLError.connection(operation: "connect", message: "not a PostgreSQL URL")
        }
        endpoint.schema = settings.schema
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
