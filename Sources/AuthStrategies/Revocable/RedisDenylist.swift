import AuthCore

/// Signature, then one read of the list of the dead.
package typealias RedisDenylistStrategy = Revocable<HS256, RedisList<RedisDenylist>>

/// The tokens that were signed out, in Redis, each as long as it would have lived; and each user's generation, for all at once.
package enum RedisDenylist: RedisListRule {
    package static let strategyID = "denylist-redis"
    package static let title = "and a list of those signed out in Redis"

    package static func isGood(
        _ entry: TokenEntry, by list: inout RedisListConnection, at now: Instant
    ) throws -> Bool {
        let found = try list.read(entry)
        return !found.isListed && entry.generation >= found.generation
    }

    /// One of two who come at once finds the old token already listed.
    package static func replace(
        _ old: TokenEntry, by new: TokenEntry, in list: inout RedisListConnection, at now: Instant
    ) throws -> Bool {
        try list.put(old, at: now)
    }

    package static func revoke(_ entry: TokenEntry, in list: inout RedisListConnection, at now: Instant)
        throws
    {
        _ = try list.put(entry, at: now)
    }
}
