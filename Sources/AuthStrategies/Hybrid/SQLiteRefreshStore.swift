import AuthCore
import Backends

/// Refresh token families in SQLite: one row a sign-in, naming the newest generation and the hash of its
/// token.
///
/// A family has one live branch at any moment, because each exchange reads and writes its row in one write
/// transaction (RFC 9700 section 4.14.2, OWASP ASVS 5.0 section 10.4.5).
public struct SQLiteRefreshStore: RefreshStore, ~Copyable {
    public static let title = "SQLite"
    public static let stores: Set<Store> = [.sqlite]

    public static func prepare(in environment: Environment) throws {
        try SQLiteSchema.refreshFamilies.create(in: environment)
    }

    private let policy: Policy
    private let grantedScope: [UInt8]
    private let connection: SQLiteConnection
    private var hasher: SHA256
    private var mac: HMACSHA256
    private var insert: SQLiteStatement
    private var select: SQLiteStatement
    private var advance: SQLiteStatement
    private var delete: SQLiteStatement
    private var deleteAll: SQLiteStatement
    private var grant: SQLiteStatement

    public init(_ environment: Environment, key: SharedSecret) throws {
        // All first: a noncopyable value cannot be left half made.
        let connection = try SQLiteSchema.connect(environment.sqlite)
        let hasher = SHA256()
        let mac = key.withBytes { bytes in HMACSHA256(key: bytes) }
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
        policy = environment.policy
        grantedScope = Array(policy.grantedScope.utf8)
        self.connection = connection
        self.hasher = hasher
        self.mac = mac
        self.insert = insert
        self.select = select
        self.advance = advance
        self.delete = delete
        self.deleteAll = deleteAll
        self.grant = grant
    }

    /// Runs `body` in one write transaction, for loading many families.
    mutating func inOneTransaction<Value>(
        _ body: (inout SQLiteRefreshStore) throws -> Value
    ) throws -> Value {
        try connection.beginWriting()
        let result = Result { try body(&self) }
        return try connection.end(result)
    }

    /// Does much in one transaction, before the clock starts.
    private mutating func inBulk<Value>(_ body: (inout SQLiteRefreshStore) throws -> Value) throws -> Value {
        let bulk = try SQLiteBulk(on: connection)
        defer { bulk.end(on: connection) }
        return try inOneTransaction(body)
    }

    public mutating func createAll(_ logins: [Login]) throws -> [[UInt8]] {
        try inBulk { store in try logins.map { try store.create(for: $0.subject, at: $0.instant) } }
    }

    public mutating func revokeAll(_ texts: [[UInt8]]) throws {
        try inBulk { store in for text in texts { try store.revoke(text.span) } }
    }

    public var commandsSent: Int { connection.statementsRun }

    public mutating func usedBytes() throws -> UInt64? { try SQLiteSchema.bytes(connection) }

    public mutating func sweep(at now: Instant) throws -> Int? {
        try SQLiteSchema.refreshFamilies.sweep(connection, at: now)
    }

    /// Starts a family.
    ///
    /// - Returns: the text of its first token.
    public mutating func create(for subject: Subject, at now: Instant) throws -> [UInt8] {
        let token = RefreshToken(family: try SecureRandom.bytes(RefreshToken.family_bytes), generation: 0)
        let text = token.text(&mac)
        let absolute = now.advanced(byMilliseconds: policy.lifetimes.absolute_ms)
        let idle = now.advanced(byMilliseconds: policy.lifetimes.refreshIdle_ms)
        try insert.bind(blob: token.family.span, at: 1)
        try insert.bind(Int64(bitPattern: subject.id), at: 2)
        try insert.bind(text: Array(policy.clientID.utf8).span, at: 3)
        let grantedScope = grantedScope
        try insert.bind(text: grantedScope.span, at: 4)
        try insert.bind(blob: hasher.digest(text.span).span, at: 5)
        try insert.bind(now.milliseconds, at: 6)
        try insert.bind(min(absolute, idle).milliseconds, at: 7)
        try insert.bind(absolute.milliseconds, at: 8)
        try insert.run()
        return text
    }

    public mutating func exchange(_ text: Span<UInt8>, at now: Instant) throws -> RefreshExchange {
        try exchange(text, at: now, beforeCommit: {})
    }

    /// Exchanges a token for its successor; a retired one takes its whole family with it.
    ///
    /// - Parameters:
    ///   - text: the token as received.
    ///   - now: the moment of the exchange.
    ///   - commit: called within the transaction before it ends, for tests of a crash there.
    /// - Returns: the successor, or why there is none.
    /// - Throws: `SQLiteError`, `DamagedStoreError`, or what `commit` throws; nothing has happened then.
    mutating func exchange(
        _ text: Span<UInt8>, at now: Instant, beforeCommit commit: () throws -> Void
    ) throws -> RefreshExchange {
        guard let token = RefreshToken.read(text, &mac) else { return .refused(.unknown) }
        let hash = hasher.digest(text)
        return try inOneTransaction { store in
            let result = try store.exchange(token, hash, at: now)
            try commit()
            return result
        }
    }

    public mutating func revoke(_ text: Span<UInt8>) throws {
        guard let token = RefreshToken.read(text, &mac) else { return }
        try revokeFamily(token.family)
    }

    public mutating func revokeAll(of subject: Subject) throws {
        try deleteAll.bind(Int64(bitPattern: subject.id), at: 1)
        try deleteAll.run()
    }

    /// Changes what the next access tokens of a user permit.
    public mutating func changeGrant(of subject: Subject, to scope: String) throws {
        try grant.bind(Int64(bitPattern: subject.id), at: 1)
        try grant.bind(text: Array(scope.utf8).span, at: 2)
        try grant.run()
    }

    // MARK: The steps of an exchange, inside its transaction

    private struct Family {
        var subject: Subject
        var generation: UInt32
        var isNewestToken: Bool
        var authenticatedAt: Instant
        var rotatedAt: Instant
        var idleExpiry: Instant
        var absoluteExpiry: Instant
        var isOurClient: Bool
        /// What the user has been granted, where that is not what everybody is.
        var otherScope: [UInt8]?
    }

    private mutating func exchange(_ token: RefreshToken, _ hash: Digest, at now: Instant) throws
        -> RefreshExchange
    {
        guard let family = try read(token.family, hash) else { return .refused(.unknown) }
        guard family.isOurClient else { return .refused(.wrongClaims) }
        guard now < family.idleExpiry, now < family.absoluteExpiry else {
            try revokeFamily(token.family)
            return .refused(.expired)
        }
        if family.generation == token.generation {
            guard family.isNewestToken else { return .refused(.unknown) }
            return .rotated(
                family.subject, scope: family.otherScope, authenticatedAt: family.authenticatedAt,
                try rotate(token, family, at: now))
        }
        // The answer with the newest token may have been lost: the one before it gets the same again for a
        // moment.
        let (next, isOver) = token.generation.addingReportingOverflow(1)
        if !isOver, next == family.generation, isWithinGrace(family.rotatedAt, at: now) {
            let newest = RefreshToken(family: token.family, generation: family.generation)
            return .rotated(
                family.subject, scope: family.otherScope, authenticatedAt: family.authenticatedAt,
                newest.text(&mac))
        }
        try revokeFamily(token.family)
        return .refused(.reused)
    }

    /// Whether a rotation was a moment ago, or will be in a moment: the clock of the server that rotated may be ahead
    /// of this one's by as much as the grace.
    private func isWithinGrace(_ rotatedAt: Instant, at now: Instant) -> Bool {
        let (age_ms, grace_ms) = (now.milliseconds(since: rotatedAt), policy.lifetimes.refreshGrace_ms)
        return -grace_ms <= age_ms && age_ms < grace_ms
    }

    private mutating func rotate(_ token: RefreshToken, _ family: Family, at now: Instant) throws -> [UInt8] {
        let (generation, isOver) = token.generation.addingReportingOverflow(1)
        guard !isOver else {
            throw DamagedStoreError(table: "refresh_families", "the last generation there is")
        }
        let next = RefreshToken(family: token.family, generation: generation)
        let text = next.text(&mac)
        let idle = min(family.absoluteExpiry, now.advanced(byMilliseconds: policy.lifetimes.refreshIdle_ms))
        // A clock that is a little behind takes nothing back; one that was set back begins anew.
        let isBehind = now < family.rotatedAt && isWithinGrace(family.rotatedAt, at: now)
        try advance.bind(blob: token.family.span, at: 1)
        try advance.bind(Int64(next.generation), at: 2)
        try advance.bind(blob: hasher.digest(text.span).span, at: 3)
        try advance.bind((isBehind ? family.rotatedAt : now).milliseconds, at: 4)
        try advance.bind(max(family.idleExpiry, idle).milliseconds, at: 5)
        try advance.run()
        return text
    }

    private mutating func read(_ id: [UInt8], _ hash: Digest) throws -> Family? {
        try select.bind(blob: id.span, at: 1)
        guard try select.step() else { return nil }
        // The statement must not stay open when the row is refused.
        defer { select.reset() }
        let client = Array(policy.clientID.utf8)
        guard let generation = UInt32(exactly: select.integer(1)) else {
            throw DamagedStoreError(table: "refresh_families", "generation \(select.integer(1))")
        }
        return Family(
            subject: Subject(id: UInt64(bitPattern: select.integer(0))), generation: generation,
            isNewestToken: select.withBytes(2) { constantTimeEquals($0, hash.span) },
            authenticatedAt: Instant(milliseconds: select.integer(7)),
            rotatedAt: Instant(milliseconds: select.integer(3)),
            idleExpiry: Instant(milliseconds: select.integer(4)),
            absoluteExpiry: Instant(milliseconds: select.integer(5)),
            isOurClient: select.withBytes(6) { $0.elementsEqual(client.span) },
            otherScope: try readOtherScope())
    }

    private func readOtherScope() throws -> [UInt8]? {
        let grantedScope = grantedScope
        guard !select.withBytes(8, { $0.elementsEqual(grantedScope.span) }) else { return nil }
        let scope = select.bytes(8)
        // The characters of RFC 6749 section 3.3: none of them needs an escape in a token.
        guard scope.allSatisfy({ 0x20...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        else {
            throw DamagedStoreError(
                table: "refresh_families", "a scope with other characters than RFC 6749 has")
        }
        return scope
    }

    private mutating func revokeFamily(_ id: [UInt8]) throws {
        try delete.bind(blob: id.span, at: 1)
        try delete.run()
    }
}
