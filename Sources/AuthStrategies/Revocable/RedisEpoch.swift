import AuthCore

/// Signature, then the user's epoch.
public typealias RedisEpochStrategy = Revocable<HS256, RedisEpoch>

/// Each user's generation in Redis: all of a user's tokens die at once, a single one only with its expiry.
public struct RedisEpoch: RevocationList, ~Copyable {
    public static let strategyID = "epoch-redis"
    public static let title = "and each user's epoch in Redis"
    public static let stores: Set<Store> = [.redis]
    public static let endsSingleTokens = false

    private var list: RedisListConnection

    public init(in environment: Environment, sharing _: Void) throws {
        list = try RedisListConnection(in: environment, kind: "e")
    }

    public mutating func generation(of subject: Subject) throws -> Int64 { try list.generation(of: subject) }

    public mutating func generations(of subjects: [Subject]) throws -> [Int64] {
        try list.generations(of: subjects)
    }

    public mutating func isGood(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        try list.generation(of: entry.subject) <= entry.generation
    }

    /// The old token stays good: nothing knows it alone.
    public mutating func replace(_ old: TokenEntry, by new: TokenEntry, at now: Instant) throws -> Bool {
        true
    }

    public mutating func revoke(_ entry: TokenEntry, at now: Instant) throws {}

    public mutating func revokeAll(of subject: Subject, at now: Instant) throws {
        try list.endGeneration(of: subject, at: now)
    }

    public var commandsSent: Int { list.commandsSent }
    public var roundTrips: Int { list.roundTrips }
    public mutating func usedBytes() throws -> UInt64? { try list.usedBytes() }
}
