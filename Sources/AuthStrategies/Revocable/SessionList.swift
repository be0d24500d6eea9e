import AuthCore
import Backends

/// Signature, then the session that the token names.
package typealias BoundJWTStrategy = Revocable<HS256, SessionList<RedisSessionStore>>

/// The sessions of a store as the list of the living: a token names its session by its `jti`.
///
/// It says whether the session is there; how long it lives, and what it permits, the token says itself.
package struct SessionList<Store: SessionStore & ~Copyable>: RevocationList, ~Copyable {
    package static var strategyID: String { "bound-jwt" }
    package static var title: String { "and the session that it names (\(Store.strategyID))" }
    package static var stores: Set<AuthCore.Store> { Store.stores }
    package static var listsEnded: Bool { false }

    package static func prepare(in environment: Environment) throws -> Store.Common {
        try Store.prepare(in: place(environment))
    }

    private var store: Store
    private let grantedScope: [UInt8]
    private let anyScope = Scope.read

    package init(in environment: Environment, sharing common: Store.Common) throws {
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

    package mutating func admit(_ entries: [TokenEntry], at now: Instant) throws {
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

    package mutating func isGood(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        guard let found = try store.read(entry.name.bytes, requiring: anyScope, at: now) else { return false }
        return found.record.subject == entry.subject && !found.record.isExpired(at: now)
    }

    package mutating func replace(_ old: TokenEntry, by new: TokenEntry, at now: Instant) throws -> Bool {
        try store.rotate(old.name.bytes, to: new.name.bytes, record(new, at: now))
    }

    package mutating func revoke(_ entry: TokenEntry, at now: Instant) throws {
        try store.remove(entry.name.bytes)
    }

    package mutating func revokeAll(of subject: Subject, at now: Instant) throws {
        try store.removeAll(of: subject, but: nil, at: now)
    }

    package var commandsSent: Int { store.commandsSent }
    package var roundTrips: Int { store.roundTrips }
    package mutating func usedBytes() throws -> UInt64? { try store.usedBytes() }
}
