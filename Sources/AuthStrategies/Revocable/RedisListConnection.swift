import AuthCore
import Backends

/// What all lists in Redis have in common: one client's connection, and how often each user's tokens were revoked.
///
/// A user's generation stands under a key of its own, which outlives every token of an earlier one. A new generation is the
/// greater of the next number and the present moment in milliseconds: so it is never one that an earlier token has, even
/// where the key has gone since.
package struct RedisListConnection: ~Copyable {
    /// Gives a user the next generation, which ends all earlier ones.
    ///
    /// Keys: the user's. Arguments: the present moment in ms, the key's life in ms. The answer is the generation.
    static let nextGeneration = """
        local old = tonumber(redis.call('GET', KEYS[1]) or '0')
        local new = string.format('%.0f', math.max(old + 1, tonumber(ARGV[1])))
        redis.call('SET', KEYS[1], new, 'PX', ARGV[2])
        return new
        """

    private var connection: RedisConnection
    private var command = RedisCommand()
    private let tokenPrefix: [UInt8]
    private let userPrefix: [UInt8]
    private let nextGeneration, use: RedisScript
    private let endpoint: RedisEndpoint
    private let replicas: Int
    private let longestLife_ms: Int64

    /// Connects; the entries of two kinds of list are kept apart.
    init(in environment: Environment, kind: String) throws {
        let (settings, endpoint) = try RedisEndpoint.ofRun(environment)
        // What can fail first: a noncopyable value cannot be left half made.
        var connection = try RedisConnection(endpoint)
        let nextGeneration = try RedisScript(Self.nextGeneration, on: &connection)
        let use = try RedisScript(
            """
            if tonumber(redis.call('GET', KEYS[2]) or '0') > tonumber(ARGV[2]) then return 0 end
            return redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1]) and 1 or 0
            """, on: &connection)
        tokenPrefix = Array("\(settings.keyPrefix)\(kind):t:".utf8)
        userPrefix = Array("\(settings.keyPrefix)\(kind):g:".utf8)
        longestLife_ms = environment.policy.lifetimes.token_ms + RedisLife.reserve_ms
        self.connection = connection
        self.nextGeneration = nextGeneration
        self.use = use
        self.endpoint = endpoint
        replicas = settings.replicas
    }

    var commandsSent: Int { connection.commandsSent }

    var roundTrips: Int { connection.roundTrips }

    func usedBytes() throws -> UInt64? {
        try endpoint.usedBytes()
    }

    // MARK: Generations

    mutating func generation(of subject: Subject) throws -> Int64 {
        command.begin(arguments: 2)
        command.append("GET")
        command.append(userPrefix, SessionRecordCoding.user(subject).span)
        return try Self.generation(in: try connection.execute(command, isRepeatable: true).bytes)
    }

    /// Asks for many at once.
    mutating func generations(of subjects: [Subject]) throws -> [Int64] {
        var found: [Int64] = []
        for start in stride(from: 0, to: subjects.count, by: 1000) {
            let some = subjects[start..<min(start + 1000, subjects.count)]
            command.begin(arguments: 1 + some.count)
            command.append("MGET")
            for subject in some { command.append(userPrefix, SessionRecordCoding.user(subject).span) }
            let reply = try connection.execute(command, isRepeatable: true)
            guard let elements = reply.elements else { throw RedisError.unexpectedReply(command: "MGET") }
            for text in elements { found.append(try Self.generation(in: text.isEmpty ? nil : text)) }
        }
        return found
    }

    private static func generation(in text: [UInt8]?) throws -> Int64 {
        guard let text else { return 0 }
        guard let number = Int64(String(decoding: text, as: UTF8.self)) else {
            throw DamagedStoreError(table: "Redis", "a generation that is no number")
        }
        return number
    }

    /// Ends all of a user's tokens that have been issued so far.
    mutating func endGeneration(of subject: Subject, at now: Instant) throws {
        command.begin(nextGeneration, keys: 1, arguments: 3)
        command.append(userPrefix, SessionRecordCoding.user(subject).span)
        command.append(now.milliseconds)
        command.append(longestLife_ms)
        // Done twice it ends no more than once: nobody has got a token in between.
        _ = try connection.execute(command, of: nextGeneration, isRepeatable: true)
        try waitForReplicas()
    }

    // MARK: Tokens

    /// Reads what stands for a token, and its user's generation, in one round trip.
    mutating func read(_ entry: TokenEntry) throws -> (isListed: Bool, generation: Int64) {
        command.begin(arguments: 3)
        command.append("MGET")
        command.append(tokenPrefix, entry.name.bytes.span)
        command.append(userPrefix, SessionRecordCoding.user(entry.subject).span)
        let reply = try connection.execute(command, isRepeatable: true)
        guard let found = reply.pair else { throw RedisError.unexpectedReply(command: "MGET") }
        return (found.first, try Self.generation(in: found.second))
    }

    /// Puts a token on the list for as long as it may live.
    ///
    /// - Returns: whether it was not there.
    mutating func put(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        preparePut(entry, at: now)
        // Not repeatable: the second answer would say that somebody else had done it.
        let reply = try connection.execute(command)
        let isNew = !reply.isNil
        try waitForReplicas()
        return isNew
    }

    /// Puts many on the list before the clock starts, a thousand before the first reply is read.
    mutating func putAll(_ entries: [TokenEntry], at now: Instant) throws {
        for start in stride(from: 0, to: entries.count, by: 1000) {
            let some = entries[start..<min(start + 1000, entries.count)]
            for entry in some {
                preparePut(entry, at: now)
                try connection.send(command)
            }
            for _ in some { _ = try connection.receive() }
        }
    }

    /// Puts a token on the list that nobody has put there, unless its user's tokens have been ended since: one step, one round
    /// trip.
    ///
    /// - Returns: whether this client was the first.
    mutating func use(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        command.begin(use, keys: 2, arguments: 4)
        command.append(tokenPrefix, entry.name.bytes.span)
        command.append(userPrefix, SessionRecordCoding.user(entry.subject).span)
        command.append(life_ms(entry, at: now))
        command.append(entry.generation)
        // Not repeatable: the second answer would say that somebody else was first.
        let isFirst = try connection.execute(command, of: use).integer == 1
        try waitForReplicas()
        return isFirst
    }

    private mutating func preparePut(_ entry: TokenEntry, at now: Instant) {
        command.begin(arguments: 6)
        command.append("SET")
        command.append(tokenPrefix, entry.name.bytes.span)
        command.append("1")
        command.append("NX")
        command.append("PX")
        command.append(life_ms(entry, at: now))
    }

    /// By the wall clock, as Redis counts, a day longer than by the trace's: an entry that went early would bring a token back.
    private func life_ms(_ entry: TokenEntry, at now: Instant) -> Int64 {
        max(0, entry.expiry.milliseconds(since: now)) + RedisLife.reserve_ms
    }

    /// Takes a token off the list.
    ///
    /// - Returns: whether it was there.
    mutating func take(_ entry: TokenEntry) throws -> Bool {
        command.begin(arguments: 2)
        command.append("DEL")
        command.append(tokenPrefix, entry.name.bytes.span)
        let wasThere = try connection.execute(command).integer == 1
        try waitForReplicas()
        return wasThere
    }

    private mutating func waitForReplicas() throws(RedisError) {
        if replicas > 0 { try connection.wait(forReplicas: replicas) }
    }
}
