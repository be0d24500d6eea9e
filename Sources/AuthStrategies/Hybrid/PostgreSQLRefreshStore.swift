import AuthCore
import Backends

/// Refresh token families in PostgreSQL: one row a sign-in, locked while an exchange decides (SELECT … FOR UPDATE).
public struct PostgreSQLRefreshStore: RefreshStore, PostgreSQLClient, ~Copyable {
    public static let title = "PostgreSQL"
    public static let stores: Set<Store> = [.postgres]

    public static func prepare(in environment: Environment) throws {
        var connection = try PostgreSQLConnection(ofRun: environment)
        let expiry =
            environment.policy.sweepInterval_ms > 0
            ? "CREATE INDEX refresh_families_expiry ON refresh_families (idle_expires_at);" : ""
        try connection.execute(
            """
            CREATE SCHEMA IF NOT EXISTS \(environment.postgres?.schema ?? "public");
            DROP TABLE IF EXISTS refresh_families;
            CREATE TABLE refresh_families (
                id bytea NOT NULL PRIMARY KEY,          -- 16 random bytes
                user_id bigint NOT NULL,
                client_id text NOT NULL,
                scope text NOT NULL,
                generation bigint NOT NULL,
                token_hash bytea NOT NULL,              -- SHA-256 of the newest generation's token
                authenticated_at bigint NOT NULL,       -- milliseconds since 1970, as all times
                rotated_at bigint NOT NULL,
                idle_expires_at bigint NOT NULL,
                abs_expires_at bigint NOT NULL
            );
            CREATE INDEX refresh_families_user ON refresh_families (user_id);
            \(expiry)
            """)
    }

    private var connection: PostgreSQLConnection
    private var insert: PostgreSQLStatement
    private var select: PostgreSQLStatement
    private var advance: PostgreSQLStatement
    private var delete: PostgreSQLStatement
    private var deleteAll: PostgreSQLStatement
    private var grant: PostgreSQLStatement
    private var sweep: PostgreSQLStatement

    public init(_ environment: Environment) throws {
        // All first: a noncopyable value cannot be left half made.
        var connection = try PostgreSQLConnection(ofRun: environment)
        let insert = try connection.prepare(
            """
            INSERT INTO refresh_families (id, user_id, client_id, scope, generation, token_hash,
                authenticated_at, rotated_at, idle_expires_at, abs_expires_at)
            VALUES ($1, $2, $3, $4, 0, $5, $6, $6, $7, $8)
            """)
        let select = try connection.prepare(
            """
            SELECT user_id, generation, token_hash, rotated_at, idle_expires_at, abs_expires_at, client_id,
                authenticated_at, scope
            FROM refresh_families WHERE id = $1 FOR UPDATE
            """)
        let advance = try connection.prepare(
            """
            UPDATE refresh_families SET generation = $2, token_hash = $3, rotated_at = $4, idle_expires_at = $5
            WHERE id = $1
            """)
        let delete = try connection.prepare("DELETE FROM refresh_families WHERE id = $1")
        let deleteAll = try connection.prepare("DELETE FROM refresh_families WHERE user_id = $1")
        let grant = try connection.prepare("UPDATE refresh_families SET scope = $2 WHERE user_id = $1")
        let sweep = try connection.prepare(
            """
            DELETE FROM refresh_families WHERE id IN
                (SELECT id FROM refresh_families WHERE idle_expires_at <= $1 LIMIT 500 FOR UPDATE SKIP LOCKED)
            """)
        self.connection = connection
        self.insert = insert
        self.select = select
        self.advance = advance
        self.delete = delete
        self.deleteAll = deleteAll
        self.grant = grant
        self.sweep = sweep
    }

    public mutating func insert(_ family: RefreshFamily) throws {
        insert.begin()
        insert.bind(family.id.span)
        insert.bind(Int64(bitPattern: family.subject.id))
        insert.bind(family.clientID.span)
        insert.bind(family.scope.span)
        insert.bind(family.tokenHash.span)
        insert.bind(family.authenticatedAt.milliseconds)
        insert.bind(family.idleExpiry.milliseconds)
        insert.bind(family.absoluteExpiry.milliseconds)
        _ = try connection.execute(insert)
    }

    public mutating func insertAll(_ families: [RefreshFamily]) throws {
        try transaction { store in for family in families { try store.insert(family) } }
    }

    public mutating func update(
        _ id: [UInt8], _ decide: (RefreshFamily?) throws -> RefreshChange
    ) throws {
        try transaction { store in
            switch try decide(store.read(id)) {
            case .none: break
            case .remove: try store.remove(id)
            case .advance(let family):
                store.advance.begin()
                store.advance.bind(id.span)
                store.advance.bind(Int64(family.generation))
                store.advance.bind(family.tokenHash.span)
                store.advance.bind(family.rotatedAt.milliseconds)
                store.advance.bind(family.idleExpiry.milliseconds)
                _ = try store.connection.execute(store.advance)
            }
        }
    }

    private mutating func read(_ id: [UInt8]) throws -> RefreshFamily? {
        select.begin()
        select.bind(id.span)
        let rows = try connection.execute(select)
        guard rows.count > 0 else { return nil }
        guard let generation = UInt32(exactly: rows.integer(0, 1)), let hash = storedDigest(rows.bytes(0, 2))
        else {
            throw DamagedStoreError(table: "refresh_families", "generation \(rows.integer(0, 1))")
        }
        return RefreshFamily(
            id: id, subject: Subject(id: UInt64(bitPattern: rows.integer(0, 0))), clientID: rows.bytes(0, 6),
            scope: rows.bytes(0, 8), generation: generation, tokenHash: hash,
            authenticatedAt: Instant(milliseconds: rows.integer(0, 7)),
            rotatedAt: Instant(milliseconds: rows.integer(0, 3)),
            idleExpiry: Instant(milliseconds: rows.integer(0, 4)),
            absoluteExpiry: Instant(milliseconds: rows.integer(0, 5)))
    }

    private mutating func remove(_ id: [UInt8]) throws {
        delete.begin()
        delete.bind(id.span)
        _ = try connection.execute(delete)
    }

    public mutating func removeAll(_ ids: [[UInt8]]) throws {
        if ids.count == 1 { return try remove(ids[0]) }
        try transaction { store in for id in ids { try store.remove(id) } }
    }

    public mutating func removeAll(of subject: Subject) throws {
        deleteAll.begin()
        deleteAll.bind(Int64(bitPattern: subject.id))
        _ = try connection.execute(deleteAll)
    }

    public mutating func changeGrant(of subject: Subject, to scope: [UInt8]) throws {
        grant.begin()
        grant.bind(Int64(bitPattern: subject.id))
        grant.bind(scope.span)
        _ = try connection.execute(grant)
    }

    mutating func run(_ statement: String) throws { try connection.execute(statement) }

    public var commandsSent: Int { connection.statementsSent }

    public var roundTrips: Int { connection.roundTrips }

    public mutating func usedBytes() throws -> UInt64? {
        try connection.vacuumedBytes(of: "refresh_families")
    }

    public mutating func sweep(at now: Instant) throws -> Int? {
        sweep.begin()
        sweep.bind(now.milliseconds)
        let rows = try connection.execute(sweep)
        return rows.changed
    }
}
