import AuthCore
import Backends

/// Tokens for one use in a table of SQLite, taken by DELETE … RETURNING (https://sqlite.org/lang_returning.html).
public struct SQLiteOneTimeStore: OneTimeStore, ~Copyable {
    public static let title = "SQLite"
    public static let stores: Set<Store> = [.sqlite]

    public static func prepare(in environment: Environment) throws {
        try SQLiteSchema.oneTimeTokens.create(in: environment)
    }

    private let connection: SQLiteConnection
    private var insert: SQLiteStatement
    private var take: SQLiteStatement
    private var deleteAll: SQLiteStatement

    public init(_ environment: Environment) throws {
        // All first: a noncopyable value cannot be left half made.
        let connection = try SQLiteSchema.connect(environment.sqlite)
        let insert = try connection.prepare(
            "INSERT INTO one_time_tokens (id, user_id, expires_at, scope) VALUES (?1, ?2, ?3, ?4)")
        let take = try connection.prepare(
            "DELETE FROM one_time_tokens WHERE id = ?1 RETURNING user_id, expires_at, scope")
        let deleteAll = try connection.prepare("DELETE FROM one_time_tokens WHERE user_id = ?1")
        self.connection = connection
        self.insert = insert
        self.take = take
        self.deleteAll = deleteAll
    }

    public mutating func put(_ tickets: [(id: Digest, ticket: OneTimeTicket)]) throws {
        if tickets.count == 1 { return try put(tickets[0].id, tickets[0].ticket) }
        let bulk = try SQLiteBulk(on: connection)
        defer { bulk.end(on: connection) }
        try connection.beginWriting()
        let result = Result { for (id, ticket) in tickets { try put(id, ticket) } }
        try connection.end(result)
    }

    private mutating func put(_ id: Digest, _ ticket: OneTimeTicket) throws {
        try insert.bind(blob: id.span, at: 1)
        try insert.bind(Int64(bitPattern: ticket.subject.id), at: 2)
        try insert.bind(ticket.expiry.milliseconds, at: 3)
        try insert.bind(text: ticket.scope.span, at: 4)
        try insert.run()
    }

    public mutating func take(_ id: Digest) throws -> OneTimeTicket? {
        try take.bind(blob: id.span, at: 1)
        guard try take.step() else { return nil }
        let ticket = OneTimeTicket(
            subject: Subject(id: UInt64(bitPattern: take.integer(0))),
            expiry: Instant(milliseconds: take.integer(1)), scope: take.bytes(2))
        // Only the end of the statement commits what it has deleted.
        try take.run()
        return ticket
    }

    public mutating func removeAll(of subject: Subject, at now: Instant) throws {
        try deleteAll.bind(Int64(bitPattern: subject.id), at: 1)
        try deleteAll.run()
    }

    public var commandsSent: Int { connection.statementsRun }
    public var roundTrips: Int { 0 }
    public mutating func usedBytes() throws -> UInt64? { try SQLiteSchema.bytes(connection) }
}
