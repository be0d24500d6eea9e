import AuthCore

/// A token for one use: signature, then one write that only the first of all who present it can make.
package typealias OneTimeJWTStrategy = Revocable<HS256, RedisList<RedisUsedList>>

/// The tokens that were used or signed out, in Redis, each as long as it would have lived.
package enum RedisUsedList: RedisListRule {
    package static let strategyID = "one-time"
    package static let title = "good for one use, and a list of those used in Redis"
    package static let isForOneUse = true
    package static let parameters = OneTimeVariant.parameters

    package static func variant(with parameters: StrategyParameters) -> (any (AuthStrategy & ~Copyable).Type)?
    {
        OneTimeVariant.opaque(parameters)
    }

    /// Uses the token up.
    package static func isGood(
        _ entry: TokenEntry, by list: inout RedisListConnection, at now: Instant
    ) throws -> Bool {
        try list.use(entry, at: now)
    }

    /// Of two who come at once, or of one who renews and one who presents it, one is the first.
    package static func replace(
        _ old: TokenEntry, by new: TokenEntry, in list: inout RedisListConnection, at now: Instant
    ) throws -> Bool {
        true
    }

    package static func revoke(_ entry: TokenEntry, in list: inout RedisListConnection, at now: Instant)
        throws
    {
        _ = try list.put(entry, at: now)
    }
}
