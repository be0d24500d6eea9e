import AuthCore

/// Signature, then one read of the list of the living.
package typealias RedisAllowlistStrategy = Revocable<HS256, RedisList<RedisAllowlist>>

/// The tokens that have been issued and not signed out, in Redis: what is not there is dead, also where Redis has lost it.
package enum RedisAllowlist: RedisListRule {
    package static let strategyID = "allowlist-redis"
    package static let title = "and a list of those alive in Redis"
    package static let listsEnded = false

    package static func admit(_ entries: [TokenEntry], to list: inout RedisListConnection, at now: Instant)
        throws
    {
        try list.putAll(entries, at: now)
    }

    package static func isGood(
        _ entry: TokenEntry, by list: inout RedisListConnection, at now: Instant
    ) throws -> Bool {
        let found = try list.read(entry)
        return found.isListed && entry.generation >= found.generation
    }

    /// Of two who come at once, one finds the old token gone.
    ///
    /// Its successor is listed afterwards: whoever gets it has waited for that.
    package static func replace(
        _ old: TokenEntry, by new: TokenEntry, in list: inout RedisListConnection, at now: Instant
    ) throws -> Bool {
        guard try list.take(old) else { return false }
        try list.putAll([new], at: now)
        return true
    }

    package static func revoke(_ entry: TokenEntry, in list: inout RedisListConnection, at now: Instant)
        throws
    {
        _ = try list.take(entry)
    }
}
