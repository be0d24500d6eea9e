import AuthCore

/// Signature, then one read of the list of the living.
public typealias RedisAllowlistStrategy = Revocable<HS256, RedisAllowlist>

/// The tokens that have been issued and not signed out, in Redis: what is not there is dead, also where Redis has lost it.
public struct RedisAllowlist: RevocationList, ~Copyable {
    public static let strategyID = "allowlist-redis"
    public static let title = "and a list of those alive in Redis"
    public static let stores: Set<Store> = [.redis]

    private var list: RedisListConnection

    public init(in environment: Environment, sharing _: Void) throws {
        list = try RedisListConnection(in: environment, kind: "a")
    }

    public mutating func generation(of subject: Subject) throws -> Int64 { try list.generation(of: subject) }

    public mutating func generations(of subjects: [Subject]) throws -> [Int64] {
        try list.generations(of: subjects)
    }

    public mutating func admit(_ entries: [TokenEntry], at now: Instant) throws {
        try list.putAll(entries, at: now)
    }

    public mutating func isGood(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        let found = try list.read(entry)
        return found.isListed && entry.generation >= found.generation
    }

    /// Of two who come at once, one finds the old token gone.
    ///
    /// Its successor is listed afterwards: whoever gets it has waited for that.
    public mutating func replace(_ old: TokenEntry, by new: TokenEntry, at now: Instant) throws -> Bool {
        guard try list.take(old) else { return false }
        try list.putAll([new], at: now)
        return true
    }

    public mutating func revoke(_ entry: TokenEntry, at now: Instant) throws { _ = try list.take(entry) }

    public mutating func revokeAll(of subject: Subject, at now: Instant) throws {
        try list.endGeneration(of: subject, at: now)
    }

    public var commandsSent: Int { list.commandsSent }
    public var roundTrips: Int { list.roundTrips }
    public mutating func usedBytes() throws -> UInt64? { try list.usedBytes() }
}
