import AuthCore
import Backends

/// A session cookie, looked up by one point read in PostgreSQL.
public typealias PostgreSQLSessionStrategy = Session<PostgreSQLSessionStore>

/// Sessions in a table of PostgreSQL, by prepared statements with binary parameters on a connection of the client's own.
///
/// Unless `durability` says otherwise, a touch does not wait for the disk, and all else does: what a crash takes is a last-seen
/// moment.
public struct PostgreSQLSessionStore: ScopedSessionStore, PostgreSQLClient, ~Copyable {
    public static let strategyID = "postgres-session"
    public static let strategyTitle = "session cookie, looked up in PostgreSQL"
    public static let stores: Set<Store> = [.postgres]
    public static let isOnCard = false
    public static let parameters =
        [
            StrategyParameter(
                "durability", .choice(Durability.allCases.map(\.rawValue)),
                standard: Durability.relaxed.rawValue,
                "what waits for the disk: all writes, all but touches, or none")
        ] + SessionCache.parameters(canTrack: false) + PostgreSQLReplicaStore.ownParameters
    public static func strategy(with parameters: StrategyParameters) -> any (AuthStrategy & ~Copyable).Type {
        PostgreSQLReplicaStore.isSet(parameters)
            ? Session<PostgreSQLReplicaStore>.self : cachedStrategy(with: parameters)
    }

    /// What a crash of the server may take.
    private enum Durability: String, CaseIterable {
        /// Nothing: every write waits for the disk.
        case full
        /// Touches of the last moments: they do not wait (`synchronous_commit = off`).
        case relaxed
        /// All sessions: the table is unlogged, and empty after a crash.
        case unlogged

        init(_ environment: Environment) {
            self = environment.policy.parameters["durability"].flatMap { Self(rawValue: $0) } ?? .relaxed
        }
    }

    public static func prepare(in environment: Environment) throws {
        var connection = try PostgreSQLConnection(ofRun: environment)
        let data = environment.policy.session_bytes > 0 ? ", data bytea NOT NULL" : ""
        // What a sweep needs, and nobody else: without one it would only make writes dearer.
        let expiry =
            environment.policy.sweepInterval_ms > 0
            ? "CREATE INDEX sessions_expiry ON sessions (idle_expires_at);" : ""
        try connection.execute(
            """
            CREATE SCHEMA IF NOT EXISTS \(environment.postgres?.schema ?? "public");
            DROP TABLE IF EXISTS sessions;
            CREATE \(Durability(environment) == .unlogged ? "UNLOGGED" : "") TABLE sessions (
                id bytea NOT NULL PRIMARY KEY,          -- SHA-256 of the token
                user_id bigint NOT NULL,
                created_at bigint NOT NULL,             -- milliseconds since 1970, as all times
                last_seen_at bigint NOT NULL,
                idle_expires_at bigint NOT NULL,
                abs_expires_at bigint NOT NULL,
                scope text NOT NULL,
                previous_id bytea                       -- the one before the last renewal, for a logout that crossed it
                \(data)
            );
            CREATE INDEX sessions_user ON sessions (user_id);
            CREATE INDEX sessions_previous ON sessions (previous_id) WHERE previous_id IS NOT NULL;
            \(expiry)
            """)
    }

    private var connection: PostgreSQLConnection
    public private(set) var data: SessionData
    private var insert: PostgreSQLStatement
    private var select: PostgreSQLStatement
    private var touch: PostgreSQLStatement
    private var rotate: PostgreSQLStatement
    private var delete: PostgreSQLStatement
    private var deleteAll: PostgreSQLStatement
    private var list: PostgreSQLStatement
    private var grant: PostgreSQLStatement
    private var sweep: PostgreSQLStatement
    public private(set) var touchFailures = 0
    /// What a replica has carried out last was written so long ago, by the session that was read last.
    private(set) var age_ms: Int64 = 0
    private let ageColumn: Int32?
    /// By the clocks of both servers; without any such moment as old as can be.
    private static let age =
        "coalesce(ceil(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint, \(Int64.max))"
    /// How many rows go in one transaction: some milliseconds in which their locks are held.
    private static let sweptAtOnce = 500

    public init(in environment: Environment, sharing _: Void) throws {
        try self.init(over: try PostgreSQLConnection(ofRun: environment), in: environment)
    }

    /// - Parameters:
    ///   - connection: to the server, or to a replica of it, which is only read.
    ///   - environment: the run's.
    ///   - asksAge: whether each session is read with how far the replica is behind.
    /// - Throws: `PostgreSQLError`.
    init(
        over connection: consuming PostgreSQLConnection, in environment: Environment, asksAge: Bool = false
    ) throws {
        // All first: a noncopyable value cannot be left half made.
        var connection = connection
        let session_bytes = environment.policy.session_bytes
        let (dataColumn, dataValue) = session_bytes > 0 ? (", data", ", $8") : ("", "")
        let insert = try connection.prepare(
            """
            INSERT INTO sessions (id, user_id, created_at, last_seen_at, idle_expires_at, abs_expires_at, scope\(dataColumn))
            VALUES ($1, $2, $3, $4, $5, $6, $7\(dataValue))
            """)
        let select = try connection.prepare(
            """
            SELECT user_id, created_at, last_seen_at, idle_expires_at, abs_expires_at, scope\(dataColumn)
                \(asksAge ? ", \(Self.age)" : "")
            FROM sessions WHERE id = $1
            """)
        // The setting holds until the end of the transaction, which is that of this statement.
        let relaxing =
            Durability(environment) == .relaxed
            ? "AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'" : ""
        let touch = try connection.prepare(
            """
            UPDATE sessions SET last_seen_at = greatest(last_seen_at, $2), idle_expires_at = greatest(idle_expires_at, $3)
            WHERE id = $1 \(relaxing)
            """)
        let rotate = try connection.prepare(
            """
            UPDATE sessions SET id = $2, previous_id = $1, last_seen_at = greatest(last_seen_at, $3),
                idle_expires_at = greatest(idle_expires_at, $4) WHERE id = $1
            """)
        let delete = try connection.prepare(
            "DELETE FROM sessions WHERE id = $1 OR previous_id = $1 RETURNING user_id")
        let deleteAll = try connection.prepare("DELETE FROM sessions WHERE user_id = $1 AND id != $2")
        let list = try connection.prepare(
            """
            SELECT created_at, last_seen_at, least(idle_expires_at, abs_expires_at) FROM sessions
            WHERE user_id = $1 AND least(idle_expires_at, abs_expires_at) > $2
            """)
        let grant = try connection.prepare("UPDATE sessions SET scope = $2 WHERE user_id = $1")
        let sweep = try connection.prepare(
            """
            DELETE FROM sessions WHERE id IN
                (SELECT id FROM sessions WHERE idle_expires_at <= $1 LIMIT \(Self.sweptAtOnce) FOR UPDATE SKIP LOCKED)
            """)
        data = SessionData(count: session_bytes)
        ageColumn = asksAge ? session_bytes > 0 ? 7 : 6 : nil
        self.connection = connection
        self.insert = insert
        self.select = select
        self.touch = touch
        self.rotate = rotate
        self.delete = delete
        self.deleteAll = deleteAll
        self.list = list
        self.grant = grant
        self.sweep = sweep
    }

    public mutating func read(
        _ id: Digest, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        var isGranted = false
        return try find(id) { isGranted = scope.isGranted(by: $0) }.map { ($0, isGranted) }
    }

    mutating func read(_ id: Digest, scope: inout [UInt8]) throws -> SessionRecord? {
        try find(id) { ByteCopy.copy($0, into: &scope) }
    }

    @inline(__always)
    private mutating func find(_ id: Digest, _ takeScope: (Span<UInt8>) -> Void) throws -> SessionRecord? {
        select.begin()
        select.bind(id.span)
        let rows = try connection.execute(select)
        guard rows.count > 0 else { return nil }
        rows.withBytes(0, 5, takeScope)
        if data.count > 0 { rows.withBytes(0, 6) { data.take($0) } }
        if let ageColumn { age_ms = rows.integer(0, ageColumn) }
        return SessionRecord(
            subject: Subject(id: UInt64(bitPattern: rows.integer(0, 0))),
            createdAt: Instant(milliseconds: rows.integer(0, 1)),
            lastSeen: Instant(milliseconds: rows.integer(0, 2)),
            idleExpiry: Instant(milliseconds: rows.integer(0, 3)),
            absoluteExpiry: Instant(milliseconds: rows.integer(0, 4)))
    }

    public mutating func save(_ record: SessionRecord, as id: Digest, scope: [UInt8]) throws {
        insert.begin()
        insert.bind(id.span)
        insert.bind(Int64(bitPattern: record.subject.id))
        for instant in [record.createdAt, record.lastSeen, record.idleExpiry, record.absoluteExpiry] {
            insert.bind(instant.milliseconds)
        }
        insert.bind(scope.span)
        if data.count > 0 { insert.bind(data.make(for: record.subject).span) }
        _ = try connection.execute(insert)
    }

    public mutating func saveAll(
        _ sessions: [(id: Digest, record: SessionRecord)], scope: [UInt8]
    ) throws {
        try transaction { store in
            for (id, record) in sessions { try store.save(record, as: id, scope: scope) }
        }
    }

    public mutating func removeAll(_ ids: [Digest]) throws {
        try transaction { store in for id in ids { try store.remove(id) } }
    }

    /// An update of a session deleted meanwhile changes nothing: touching never brings one back.
    public mutating func touch(_ id: Digest, _ record: SessionRecord) {
        touch.begin()
        touch.bind(id.span)
        touch.bind(record.lastSeen.milliseconds)
        touch.bind(record.idleExpiry.milliseconds)
        do { _ = try connection.execute(touch) } catch { touchFailures += 1 }
    }

    public mutating func rotate(_ old: Digest, to new: Digest, _ record: SessionRecord) throws -> Bool {
        rotate.begin()
        rotate.bind(old.span)
        rotate.bind(new.span)
        rotate.bind(record.lastSeen.milliseconds)
        rotate.bind(record.idleExpiry.milliseconds)
        let rows = try connection.execute(rotate)
        return rows.changed == 1
    }

    public mutating func remove(_ id: Digest) throws { _ = try end(id) }

    /// As `remove`.
    ///
    /// - Returns: whose it was; `nil` where there was none.
    mutating func end(_ id: Digest) throws -> Subject? {
        delete.begin()
        delete.bind(id.span)
        let rows = try connection.execute(delete)
        return rows.count > 0 ? Subject(id: UInt64(bitPattern: rows.integer(0, 0))) : nil
    }

    public mutating func removeAll(of subject: Subject, but kept: Digest?, at now: Instant) throws {
        deleteAll.begin()
        deleteAll.bind(Int64(bitPattern: subject.id))
        // No identifier is empty.
        let name = kept.map { kept in kept.indices.map { kept[$0] } } ?? []
        deleteAll.bind(name.span)
        _ = try connection.execute(deleteAll)
    }

    public mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary] {
        list.begin()
        list.bind(Int64(bitPattern: subject.id))
        list.bind(now.milliseconds)
        let rows = try connection.execute(list)
        return (0..<rows.count).map { row in
            SessionSummary(
                createdAt: Instant(milliseconds: rows.integer(row, 0)),
                lastSeen: Instant(milliseconds: rows.integer(row, 1)),
                expiry: Instant(milliseconds: rows.integer(row, 2)))
        }
    }

    public mutating func changeGrant(of subject: Subject, to scope: [UInt8], at now: Instant) throws {
        grant.begin()
        grant.bind(Int64(bitPattern: subject.id))
        grant.bind(scope.span)
        _ = try connection.execute(grant)
    }

    mutating func run(_ statement: String) throws { try connection.execute(statement) }

    public var commandsSent: Int { connection.statementsSent }

    public var roundTrips: Int { connection.roundTrips }

    public mutating func usedBytes() throws -> UInt64? { try connection.vacuumedBytes(of: "sessions") }

    public mutating func sweep(at now: Instant) throws -> Int? {
        sweep.begin()
        sweep.bind(now.milliseconds)
        let rows = try connection.execute(sweep)
        return rows.changed
    }
}
