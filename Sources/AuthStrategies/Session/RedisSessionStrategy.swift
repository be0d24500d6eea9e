import AuthCore
import Backends

/// A session identifier in a cookie, the session in Redis.
public struct RedisSessionStrategy: AuthStrategy, ~Copyable {
    public static let descriptor = StrategyDescriptor(
        id: "redis-session", title: "session cookie, one GET in Redis", transport: .cookie,
        revocation: .immediate, stores: [.redis], credential: .random,
        exemptions: ["SES-12": "its sessions have no attributes that requests change"])

    /// Of a session that nobody uses: a touch prolongs it.
    public static func lifetime(under policy: Policy) -> CredentialLifetime {
        CredentialLifetime(policy.lifetimes.idle_ms)
    }

    public static func prepare(in environment: Environment) -> Environment { environment }

    private let policy: Policy
    private let grantedScope: [UInt8]
    private var hasher: SHA256
    private var store: RedisSessionStore
    var data: SessionData { store.data }

    public init(sharing environment: Environment) throws {
        guard let settings = environment.redis else {
            throw RedisError.connection(operation: "connect", message: "the run has no Redis server")
        }
        // Both first: a noncopyable value cannot be left half made.
        let hasher = SHA256()
        let store = try RedisSessionStore(
            settings, lifetimes: environment.policy.lifetimes, session_bytes: environment.policy.session_bytes
        )
        policy = environment.policy
        grantedScope = Array(policy.grantedScope.utf8)
        self.hasher = hasher
        self.store = store
    }

    /// Commands are sent a thousand at a time before the first reply is read: more would only wait in buffers.
    public mutating func load(_ logins: [Login]) throws -> [Credential] {
        var credentials: [Credential] = []
        credentials.reserveCapacity(logins.count)
        while credentials.count < logins.count {
            let pipeline = logins[credentials.count..<min(credentials.count + 1000, logins.count)]
            credentials += try save(pipeline)
        }
        return credentials
    }

    public mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try save([Login(subject, at: now)])[0]
    }

    private mutating func save(_ logins: ArraySlice<Login>) throws -> [Credential] {
        var credentials: [Credential] = []
        var sessions: [(id: Digest, record: SessionRecord)] = []
        credentials.reserveCapacity(logins.count)
        sessions.reserveCapacity(logins.count)
        for login in logins {
            let token = try SessionToken.mint()
            let record = SessionRecord(login.subject, at: login.instant, lifetimes: policy.lifetimes)
            sessions.append((hasher.digest(token.span), record))
            credentials.append(SessionToken.credential(token))
        }
        try store.save(sessions, scope: grantedScope)
        return credentials
    }

    public mutating func authenticate(
        _ line: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        guard let token = SessionToken.find(in: line) else { return .refused(.malformed) }
        let id = hasher.digest(line.extracting(token))
        guard let found = try store.read(id, requiring: scope) else {
            return .refused(.unknown)
        }
        var record = found.record
        guard !record.isExpired(at: now) else { return .refused(.expired) }
        guard found.isGranted else { return .refused(.insufficientScope) }
        if policy.touch.isDue(lastSeen: record.lastSeen, at: now) {
            record.touch(at: now, lifetimes: policy.lifetimes)
            store.touch(id, record)
        }
        return .accepted(record.subject)
    }

    /// Gives the session a new identifier; the old one is dead in the same script (ASVS 5.0 section 7.2.4).
    public mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        let line = credential.headerLine.span
        guard let token = SessionToken.find(in: line) else { return .refused(.malformed) }
        let id = hasher.digest(line.extracting(token))
        guard var record = try store.read(id, requiring: .read)?.record else { return .refused(.unknown) }
        guard !record.isExpired(at: now) else { return .refused(.expired) }
        record.touch(at: now, lifetimes: policy.lifetimes)
        let fresh = try SessionToken.mint()
        let isMoved = try store.rotate(id, to: hasher.digest(fresh.span), record)
        // Somebody else logged out or renewed since the read.
        return isMoved ? .renewed(SessionToken.credential(fresh)) : .refused(.unknown)
    }

    /// Ends the session, also by the identifier that a renewal of the last minute replaced: that request may have crossed
    /// the renewal.
    public mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        let line = credential.headerLine.span
        guard let token = SessionToken.find(in: line) else { return }
        try store.remove(hasher.digest(line.extracting(token)))
    }

    public mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        try store.removeAll(of: subject, at: now)
    }

    public mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {
        try store.changeGrant(of: subject, to: Array(scope.utf8), at: now)
    }

    public var storeCommands: Int { store.commandsSent }

    public var touchFailures: Int { store.touchFailures }

    public mutating func storeBytes() throws -> UInt64? { try store.usedMemory_bytes() }

    public mutating func logoutOthers(_ credential: borrowing Credential, at now: Instant) throws -> Bool {
        let line = credential.headerLine.span
        guard let token = SessionToken.find(in: line) else { return true }
        let id = hasher.digest(line.extracting(token))
        guard let record = try store.read(id, requiring: .read)?.record, !record.isExpired(at: now) else {
            return true
        }
        try store.removeAll(of: record.subject, but: id, at: now)
        return true
    }

    public mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]? {
        try store.sessions(of: subject, at: now)
    }

    public mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        // To this server another service's session is one that it never stored.
        SessionToken.credential(try SessionToken.mint())
    }
}
