import AuthCore

/// Signature, then the user's epoch.
package typealias RedisEpochStrategy = Revocable<HS256, RedisList<RedisEpoch>>

/// Each user's generation in Redis: all of a user's tokens die at once, a single one only with its expiry.
package enum RedisEpoch: RedisListRule {
    package static let strategyID = "epoch-redis"
    package static let title = "and each user's epoch in Redis"
    package static let endsSingleTokens = false

    package static func isGood(
        _ entry: TokenEntry, by list: inout RedisListConnection, at now: Instant
    ) throws -> Bool {
        try list.generation(of: entry.subject) <= entry.generation
    }

    /// The old token stays good: nothing knows it alone.
    package static func replace(
        _ old: TokenEntry, by new: TokenEntry, in list: inout RedisListConnection, at now: Instant
    ) throws -> Bool { true }

    package static func revoke(_ entry: TokenEntry, in list: inout RedisListConnection, at now: Instant)
        throws
    {}
}
