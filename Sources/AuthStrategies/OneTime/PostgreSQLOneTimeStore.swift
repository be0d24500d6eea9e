import AuthCore
import Backends

/// Tokens for one use in a table of PostgreSQL, taken by DELETE … RETURNING.
public struct PostgreSQLOneTimeStore: OneTimeStore, PostgreSQLClient, ~Copyable {
    public static let title = "PostgreSQL"
    public static let stores: Set<Store> = [.postgres]

    public static func prepare(in environment: Environment) throws {
        var connection = try PostgreSQLConnection(ofRun: environment)
        try connection.execute(
            """
            CREATE SCHEMA IF NOT EXISTS \(environment.postgres?.schema ?? "public");
            DROP TABLE IF EXISTS one_time_tokens;
            CREATE TABLE one_time_tokens (
                id bytea NOT NULL PRIMARY KEY,          -- SHA-256 of the token
                user_id bigint NOT NULL,
                expires_at bigint NOT NULL,             -- milliseconds since 1970
                scope text NOT NULL
            );
            CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id);
            """)
    }

    private var connection: PostgreSQLConnection
    private var insert: PostgreSQLStatement
    private var take: PostgreSQLStatement
    private var deleteAll: PostgreSQLStatement

    public init(_ environment: Environment) throws {
        // All first: a noncopyable value cannot be left half made.
        var connection = try PostgreSQLConnection(ofRun: environment)
        let insert = try connection.prepare(
            "INSERT INTO one_time_tokens (id, user_id, expires_at, scope) VALUES ($1, $2, $3, $4)")
        let take = try connection.prepare(
            "DELETE FROM one_time_tokens WHERE id = $1 RETURNING user_id, expires_at, scope")
        let deleteAll = try connection.prepare("DELETE FROM one_time_tokens WHERE user_id = $1")
        self.connection = connection
        self.insert = insert
        self.take = take
        self.deleteAll = deleteAll
    }

    public mutating func put(_ tickets: [(id: Digest, ticket: OneTimeTicket)]) throws {
        if tickets.count == 1 { return try put(tickets[0].id, tickets[0].ticket) }
        try transaction { store in for (id, ticket) in tickets { try store.put(id, ticket) } }
    }

    private mutating func put(_ id: Digest, _ ticket: OneTimeTicket) throws {
        insert.begin()
        insert.bind(id.span)
        insert.bind(Int64(bitPattern: ticket.subject.id))
        insert.bind(ticket.expiry.milliseconds)
        insert.bind(ticket.scope.span)
        _ = try connection.execute(insert)
    }

    public mutating func take(_ id: Digest) throws -> OneTimeTicket? {
        take.begin()
        take.bind(id.span)
        let rows = try connection.execute(take)
        guard rows.count > 0 else { return nil }
        return OneTimeTicket(
            subject: Subject(id: UInt64(bitPattern: rows.integer(0, 0))),
            expiry: Instant(milliseconds: rows.integer(0, 1)), scope: Array(rows.text(0, 2).utf8))
    }

    public mutating func removeAll(of subject: Subject, at now: Instant) throws {
        deleteAll.begin()
        deleteAll.bind(Int64(bitPattern: subject.id))
        _ = try connection.execute(deleteAll)
    }

    mutating func run(_ statement: String) throws { try connection.execute(statement) }

    public var commandsSent: Int { connection.statementsSent }
    public var roundTrips: Int { connection.roundTrips }
    public mutating func usedBytes() throws -> UInt64? {
        try connection.vacuumedBytes(of: "one_time_tokens")
    }
}
