import AuthCore

/// Signature, then one read of the list of the dead.
public typealias RedisDenylistStrategy = Revocable<HS256, RedisDenylist>

/// The tokens that were signed out, in Redis, each as long as it would have lived; and each user's generation, for all at once.
public struct RedisDenylist: RevocationList, ~Copyable {
    public static let strategyID = "denylist-redis"
    public static let title = "and a list of those signed out in Redis"
    public static let stores: Set<Store> = [.redis]

    private var list: RedisListConnection

    public init(in environment: Environment, sharing _: Void) throws {
        list = try RedisListConnection(in: environment, kind: "d")
    }

    public mutating func generation(of subject: Subject) throws -> Int64 { try list.generation(of: subject) }

    public mutating func generations(of subjects: [Subject]) throws -> [Int64] {
        try list.generations(of: subjects)
    }

    public mutating func isGood(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        let found = try list.read(entry)
        return !found.isListed && entry.generation >= found.generation
    }

    /// One of two who come at once finds the old token already listed.
    public mutating func replace(_ old: TokenEntry, by new: TokenEntry, at now: Instant) throws -> Bool {
        try list.put(old, at: now)
    }

    public mutating func revoke(_ entry: TokenEntry, at now: Instant) throws {
        _ = try list.put(entry, at: now)
    }

    public mutating func revokeAll(of subject: Subject, at now: Instant) throws {
        try list.endGeneration(of: subject, at: now)
    }

    public var commandsSent: Int { list.commandsSent }
    public var roundTrips: Int { list.roundTrips }
    public mutating func usedBytes() throws -> UInt64? { try list.usedBytes() }
}
