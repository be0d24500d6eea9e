import AuthCore
import Backends

/// A session identifier in a cookie, the session in SQLite.
public struct SQLiteSessionStrategy: AuthStrategy, ~Copyable {
    public static let descriptor = StrategyDescriptor(
        id: "sqlite-session", title: "session cookie, point read in SQLite", transport: .cookie,
        revocation: .immediate, stores: [.sqlite], credential: .random,
        exemptions: ["SES-12": "its sessions have no attributes that requests change"])

    /// Of a session that nobody uses: a touch prolongs it.
    public static func lifetime(under policy: Policy) -> CredentialLifetime {
        CredentialLifetime(policy.lifetimes.idle_ms)
    }

    public static func prepare(in environment: Environment) throws -> Environment {
        try SQLiteSchema.sessions.create(in: environment)
        return environment
    }

    private let policy: Policy
    private let grantedScope: [UInt8]
    private var hasher: SHA256
    let connection: SQLiteConnection
    private(set) var data: SessionData
    private var insert: SQLiteStatement
    private var select: SQLiteStatement
    private var touch: SQLiteStatement
    private var rotate: SQLiteStatement
    private var delete: SQLiteStatement
    private var deleteAll: SQLiteStatement
    private var grant: SQLiteStatement
    public private(set) var touchFailures = 0

    public init(sharing environment: Environment) throws {
        // All first: a noncopyable value cannot be left half made.
        let hasher = SHA256()
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
        policy = environment.policy
        grantedScope = Array(policy.grantedScope.utf8)
        self.hasher = hasher
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

    public mutating func load(_ logins: [Login]) throws -> [Credential] {
        try inBulk { strategy in try logins.map { try strategy.login($0.subject, at: $0.instant) } }
    }

    public mutating func unload(_ credentials: [Credential], at now: Instant) throws {
        try inBulk { strategy in for credential in credentials { try strategy.logout(credential, at: now) } }
    }

    private mutating func inBulk<Value>(_ body: (inout Self) throws -> Value) throws -> Value {
        let bulk = try SQLiteBulk(on: connection)
        defer { bulk.end(on: connection) }
        try connection.beginWriting()
        let result = Result { try body(&self) }
        return try connection.end(result)
    }

    public mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        let token = try SessionToken.mint()
        let record = SessionRecord(subject, at: now, lifetimes: policy.lifetimes)
        let grantedScope = grantedScope
        try insert.bind(blob: hasher.digest(token.span).span, at: 1)
        try insert.bind(Int64(bitPattern: subject.id), at: 2)
        try insert.bind(record.createdAt.milliseconds, at: 3)
        try insert.bind(record.lastSeen.milliseconds, at: 4)
        try insert.bind(record.idleExpiry.milliseconds, at: 5)
        try insert.bind(record.absoluteExpiry.milliseconds, at: 6)
        try insert.bind(text: grantedScope.span, at: 7)
        if data.count > 0 { try insert.bind(blob: data.make(for: subject).span, at: 8) }
        try insert.run()
        return SessionToken.credential(token)
    }

    public mutating func authenticate(
        _ line: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        guard let token = SessionToken.find(in: line) else { return .refused(.malformed) }
        let id = hasher.digest(line.extracting(token))
        guard let (record, isGranted) = try read(id, requiring: scope) else {
            return .refused(.unknown)
        }
        guard !record.isExpired(at: now) else { return .refused(.expired) }
        guard isGranted else { return .refused(.insufficientScope) }
        if policy.touch.isDue(lastSeen: record.lastSeen, at: now) {
            // The read has decided: a store that is busy or full now changes nothing about it.
            do { try touch(id, record, at: now) } catch { touchFailures += 1 }
        }
        return .accepted(record.subject)
    }

    /// Gives the session a new identifier; the old one is dead in the same statement (ASVS 5.0 section
    /// 7.2.4).
    public mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        let line = credential.headerLine.span
        guard let token = SessionToken.find(in: line) else { return .refused(.malformed) }
        let id = hasher.digest(line.extracting(token))
        guard var record = try read(id, requiring: .read)?.0 else { return .refused(.unknown) }
        guard !record.isExpired(at: now) else { return .refused(.expired) }
        record.touch(at: now, lifetimes: policy.lifetimes)
        let fresh = try SessionToken.mint()
        try rotate.bind(blob: id.span, at: 1)
        try rotate.bind(blob: hasher.digest(fresh.span).span, at: 2)
        try rotate.bind(record.lastSeen.milliseconds, at: 3)
        try rotate.bind(record.idleExpiry.milliseconds, at: 4)
        try rotate.run()
        // Somebody else logged out or renewed since the read.
        guard connection.changes == 1 else { return .refused(.unknown) }
        return .renewed(SessionToken.credential(fresh))
    }

    /// Ends the session, also by the identifier that its last renewal replaced: that request may have crossed the renewal.
    public mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        let line = credential.headerLine.span
        guard let token = SessionToken.find(in: line) else { return }
        try delete.bind(blob: hasher.digest(line.extracting(token)).span, at: 1)
        try delete.run()
    }

    public mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        try deleteAll.bind(Int64(bitPattern: subject.id), at: 1)
        // No identifier is empty.
        try deleteAll.bind(blob: [UInt8]().span, at: 2)
        try deleteAll.run()
    }

    public mutating func logoutOthers(_ credential: borrowing Credential, at now: Instant) throws -> Bool {
        let line = credential.headerLine.span
        guard let token = SessionToken.find(in: line) else { return true }
        let id = hasher.digest(line.extracting(token))
        guard let (record, _) = try read(id, requiring: .read), !record.isExpired(at: now) else {
            return true
        }
        try deleteAll.bind(Int64(bitPattern: record.subject.id), at: 1)
        try deleteAll.bind(blob: id.span, at: 2)
        try deleteAll.run()
        return true
    }

    public mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]? {
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

    public mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {
        try grant.bind(Int64(bitPattern: subject.id), at: 1)
        try grant.bind(text: Array(scope.utf8).span, at: 2)
        try grant.run()
    }

    public var storeCommands: Int { connection.statementsRun }

    public mutating func storeBytes() throws -> UInt64? { try SQLiteSchema.bytes(connection) }

    public mutating func sweep(at now: Instant) throws -> Int? {
        try SQLiteSchema.sessions.sweep(connection, at: now)
    }

    public mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        // To this server another service's session is one that it never stored.
        SessionToken.credential(try SessionToken.mint())
    }

    private mutating func read(_ id: Digest, requiring scope: Scope) throws -> (SessionRecord, Bool)? {
        try select.bind(blob: id.span, at: 1)
        guard try select.step() else { return nil }
        let record = SessionRecord(
            subject: Subject(id: UInt64(bitPattern: select.integer(0))),
            createdAt: Instant(milliseconds: select.integer(1)),
            lastSeen: Instant(milliseconds: select.integer(2)),
            idleExpiry: Instant(milliseconds: select.integer(3)),
            absoluteExpiry: Instant(milliseconds: select.integer(4)))
        let isGranted = select.withBytes(5) { scope.isGranted(by: $0) }
        if data.count > 0 { select.withBytes(6) { data.take($0) } }
        select.reset()
        return (record, isGranted)
    }

    /// An update of a session deleted meanwhile changes nothing: touching never brings one back.
    private mutating func touch(_ id: Digest, _ record: SessionRecord, at now: Instant) throws {
        var record = record
        record.touch(at: now, lifetimes: policy.lifetimes)
        try touch.bind(blob: id.span, at: 1)
        try touch.bind(record.lastSeen.milliseconds, at: 2)
        try touch.bind(record.idleExpiry.milliseconds, at: 3)
        try touch.run()
    }
}
