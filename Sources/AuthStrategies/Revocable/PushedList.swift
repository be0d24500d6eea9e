import AuthCore
import Backends

/// Signature, then a set in memory that Redis's publish/subscribe feeds.
package typealias PushedDenylistStrategy = Revocable<HS256, PushedList<PushedDenylist>>

/// Signature, then the users' epochs in memory.
package typealias PushedEpochStrategy = Revocable<HS256, PushedList<PushedEpoch>>

/// The tokens that were signed out, and each user's generation.
package enum PushedDenylist: PushedListRule {
    package static let strategyID = "denylist-pushed"
    package static let title = "and a list of those signed out, in memory, pushed by Redis"
    package static let endsSingleTokens = true
}

/// Each user's generation alone: all of a user's tokens die at once, a single one only with its expiry.
package enum PushedEpoch: PushedListRule {
    package static let strategyID = "epoch-pushed"
    package static let title = "and each user's epoch, in memory, pushed by Redis"
    package static let endsSingleTokens = false
}

/// What distinguishes one pushed list from another.
package protocol PushedListRule: SendableMetatype {
    static var strategyID: String { get }
    static var title: String { get }
    static var endsSingleTokens: Bool { get }
}

/// A list in each client's memory, as in each server's: told by messages, read anew whenever some may have been lost.
///
/// Redis has the whole list, and whoever ends something writes it there before others hear of it: in a sorted set of tokens by
/// their expiry, and a hash of generations with a sorted set of when each may go. What a client ended itself it knows at once.
package struct PushedList<Rule: PushedListRule>: RevocationList, ~Copyable {
    package static var strategyID: String { Rule.strategyID }
    package static var title: String { Rule.title }
    package static var stores: Set<Store> { [.redis] }
    package static var endsSingleTokens: Bool { Rule.endsSingleTokens }
    package static var parameters: [StrategyParameter] {
        let filter = StrategyParameter(
            "filter", .choice(["exact", "bloom"]), standard: "exact",
            "what memory has: every name, or a Bloom filter whose hits Redis confirms")
        return (Rule.endsSingleTokens ? [filter] : []) + [.staleness(), .onFailure()]
    }
    package static var promise: RevocationPromise { .pushed }

    private var connection: RedisConnection
    private var command = RedisCommand()
    private var feed: RedisFeed
    private var known: KnownList
    private let scripts: PushedListScripts
    private let (tokens, generations, leavings, channel): ([UInt8], [UInt8], [UInt8], [UInt8])
    private let endpoint: RedisEndpoint
    private let replicas: Int
    private let longestLife_ms: Int64

    package init(in environment: Environment, sharing _: Void) throws {
        let (settings, endpoint) = try RedisEndpoint.ofRun(environment)
        // What can fail first: a noncopyable value cannot be left half made.
        var connection = try RedisConnection(endpoint)
        let scripts = try PushedListScripts(on: &connection)
        let prefix = "\(settings.keyPrefix)\(Rule.strategyID):"
        tokens = Array("\(prefix)tokens".utf8)
        generations = Array("\(prefix)generations".utf8)
        leavings = Array("\(prefix)leavings".utf8)
        channel = Array("\(prefix)feed".utf8)
        feed = RedisFeed(
            "\(prefix)feed", at: endpoint,
            staleness_ms: StrategyParameter.staleness_ms(environment.policy.parameters))
        longestLife_ms = environment.policy.lifetimes.token_ms
        known = KnownList(isFiltered: environment.policy.parameters["filter"] == "bloom")
        self.connection = connection
        self.scripts = scripts
        self.endpoint = endpoint
        replicas = settings.replicas
    }

    // MARK: What is known here

    package mutating func isGood(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        try catchUp()
        guard known.isGood(entry) else { return known.mayErr(entry) ? try !isListed(entry) : false }
        return true
    }

    /// Asks Redis about a name that a filter takes for one on the list.
    private mutating func isListed(_ entry: TokenEntry) throws -> Bool {
        command.begin(arguments: 3)
        command.append("ZSCORE")
        command.append(tokens)
        command.append(entry.name.bytes.span)
        return try !connection.execute(command, isRepeatable: true).isNil
    }

    package func isGoodAsFarAsKnown(_ entry: TokenEntry) -> Bool { known.isGood(entry) }

    private mutating func catchUp() throws {
        var mustReload = false
        try feed.catchUp { event in
            switch event {
            case .restart: mustReload = true
            case .message(let texts): for text in texts { try known.note(text.span) }
            }
        }
        if mustReload {
            do { try reload() } catch {
                feed.restart()
                throw error
            }
        }
    }

    /// Reads the whole list: the feed was there first, so that nothing is missed in between.
    ///
    /// What is known already stays known. What was ended never becomes good again, although a server that was started anew
    /// may know nothing of it.
    private mutating func reload() throws {
        command.begin(arguments: 5)
        command.append("ZRANGE")
        command.append(tokens)
        command.append(0)
        command.append(-1)
        command.append("WITHSCORES")
        try known.addTokens(try list())
        command.begin(arguments: 2)
        command.append("HGETALL")
        command.append(generations)
        try known.addGenerations(try list())
    }

    private mutating func list() throws -> [[UInt8]] {
        guard let elements = try connection.execute(command, isRepeatable: true).elements else {
            throw RedisError.unexpectedReply(command: "ZRANGE")
        }
        return elements
    }

    // MARK: What all servers must know

    /// As Redis has it: a sign-in after a logout everywhere must not be of the generation before it.
    package mutating func generation(of subject: Subject) throws -> Int64 {
        command.begin(arguments: 3)
        command.append("HGET")
        command.append(generations)
        command.append(SessionRecordCoding.user(subject))
        return try KnownList.number(try connection.execute(command, isRepeatable: true).bytes)
    }

    package mutating func generations(of subjects: [Subject]) throws -> [Int64] {
        var found: [Int64] = []
        for start in stride(from: 0, to: subjects.count, by: 1000) {
            let some = subjects[start..<min(start + 1000, subjects.count)]
            command.begin(arguments: 2 + some.count)
            command.append("HMGET")
            command.append(generations)
            for subject in some { command.append(SessionRecordCoding.user(subject)) }
            found += try list().map { try KnownList.number($0.isEmpty ? nil : $0) }
        }
        return found
    }

    package mutating func replace(_ old: TokenEntry, by new: TokenEntry, at now: Instant) throws -> Bool {
        Rule.endsSingleTokens ? try end(old, at: now) : true
    }

    package mutating func revoke(_ entry: TokenEntry, at now: Instant) throws {
        if Rule.endsSingleTokens { _ = try end(entry, at: now) }
    }

    /// - Returns: whether nobody has ended it before.
    private mutating func end(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        command.begin(scripts.end, keys: 1, arguments: 6)
        command.append(tokens)
        command.append(channel)
        command.append(entry.name.bytes.span)
        command.append(entry.expiry.milliseconds)
        command.append(now.milliseconds)
        command.append(longestLife_ms + RedisLife.reserve_ms)
        // Not repeatable: the second answer would say that somebody else had done it.
        let isNew = try connection.execute(command, of: scripts.end).integer == 1
        known.end(entry.name)
        try waitForReplicas()
        return isNew
    }

    package mutating func revokeAll(of subject: Subject, at now: Instant) throws {
        command.begin(scripts.endAll, keys: 2, arguments: 6)
        command.append(generations)
        command.append(leavings)
        command.append(channel)
        command.append(SessionRecordCoding.user(subject))
        command.append(now.milliseconds)
        command.append(longestLife_ms)
        let generation = try KnownList.number(
            try connection.execute(command, of: scripts.endAll, isRepeatable: true).bytes)
        known.note(generation, of: subject)
        try waitForReplicas()
    }

    private mutating func waitForReplicas() throws(RedisError) {
        if replicas > 0 { try connection.wait(forReplicas: replicas) }
    }

    package var commandsSent: Int { connection.commandsSent + feed.commandsSent }
    package var roundTrips: Int { connection.roundTrips + feed.roundTrips }
    package mutating func usedBytes() throws -> UInt64? {
        try endpoint.usedBytes()
    }
}

/// What is written and published in one step.
private struct PushedListScripts {
    let end, endAll: RedisScript

    init(on connection: inout RedisConnection) throws {
        // A moment in milliseconds is a whole number that a double holds exactly. What has expired a day ago goes, some at a time.
        end = try RedisScript(
            """
            local isNew = redis.call('ZADD', KEYS[1], 'NX', ARGV[3], ARGV[2])
            redis.call('PEXPIRE', KEYS[1], ARGV[5])
            local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', tonumber(ARGV[4]) - 86400000, 'LIMIT', 0, 8)
            for _, name in ipairs(gone) do redis.call('ZREM', KEYS[1], name) end
            redis.call('PUBLISH', ARGV[1], ARGV[2] .. table.concat(gone))
            return isNew
            """, on: &connection)
        endAll = try RedisScript(
            """
            local old = tonumber(redis.call('HGET', KEYS[1], ARGV[2]) or '0')
            local new = math.max(old + 1, tonumber(ARGV[3]))
            local text = string.format('%.0f', new)
            redis.call('HSET', KEYS[1], ARGV[2], text)
            redis.call('ZADD', KEYS[2], tonumber(ARGV[3]) + tonumber(ARGV[4]) + 86400000, ARGV[2])
            local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[3], 'LIMIT', 0, 8)
            for _, user in ipairs(gone) do
                redis.call('HDEL', KEYS[1], user)
                redis.call('ZREM', KEYS[2], user)
            end
            redis.call('PUBLISH', ARGV[1], ARGV[2] .. struct.pack('<i8', new))
            return text
            """, on: &connection)
    }
}
