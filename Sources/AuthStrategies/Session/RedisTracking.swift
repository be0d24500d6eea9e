import AuthCore
import Backends

/// Redis's client tracking: the server says on one connection which of the keys that were read on another have changed
/// (https://redis.io/docs/latest/develop/reference/client-side-caching/, the two-connections mode).
///
/// A change that is made while a key is read is said before the next request looks: the first connection is read before
/// each use of a copy, never between the reading of a key and the keeping of its copy. Scripts have a third connection: Redis
/// 7.0 remembers the keys of a script although the script deletes them. NOLOOP is not asked for: what a client changes
/// itself would be tracked no longer for it.
struct RedisTracking: ~Copyable {
    private var feed: RedisFeed
    private var reads: RedisConnection
    /// The connections that the server knows to belong together: the feed's number, and which one of ours.
    private var joined: (feed: Int64, connection: Int) = (0, 0)

    /// - Returns: `nil` where nobody asks for it.
    init?(of settings: RedisSettings, _ parameters: StrategyParameters) throws {
        guard SessionCache.isTracking(parameters) else { return nil }
        let endpoint = try RedisEndpoint.named(settings)
        reads = try RedisConnection(endpoint)
        feed = RedisFeed(
            "__redis__:invalidate", at: endpoint, staleness_ms: StrategyParameter.staleness_ms(parameters))
    }

    var commandsSent: Int { feed.commandsSent + reads.commandsSent }
    var roundTrips: Int { feed.roundTrips + reads.roundTrips }

    /// Reads a key, and hears from then on when it changes.
    mutating func execute(_ command: borrowing RedisCommand) throws(RedisError) -> RedisReply {
        try reads.execute(command, isRepeatable: true)
    }

    mutating func hear(keysBehind prefix: [UInt8], _ take: (SessionChange) -> Void) throws {
        try feed.catchUp { event in
            switch event {
            case .restart: take(.all)
            case .message(let keys): for key in keys { Self.note(key, prefix, take) }
            }
        }
        guard joined.feed != feed.clientID || joined.connection != reads.connections else { return }
        // What was read before may have changed unsaid.
        take(.all)
        _ = try reads.execute(RedisCommand("CLIENT", "TRACKING", "ON", "REDIRECT", String(feed.clientID)))
        joined = (feed.clientID, reads.connections)
    }

    private static func note(_ key: [UInt8], _ prefix: [UInt8], _ take: (SessionChange) -> Void) {
        guard key.starts(with: prefix), let id = storedDigest(key.dropFirst(prefix.count)) else { return }
        take(.one(id))
    }
}

extension Optional where Wrapped == RedisTracking {
    var commandsSent: Int {
        switch self {
        case .some(let tracking): tracking.commandsSent
        case .none: 0
        }
    }

    var roundTrips: Int {
        switch self {
        case .some(let tracking): tracking.roundTrips
        case .none: 0
        }
    }
}
