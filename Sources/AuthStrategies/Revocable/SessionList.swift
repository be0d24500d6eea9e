import AuthCore
import Backends

/// Signature, then the session that the token names.
public typealias BoundJWTStrategy = Revocable<HS256, SessionList<RedisSessionStore>>

/// The sessions of a store as the list of the living: a token names its session by its `jti`.
///
/// It says whether the session is there; how long it lives, and what it permits, the token says itself.
public struct SessionList<Store: SessionStore & ~Copyable>: RevocationList, ~Copyable {
    public static var strategyID: String { "bound-jwt" }
    public static var title: String { "and the session that it names (\(Store.strategyID))" }
    public static var stores: Set<AuthCore.Store> { Store.stores }
    public static var listsEnded: Bool { false }

    public static func prepare(in environment: Environment) throws -> Store.Common {
        try Store.prepare(in: place(environment))
    }

    private var store: Store
    private let grantedScope: [UInt8]
    private let anyScope = Scope.read

    public init(in environment: Environment, sharing common: Store.Common) throws {
        store = try Store(in: Self.place(environment), sharing: common)
        grantedScope = Array(environment.policy.grantedScope.utf8)
    }

    /// Apart from sessions that are no tokens', whose users are the same.
    private static func place(_ environment: Environment) -> Environment {
        var environment = environment
        environment.redis?.keyPrefix += "b"
        environment.sqlite.path += ".bound"
        return environment
    }

    public mutating func admit(_ entries: [TokenEntry], at now: Instant) throws {
        let sessions = entries.map { (id: $0.name.bytes, record: record($0, at: now)) }
        if let first = sessions.first, sessions.count == 1 {
            try store.save(first.record, as: first.id, scope: grantedScope)
        } else {
            try store.saveAll(sessions, scope: grantedScope)
        }
    }

    /// The session lives as long as its token: there is no idleness, since a token's time does not move.
    private func record(_ entry: TokenEntry, at now: Instant) -> SessionRecord {
        SessionRecord(
            subject: entry.subject, createdAt: now, lastSeen: now, idleExpiry: entry.expiry,
            absoluteExpiry: entry.expiry)
    }

    public mutating func isGood(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        guard let found = try store.read(entry.name.bytes, requiring: anyScope, at: now) else { return false }
        return found.record.subject == entry.subject && !found.record.isExpired(at: now)
    }

    public mutating func replace(_ old: TokenEntry, by new: TokenEntry, at now: Instant) throws -> Bool {
        try store.rotate(old.name.bytes, to: new.name.bytes, record(new, at: now))
    }

    public mutating func revoke(_ entry: TokenEntry, at now: Instant) throws {
        try store.remove(entry.name.bytes)
    }

    public mutating func revokeAll(of subject: Subject, at now: Instant) throws {
        try store.removeAll(of: subject, but: nil, at: now)
    }

    public var commandsSent: Int { store.commandsSent }
    public var roundTrips: Int { store.roundTrips }
    public mutating func usedBytes() throws -> UInt64? { try store.usedBytes() }
}
