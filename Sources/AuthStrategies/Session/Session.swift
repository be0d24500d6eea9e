import AuthCore
import AuthText
import Backends

/// A session identifier in a cookie, the session in a store: the rules of all of them, whatever the store.
///
/// The timed verbs are compiled once for each store named at them: through the table of the protocol alone, a generic
/// verb would ask the store's type for everything it does.
public struct Session<Store: SessionStore & ~Copyable>: AuthStrategy, ~Copyable {
    public static var descriptor: StrategyDescriptor { describe(StrategyParameters()) }

    public static func describe(_ parameters: StrategyParameters) -> StrategyDescriptor {
        var descriptor = StrategyDescriptor(
            id: Store.strategyID, title: Store.strategyTitle, transport: .cookie,
            revocation: Store.promise(parameters),
            stores: Store.stores, credential: .random, isOnCard: Store.isOnCard,
            parameters: Store.parameters,
            exemptions: ["SES-12": "its sessions have no attributes that requests change"])
        descriptor.readsReplica = Store.readsReplica
        descriptor.isRouted = SessionNodes.count(parameters) != nil
        // Several servers copy a session at moments that depend on each other.
        descriptor.hasExposureTheory = !descriptor.isRouted
        return descriptor
    }

    public static func variant(with parameters: StrategyParameters) -> any (AuthStrategy & ~Copyable).Type {
        Store.strategy(with: parameters)
    }

    /// The lifetime of a session that nobody uses: a touch prolongs it.
    public static func lifetime(under policy: Policy) -> CredentialLifetime {
        CredentialLifetime(policy.lifetimes.idle_ms)
    }

    /// The run's environment, and what the clients of the store share.
    public struct Shared: Sendable {
        let environment: Environment
        let common: Store.Common
    }

    public static func prepare(in environment: Environment) throws -> Shared {
        Shared(environment: environment, common: try Store.prepare(in: environment))
    }

    private let policy: Policy
    private let grantedScope: [UInt8]
    private var hasher: SHA256
    var store: Store
    var data: SessionData { store.data }

    public init(sharing shared: Shared) throws {
        // Both first: a noncopyable value cannot be left half made.
        let hasher = SHA256()
        let store = try Store(in: shared.environment, sharing: shared.common)
        policy = shared.environment.policy
        grantedScope = Array(policy.grantedScope.utf8)
        self.hasher = hasher
        self.store = store
    }

    public mutating func load(_ logins: [Login]) throws -> [Credential] {
        var credentials: [Credential] = []
        var sessions: [(id: Digest, record: SessionRecord)] = []
        credentials.reserveCapacity(logins.count)
        sessions.reserveCapacity(logins.count)
        for login in logins {
            let token = try SessionToken.mint(Store.tag(of: login.subject))
            let record = SessionRecord(login.subject, at: login.instant, lifetimes: policy.lifetimes)
            sessions.append((name(of: token.span), record))
            credentials.append(SessionToken.credential(token))
        }
        try store.saveAll(sessions, scope: grantedScope)
        return credentials
    }

    public mutating func unload(_ credentials: [Credential], at now: Instant) throws {
        var ids: [Digest] = []
        for credential in credentials {
            let line = credential.headerLine.span
            if let token = Self.find(in: line) { ids.append(name(of: line.extracting(token))) }
        }
        try store.removeAll(ids)
    }

    @specialized(where Store == SQLiteSessionStore)
    @specialized(where Store == RedisSessionStore)
    @specialized(where Store == MemorySessionStore)
    @specialized(where Store == RedisSessions<RedisClusterConnection>)
    public mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        let token = try SessionToken.mint(Store.tag(of: subject))
        let record = SessionRecord(subject, at: now, lifetimes: policy.lifetimes)
        try store.save(record, as: name(of: token.span), scope: grantedScope)
        return SessionToken.credential(token)
    }

    @specialized(where Store == SQLiteSessionStore)
    @specialized(where Store == RedisSessionStore)
    @specialized(where Store == MemorySessionStore)
    @specialized(where Store == RedisSessions<RedisClusterConnection>)
    public mutating func authenticate(
        _ line: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        guard let token = Self.find(in: line) else { return .refused(.malformed) }
        let id = name(of: line.extracting(token))
        guard let found = try store.read(id, requiring: scope, at: now) else { return .refused(.unknown) }
        var record = found.record
        guard !record.isExpired(at: now) else { return .refused(.expired) }
        guard found.isGranted else { return .refused(.insufficientScope) }
        if policy.touch.isDue(lastSeen: record.lastSeen, at: now) {
            // The read has decided: a store that is busy or full now changes nothing about it.
            record.touch(at: now, lifetimes: policy.lifetimes)
            store.touch(id, record)
        }
        return .accepted(record.subject)
    }

    /// Gives the session a new identifier; the old one dies in the same step (ASVS 5.0 section 7.2.4).
    @specialized(where Store == SQLiteSessionStore)
    @specialized(where Store == RedisSessionStore)
    @specialized(where Store == MemorySessionStore)
    @specialized(where Store == RedisSessions<RedisClusterConnection>)
    public mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        let line = credential.headerLine.span
        guard let token = Self.find(in: line) else { return .refused(.malformed) }
        let id = name(of: line.extracting(token))
        guard var record = try store.read(id, requiring: .read, at: now)?.record else {
            return .refused(.unknown)
        }
        guard !record.isExpired(at: now) else { return .refused(.expired) }
        record.touch(at: now, lifetimes: policy.lifetimes)
        let fresh = try SessionToken.mint(Store.tag(of: record.subject))
        let isMoved = try store.rotate(id, to: name(of: fresh.span), record)
        // Somebody else logged out or renewed since the read.
        return isMoved ? .renewed(SessionToken.credential(fresh)) : .refused(.unknown)
    }

    /// Ends the session, also by the identifier that its last renewal replaced: that request may have crossed the renewal.
    public mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        let line = credential.headerLine.span
        guard let token = Self.find(in: line) else { return }
        try store.remove(name(of: line.extracting(token)))
    }

    public mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        try store.removeAll(of: subject, but: nil, at: now)
    }

    public mutating func logoutOthers(_ credential: borrowing Credential, at now: Instant) throws -> Bool {
        let line = credential.headerLine.span
        guard let token = Self.find(in: line) else { return true }
        let id = name(of: line.extracting(token))
        guard let record = try store.read(id, requiring: .read, at: now)?.record, !record.isExpired(at: now)
        else {
            return true
        }
        try store.removeAll(of: record.subject, but: id, at: now)
        return true
    }

    public mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]? {
        try store.sessions(of: subject, at: now)
    }

    public mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {
        try store.changeGrant(of: subject, to: Array(scope.utf8), at: now)
    }

    public var storeCommands: Int { store.commandsSent }

    public var storeRoundTrips: Int { store.roundTrips }

    public var touchFailures: Int { store.touchFailures }

    public mutating func storeBytes() throws -> UInt64? { try store.usedBytes() }

    public mutating func sweep(at now: Instant) throws -> Int? { try store.sweep(at: now) }

    /// Makes a session that was never stored: that is what another service's session is to this server.
    public mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        SessionToken.credential(try SessionToken.mint(Store.tag(of: subject)))
    }

    @inline(__always)
    private static func find(in line: Span<UInt8>) -> Range<Int>? {
        SessionToken.find(in: line, tagLength: Store.tagLength)
    }

    /// The name of a session in the store: the hash of its token, whose first bytes give way to the tag of the token.
    private mutating func name(of token: Span<UInt8>) -> Digest {
        var name = hasher.digest(token)
        for index in 0..<Store.tagLength { name[index] = token[index] }
        return name
    }
}

extension Session where Store: ScopedSessionStore & ~Copyable {
    /// Says what there is to say about the session of a token, for an authority that is asked (RFC 7662); that is a use
    /// of the session.
    ///
    /// - Parameters:
    ///   - token: as it was presented.
    ///   - scope: becomes what the session permits (RFC 6749 section 3.3).
    ///   - now: the moment.
    /// - Returns: `nil` for what is no session, or none any more.
    /// - Throws: what the store throws.
    mutating func describe(
        _ token: Span<UInt8>, scope: inout [UInt8], at now: Instant
    ) throws -> SessionRecord? {
        guard SessionToken.isToken(token, tagLength: Store.tagLength) else { return nil }
        let id = name(of: token)
        guard var record = try store.read(id, scope: &scope), !record.isExpired(at: now) else { return nil }
        if policy.touch.isDue(lastSeen: record.lastSeen, at: now) {
            record.touch(at: now, lifetimes: policy.lifetimes)
            store.touch(id, record)
        }
        return record
    }
}

/// An opaque session identifier: 32 random bytes as 43 characters of base64url, in a `__Host-` cookie.
///
/// 256 bits are twice what OWASP ASVS 5.0 section 7.2.3 asks for. Stores see only its SHA-256, so that a
/// leaked store holds nothing that could be presented.
enum SessionToken {
    static let length = 43
    private static let prefix = Array("Cookie: \(Cookie.name)=".utf8)
    private static let fieldName = Array("Cookie: ".utf8)
    private static let cookieName = Array(Cookie.name.utf8)

    /// Draws a token; before its random characters stands the tag of its user, where the store has such.
    static func mint(_ tag: [UInt8] = []) throws -> [UInt8] {
        let random = Base64URL.encode(try SecureRandom.bytes(32))
        return tag.isEmpty ? random : tag + random
    }

    /// The token of a credential of ours.
    static func token(of credential: Credential) -> ArraySlice<UInt8> {
        credential.headerLine.dropFirst(prefix.count)
    }

    static func credential(_ token: [UInt8]) -> Credential {
        var line = prefix
        line.reserveCapacity(prefix.count + token.count)
        line.append(contentsOf: token)
        return Credential(headerLine: line)
    }

    /// Finds the session token in a `Cookie:` header line (RFC 6265 section 4.2.1).
    ///
    /// - Returns: where it stands; `nil` for a line that is no cookie header, a value of another length or
    ///   alphabet than a token, or two cookies of the name: nothing of that reaches the store.
    static func find(in line: Span<UInt8>, tagLength: Int = 0) -> Range<Int>? {
        guard line.count <= HeaderLine.longest_bytes, var start = cookiesStart(line) else { return nil }
        var found: Range<Int>?
        while start < line.count {
            while start < line.count, line[start] == UInt8(ascii: " ") { start += 1 }
            let end = ByteSearch.firstIndex(of: UInt8(ascii: ";"), in: line, from: start) ?? line.count
            if isSession(line, start..<end) {
                guard found == nil else { return nil }
                found = (start + cookieName.count + 1)..<end
            }
            start = end + 1
        }
        guard let found, isToken(line.extracting(found), tagLength: tagLength) else { return nil }
        return found
    }

    private static func cookiesStart(_ line: Span<UInt8>) -> Int? {
        HeaderLine.begins(line, with: fieldName.span)
            ? fieldName.count : HeaderLine.valueStart(line, name: "cookie")
    }

    private static func isSession(_ line: Span<UInt8>, _ pair: Range<Int>) -> Bool {
        let name = cookieName.span
        guard pair.count > name.count, line[pair.lowerBound + name.count] == UInt8(ascii: "=") else {
            return false
        }
        return line.extracting(pair.lowerBound..<(pair.lowerBound + name.count)).elementsEqual(name)
    }

    static func isToken(_ token: Span<UInt8>, tagLength: Int = 0) -> Bool {
        token.count == length + tagLength && Base64URL.isText(token)
    }
}
