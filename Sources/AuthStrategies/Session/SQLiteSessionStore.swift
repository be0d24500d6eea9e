import AuthCore
import Backends

/// A session cookie, looked up by one point read in SQLite.
public typealias SQLiteSessionStrategy = Session<SQLiteSessionStore>

/// Sessions in a table of SQLite, by prepared statements on a connection of the client's own.
public struct SQLiteSessionStore: SessionStore, ScopedSessionStore, ~Copyable {
    public static let strategyID = "sqlite-session"
    public static let strategyTitle = "session cookie, looked up in SQLite"
    public static let stores: Set<Store> = [.sqlite]

    public static func prepare(in environment: Environment) throws {
        try SQLiteSchema.sessions.create(in: environment)
    }

    let connection: SQLiteConnection
    public private(set) var data: SessionData
    private var insert: SQLiteStatement
    private var select: SQLiteStatement
    private var touch: SQLiteStatement
    private var rotate: SQLiteStatement
    private var delete: SQLiteStatement
    private var deleteAll: SQLiteStatement
    private var grant: SQLiteStatement
    public private(set) var touchFailures = 0

    public init(in environment: Environment, sharing _: Void) throws {
        // All first: a noncopyable value cannot be left half made.
        let connection = try SQLiteSchema.connect(environment.sqlite)
        let session_bytes = environment.policy.session_bytes
        let (dataColumn, dataValue) = session_bytes > 0 ? (", data", ", ?8") : ("", "")
        let insert = try connection.prepare(
            """
            INSERT INTO sessions (id, user_id, created_at, last_seen_at, idle_expires_at, abs_expires_at, scope\(dataColumn))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7\(dataValue))
            """, longest_bytes: max(256, session_bytes))
        let select = try connection.prepare(
            """
            SELECT user_id, created_at, last_seen_at, idle_expires_at, abs_expires_at, scope\(dataColumn)
            FROM sessions WHERE id = ?1
            """)
        let touch = try connection.prepare(
            """
            UPDATE sessions SET last_seen_at = max(last_seen_at, ?2), idle_expires_at = max(idle_expires_at, ?3)
            WHERE id = ?1
            """)
        let rotate = try connection.prepare(
            """
            UPDATE sessions SET id = ?2, previous_id = ?1, last_seen_at = max(last_seen_at, ?3),
                idle_expires_at = max(idle_expires_at, ?4) WHERE id = ?1
            """)
        let delete = try connection.prepare("DELETE FROM sessions WHERE id = ?1 OR previous_id = ?1")
        let deleteAll = try connection.prepare("DELETE FROM sessions WHERE user_id = ?1 AND id != ?2")
        let grant = try connection.prepare("UPDATE sessions SET scope = ?2 WHERE user_id = ?1")
        data = SessionData(count: session_bytes)
        self.connection = connection
        self.insert = insert
        self.select = select
        self.touch = touch
        self.rotate = rotate
        self.delete = delete
        self.deleteAll = deleteAll
        self.grant = grant
    }

    public mutating func read(
        _ id: Digest, requiring scope: Scope, at now: Instant
    ) throws -> (record: SessionRecord, isGranted: Bool)? {
        guard let record = try find(id) else { return nil }
        let isGranted = select.withBytes(5) { scope.isGranted(by: $0) }
        if data.count > 0 { select.withBytes(6) { data.take($0) } }
        select.reset()
        return (record, isGranted)
    }

    mutating func read(_ id: Digest, scope: inout [UInt8]) throws -> SessionRecord? {
        guard let record = try find(id) else { return nil }
        select.withBytes(5) { ByteCopy.copy($0, into: &scope) }
        select.reset()
        return record
    }

    /// Leaves the statement at the row where there is one.
    @inline(__always)
    private mutating func find(_ id: Digest) throws -> SessionRecord? {
        try select.bind(blob: id.span, at: 1)
        guard try select.step() else { return nil }
        return SessionRecord(
            subject: Subject(id: UInt64(bitPattern: select.integer(0))),
            createdAt: Instant(milliseconds: select.integer(1)),
            lastSeen: Instant(milliseconds: select.integer(2)),
            idleExpiry: Instant(milliseconds: select.integer(3)),
            absoluteExpiry: Instant(milliseconds: select.integer(4)))
    }

    public mutating func save(_ record: SessionRecord, as id: Digest, scope: [UInt8]) throws {
        try insert.bind(blob: id.span, at: 1)
        try insert.bind(Int64(bitPattern: record.subject.id), at: 2)
        try insert.bind(record.createdAt.milliseconds, at: 3)
        try insert.bind(record.lastSeen.milliseconds, at: 4)
        try insert.bind(record.idleExpiry.milliseconds, at: 5)
        try insert.bind(record.absoluteExpiry.milliseconds, at: 6)
        try insert.bind(text: scope.span, at: 7)
        if data.count > 0 { try insert.bind(blob: data.make(for: record.subject).span, at: 8) }
        try insert.run()
    }

    public mutating func saveAll(
        _ sessions: [(id: Digest, record: SessionRecord)], scope: [UInt8]
    ) throws {
        try inBulk { store in for (id, record) in sessions { try store.save(record, as: id, scope: scope) } }
    }

    public mutating func removeAll(_ ids: [Digest]) throws {
        try inBulk { store in for id in ids { try store.remove(id) } }
    }

    private mutating func inBulk(_ body: (inout Self) throws -> Void) throws {
        let bulk = try SQLiteBulk(on: connection)
        defer { bulk.end(on: connection) }
        try connection.beginWriting()
        let result = Result { try body(&self) }
        try connection.end(result)
    }

    /// An update of a session deleted meanwhile changes nothing: touching never brings one back.
    public mutating func touch(_ id: Digest, _ record: SessionRecord) {
        do {
            try touch.bind(blob: id.span, at: 1)
            try touch.bind(record.lastSeen.milliseconds, at: 2)
            try touch.bind(record.idleExpiry.milliseconds, at: 3)
            try touch.run()
        } catch { touchFailures += 1 }
    }

    public mutating func rotate(_ old: Digest, to new: Digest, _ record: SessionRecord) throws -> Bool {
        try rotate.bind(blob: old.span, at: 1)
        try rotate.bind(blob: new.span, at: 2)
        try rotate.bind(record.lastSeen.milliseconds, at: 3)
        try rotate.bind(record.idleExpiry.milliseconds, at: 4)
        try rotate.run()
        return connection.changes == 1
    }

    public mutating func remove(_ id: Digest) throws {
        try delete.bind(blob: id.span, at: 1)
        try delete.run()
    }

    public mutating func removeAll(of subject: Subject, but kept: Digest?, at now: Instant) throws {
        try deleteAll.bind(Int64(bitPattern: subject.id), at: 1)
        // No identifier is empty.
        let name = kept.map { kept in kept.indices.map { kept[$0] } } ?? []
        try deleteAll.bind(blob: name.span, at: 2)
        try deleteAll.run()
    }

    public mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary] {
        var list = try connection.prepare(
            """
            SELECT created_at, last_seen_at, min(idle_expires_at, abs_expires_at) AS expiry FROM sessions
            WHERE user_id = ?1 AND expiry > ?2
            """)
        try list.bind(Int64(bitPattern: subject.id), at: 1)
        try list.bind(now.milliseconds, at: 2)
        var sessions: [SessionSummary] = []
        while try list.step() {
            sessions.append(
                SessionSummary(
                    createdAt: Instant(milliseconds: list.integer(0)),
                    lastSeen: Instant(milliseconds: list.integer(1)),
                    expiry: Instant(milliseconds: list.integer(2))))
        }
        return sessions
    }

    public mutating func changeGrant(of subject: Subject, to scope: [UInt8], at now: Instant) throws {
        try grant.bind(Int64(bitPattern: subject.id), at: 1)
        try grant.bind(text: scope.span, at: 2)
        try grant.run()
    }

    public var commandsSent: Int { connection.statementsRun }

    public var roundTrips: Int { 0 }

    public mutating func usedBytes() throws -> UInt64? { try SQLiteSchema.bytes(connection) }

    public mutating func sweep(at now: Instant) throws -> Int? {
        try SQLiteSchema.sessions.sweep(connection, at: now)
    }
}
