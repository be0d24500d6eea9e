import AuthCore
import Backends

/// Refresh token families in SQLite: one row a sign-in, read and written in one write transaction by each exchange.
public struct SQLiteRefreshStore: RefreshStore, ~Copyable {
    public static let title = "SQLite"
    public static let stores: Set<Store> = [.sqlite]

    public static func prepare(in environment: Environment) throws {
        try SQLiteSchema.refreshFamilies.create(in: environment)
    }

    private let connection: SQLiteConnection
    private var insert: SQLiteStatement
    private var select: SQLiteStatement
    private var advance: SQLiteStatement
    private var delete: SQLiteStatement
    private var deleteAll: SQLiteStatement
    private var grant: SQLiteStatement

    public init(_ environment: Environment) throws {
        // All first: a noncopyable value cannot be left half made.
        let connection = try SQLiteSchema.connect(environment.sqlite)
        let insert = try connection.prepare(
            """
            INSERT INTO refresh_families (id, user_id, client_id, scope, generation, token_hash,
                authenticated_at, rotated_at, idle_expires_at, abs_expires_at)
            VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?6, ?7, ?8)
            """)
        let select = try connection.prepare(
            """
            SELECT user_id, generation, token_hash, rotated_at, idle_expires_at, abs_expires_at, client_id,
                authenticated_at, scope
            FROM refresh_families WHERE id = ?1
            """)
        let advance = try connection.prepare(
            """
            UPDATE refresh_families SET generation = ?2, token_hash = ?3, rotated_at = ?4, idle_expires_at = ?5
            WHERE id = ?1
            """)
        let delete = try connection.prepare("DELETE FROM refresh_families WHERE id = ?1")
        let deleteAll = try connection.prepare("DELETE FROM refresh_families WHERE user_id = ?1")
        let grant = try connection.prepare("UPDATE refresh_families SET scope = ?2 WHERE user_id = ?1")
        self.connection = connection
        self.insert = insert
        self.select = select
        self.advance = advance
        self.delete = delete
        self.deleteAll = deleteAll
        self.grant = grant
    }

    public mutating func insert(_ family: RefreshFamily) throws {
        try insert.bind(blob: family.id.span, at: 1)
        try insert.bind(Int64(bitPattern: family.subject.id), at: 2)
        try insert.bind(text: family.clientID.span, at: 3)
        try insert.bind(text: family.scope.span, at: 4)
        try insert.bind(blob: family.tokenHash.span, at: 5)
        try insert.bind(family.authenticatedAt.milliseconds, at: 6)
        try insert.bind(family.idleExpiry.milliseconds, at: 7)
        try insert.bind(family.absoluteExpiry.milliseconds, at: 8)
        try insert.run()
    }

    public mutating func insertAll(_ families: [RefreshFamily]) throws {
        try inBulk { store in for family in families { try store.insert(family) } }
    }

    public mutating func update(
        _ id: [UInt8], _ decide: (RefreshFamily?) throws -> RefreshChange
    ) throws {
        try inOneTransaction { store in
            switch try decide(store.read(id)) {
            case .none: break
            case .remove: try store.remove(id)
            case .advance(let family):
                try store.advance.bind(blob: id.span, at: 1)
                try store.advance.bind(Int64(family.generation), at: 2)
                try store.advance.bind(blob: family.tokenHash.span, at: 3)
                try store.advance.bind(family.rotatedAt.milliseconds, at: 4)
                try store.advance.bind(family.idleExpiry.milliseconds, at: 5)
                try store.advance.run()
            }
        }
    }

    private mutating func read(_ id: [UInt8]) throws -> RefreshFamily? {
        try select.bind(blob: id.span, at: 1)
        guard try select.step() else { return nil }
        // The statement must not stay open when the row is refused.
        defer { select.reset() }
        guard let generation = UInt32(exactly: select.integer(1)), let hash = storedDigest(select.bytes(2))
        else {
            throw DamagedStoreError(table: "refresh_families", "generation \(select.integer(1))")
        }
        return RefreshFamily(
            id: id, subject: Subject(id: UInt64(bitPattern: select.integer(0))), clientID: select.bytes(6),
            scope: select.bytes(8), generation: generation, tokenHash: hash,
            authenticatedAt: Instant(milliseconds: select.integer(7)),
            rotatedAt: Instant(milliseconds: select.integer(3)),
            idleExpiry: Instant(milliseconds: select.integer(4)),
            absoluteExpiry: Instant(milliseconds: select.integer(5)))
    }

    private mutating func remove(_ id: [UInt8]) throws {
        try delete.bind(blob: id.span, at: 1)
        try delete.run()
    }

    public mutating func removeAll(_ ids: [[UInt8]]) throws {
        if ids.count == 1 { return try remove(ids[0]) }
        try inBulk { store in for id in ids { try store.remove(id) } }
    }

    public mutating func removeAll(of subject: Subject) throws {
        try deleteAll.bind(Int64(bitPattern: subject.id), at: 1)
        try deleteAll.run()
    }

    public mutating func changeGrant(of subject: Subject, to scope: [UInt8]) throws {
        try grant.bind(Int64(bitPattern: subject.id), at: 1)
        try grant.bind(text: scope.span, at: 2)
        try grant.run()
    }

    private mutating func inOneTransaction(_ body: (inout Self) throws -> Void) throws {
        try connection.beginWriting()
        let result = Result { try body(&self) }
        return try connection.end(result)
    }

    /// Does much in one transaction, before the clock starts.
    private mutating func inBulk(_ body: (inout Self) throws -> Void) throws {
        let bulk = try SQLiteBulk(on: connection)
        defer { bulk.end(on: connection) }
        return try inOneTransaction(body)
    }

    public var commandsSent: Int { connection.statementsRun }

    public var roundTrips: Int { 0 }

    public mutating func usedBytes() throws -> UInt64? { try SQLiteSchema.bytes(connection) }

    public mutating func sweep(at now: Instant) throws -> Int? {
        try SQLiteSchema.refreshFamilies.sweep(connection, at: now)
    }
}
