import AuthCore
import Backends

/// Tokens for one use in Redis: one string key a token, taken by GETDEL, and for each user a generation that ends all earlier ones.
public struct RedisOneTimeStore: OneTimeStore, ~Copyable {
    public static let title = "Redis"
    public static let stores: Set<Store> = [.redis]

    public static func prepare(in environment: Environment) throws {}

    private var connection: RedisConnection
    private var command = RedisCommand()
    private let put, take, endAll: RedisScript
    private let (tokenPrefix, userPrefix): ([UInt8], [UInt8])
    private let endpoint: RedisEndpoint
    private let life_ms: Int64
    private let replicas: Int
    /// In front of the scope: user, generation, expiry.
    private static let head_bytes = 24

    public init(_ environment: Environment) throws {
        let (settings, endpoint) = try RedisEndpoint.ofRun(environment)
        // What can fail first: a noncopyable value cannot be left half made.
        var connection = try RedisConnection(endpoint)
        let put = try RedisScript(
            """
            local generation = tonumber(redis.call('GET', KEYS[2]) or '0')
            redis.call('SET', KEYS[1], ARGV[1] .. struct.pack('<i8', generation) .. ARGV[2], 'PX', ARGV[3])
            return 1
            """, on: &connection)
        let take = try RedisScript(
            """
            local ticket = redis.call('GETDEL', KEYS[1])
            if not ticket or #ticket < 24 then return ticket end
            local generation = tonumber(redis.call('GET', ARGV[1] .. string.sub(ticket, 1, 8)) or '0')
            if struct.unpack('<i8', ticket, 9) < generation then return false end
            return ticket
            """, on: &connection)
        let endAll = try RedisScript(RedisListConnection.nextGeneration, on: &connection)
        tokenPrefix = Array("\(settings.keyPrefix)o:".utf8)
        userPrefix = Array("\(settings.keyPrefix)og:".utf8)
        life_ms = environment.policy.lifetimes.token_ms + RedisLife.reserve_ms
        (self.put, self.take, self.endAll) = (put, take, endAll)
        self.connection = connection
        self.endpoint = endpoint
        replicas = settings.replicas
    }

    /// Sends a thousand commands before the first reply is read.
    public mutating func put(_ tickets: [(id: Digest, ticket: OneTimeTicket)]) throws {
        if tickets.count == 1 {
            preparePut(tickets[0].id, tickets[0].ticket)
            _ = try connection.execute(command, of: put, isRepeatable: true)
            return
        }
        for start in stride(from: 0, to: tickets.count, by: 1000) {
            let some = tickets[start..<min(start + 1000, tickets.count)]
            for (id, ticket) in some {
                preparePut(id, ticket)
                try connection.send(command)
            }
            for _ in some { _ = try connection.receive() }
        }
    }

    private mutating func preparePut(_ id: Digest, _ ticket: OneTimeTicket) {
        var rest: [UInt8] = []
        rest.append(UInt64(bitPattern: ticket.expiry.milliseconds), count: 8)
        command.begin(put, keys: 2, arguments: 5)
        command.append(tokenPrefix, id.span)
        command.append(userPrefix, SessionRecordCoding.user(ticket.subject).span)
        command.append(SessionRecordCoding.user(ticket.subject))
        command.append(rest + ticket.scope)
        command.append(life_ms)
    }

    public mutating func take(_ id: Digest) throws -> OneTimeTicket? {
        command.begin(take, keys: 1, arguments: 2)
        command.append(tokenPrefix, id.span)
        command.append(userPrefix)
        // Not repeatable: the second time there is nothing to take.
        let reply = try connection.execute(command, of: take)
        try waitForReplicas()
        guard let bytes = reply.bytes else { return nil }
        guard bytes.count >= Self.head_bytes else {
            throw DamagedStoreError(table: "Redis", "a token for one use of \(bytes.count) bytes")
        }
        return OneTimeTicket(
            subject: Subject(id: bytes.span.littleEndian(at: 0)),
            expiry: Instant(milliseconds: Int64(bitPattern: bytes.span.littleEndian(at: 16))),
            scope: Array(bytes.dropFirst(Self.head_bytes)))
    }

    public mutating func removeAll(of subject: Subject, at now: Instant) throws {
        command.begin(endAll, keys: 1, arguments: 3)
        command.append(userPrefix, SessionRecordCoding.user(subject).span)
        command.append(now.milliseconds)
        command.append(life_ms)
        _ = try connection.execute(command, of: endAll, isRepeatable: true)
        try waitForReplicas()
    }

    private mutating func waitForReplicas() throws(RedisError) {
        if replicas > 0 { try connection.wait(forReplicas: replicas) }
    }

    public var commandsSent: Int { connection.commandsSent }
    public var roundTrips: Int { connection.roundTrips }
    public mutating func usedBytes() throws -> UInt64? { try endpoint.usedBytes() }
}
