import AuthCore
import Backends

/// Refresh token families in Redis: one string key a family, and one sorted set a user that names the user's families.
///
/// An exchange reads a family, decides, and writes it back only over what it has read (compare and set, in a script): of two
/// at once one is told to look again. A server that evicts keys loses sign-ins, never more.
public struct RedisRefreshStore: RefreshStore, ~Copyable {
    public static let title = "Redis"
    public static let stores: Set<Store> = [.redis]

    public static func prepare(in environment: Environment) throws {}

    private var connection: RedisConnection
    private var command = RedisCommand()
    private let scripts: RefreshScripts
    private let (familyPrefix, userPrefix): ([UInt8], [UInt8])
    private let lifetimes: Lifetimes
    private let endpoint: RedisEndpoint
    private let replicas: Int

    public init(_ environment: Environment) throws {
        let (settings, endpoint) = try RedisEndpoint.ofRun(environment)
        // What can fail first: a noncopyable value cannot be left half made.
        var connection = try RedisConnection(endpoint)
        let scripts = try RefreshScripts(on: &connection)
        familyPrefix = Array("\(settings.keyPrefix)f:".utf8)
        userPrefix = Array("\(settings.keyPrefix)fu:".utf8)
        lifetimes = environment.policy.lifetimes
        self.connection = connection
        self.scripts = scripts
        self.endpoint = endpoint
        replicas = settings.replicas
    }

    public mutating func insert(_ family: RefreshFamily) throws {
        prepareInsert(family)
        _ = try connection.execute(command, of: scripts.save, isRepeatable: true)
    }

    /// Sends a thousand commands before the first reply is read.
    public mutating func insertAll(_ families: [RefreshFamily]) throws {
        for start in stride(from: 0, to: families.count, by: 1000) {
            let some = families[start..<min(start + 1000, families.count)]
            for family in some {
                prepareInsert(family)
                try connection.send(command)
            }
            for _ in some { _ = try connection.receive() }
        }
    }

    private mutating func prepareInsert(_ family: RefreshFamily) {
        command.begin(scripts.save, keys: 2, arguments: 8)
        command.append(familyPrefix, family.id.span)
        command.append(userPrefix, SessionRecordCoding.user(family.subject).span)
        command.append(RefreshFamilyCoding.encode(family))
        command.append(life_ms(family))
        command.append(family.id)
        command.append(family.absoluteExpiry.milliseconds)
        command.append(family.rotatedAt.milliseconds - RedisLife.reserve_ms)
        command.append(RedisLife.indexLife_ms(lifetimes))
    }

    /// A day longer than by the clock of the requests, as all keys of ours.
    private func life_ms(_ family: RefreshFamily) -> Int64 {
        let left_ms = family.idleExpiry.milliseconds(since: family.rotatedAt)
        return min(max(0, left_ms), lifetimes.absolute_ms) + RedisLife.reserve_ms
    }

    public mutating func update(
        _ id: [UInt8], _ decide: (RefreshFamily?) throws -> RefreshChange
    ) throws {
        // Somebody else was faster each time: with so many at one family, one of them did not get on.
        for _ in 0..<1000 {
            command.begin(arguments: 2)
            command.append("GET")
            command.append(familyPrefix, id.span)
            let value = try connection.execute(command, isRepeatable: true).bytes
            let family = try value.map { try RefreshFamilyCoding.decode($0, id: id) }
            let change = try decide(family)
            guard let value else { return }
            switch change {
            case .none: return
            case .remove: return try removeAll([id])
            case .advance(let next):
                command.begin(scripts.swap, keys: 1, arguments: 4)
                command.append(familyPrefix, id.span)
                command.append(value)
                command.append(RefreshFamilyCoding.encode(next))
                command.append(life_ms(next))
                // Not repeatable: what it wrote itself would be taken for somebody else's.
                if try connection.execute(command, of: scripts.swap).integer == 1 {
                    return try waitForReplicas()
                }
            }
        }
        throw RedisError.server(message: "BUSY a refresh token family that others change all the time")
    }

    public mutating func removeAll(_ ids: [[UInt8]]) throws {
        for id in ids {
            command.begin(scripts.remove, keys: 1, arguments: 3)
            command.append(familyPrefix, id.span)
            command.append(userPrefix)
            command.append(id)
            _ = try connection.execute(command, of: scripts.remove, isRepeatable: true)
        }
        try waitForReplicas()
    }

    public mutating func removeAll(of subject: Subject) throws { try each(of: subject, "remove", []) }

    public mutating func changeGrant(of subject: Subject, to scope: [UInt8]) throws {
        try each(of: subject, "grant", scope)
    }

    private mutating func each(of subject: Subject, _ action: StaticString, _ scope: [UInt8]) throws {
        command.begin(scripts.each, keys: 1, arguments: 4)
        command.append(userPrefix, SessionRecordCoding.user(subject).span)
        command.append(familyPrefix)
        command.append(action)
        command.append(scope)
        _ = try connection.execute(command, of: scripts.each, isRepeatable: true)
        try waitForReplicas()
    }

    private mutating func waitForReplicas() throws(RedisError) {
        if replicas > 0 { try connection.wait(forReplicas: replicas) }
    }

    public var commandsSent: Int { connection.commandsSent }

    public var roundTrips: Int { connection.roundTrips }

    public mutating func usedBytes() throws -> UInt64? {
        try endpoint.usedBytes()
    }

    /// Redis lets them go by itself.
    public mutating func sweep(at now: Instant) throws -> Int? { nil }
}

/// A family as the value of one Redis key: the user, generation, hash and times in 80 bytes, little-endian; how long the
/// client's name is in 8; that name, and last the scope, which a script replaces.
private enum RefreshFamilyCoding {
    static let header_bytes = 88

    static func encode(_ family: RefreshFamily) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(family.subject.id, count: 8)
        bytes.append(UInt64(family.generation), count: 8)
        for index in family.tokenHash.indices { bytes.append(family.tokenHash[index]) }
        for instant in [family.authenticatedAt, family.rotatedAt, family.idleExpiry, family.absoluteExpiry] {
            bytes.append(UInt64(bitPattern: instant.milliseconds), count: 8)
        }
        bytes.append(UInt64(family.clientID.count), count: 8)
        return bytes + family.clientID + family.scope
    }

    static func decode(_ value: [UInt8], id: [UInt8]) throws -> RefreshFamily {
        func instant(_ offset: Int) -> Instant {
            Instant(milliseconds: Int64(bitPattern: value.span.littleEndian(at: offset)))
        }
        guard value.count >= header_bytes, let hash = storedDigest(value[16..<48]),
            let generation = UInt32(exactly: value.span.littleEndian(at: 8)),
            let client_bytes = Int(exactly: value.span.littleEndian(at: 80)),
            client_bytes <= value.count - header_bytes
        else { throw DamagedStoreError(table: "Redis", "a refresh token family of \(value.count) bytes") }
        let scope_start = header_bytes + client_bytes
        return RefreshFamily(
            id: id, subject: Subject(id: value.span.littleEndian(at: 0)),
            clientID: Array(value[header_bytes..<scope_start]), scope: Array(value[scope_start...]),
            generation: generation, tokenHash: hash, authenticatedAt: instant(48), rotatedAt: instant(56),
            idleExpiry: instant(64), absoluteExpiry: instant(72))
    }
}

/// What changes a family and its user's index at once.
private struct RefreshScripts {
    let save, swap, remove, each: RedisScript

    init(on connection: inout RedisConnection) throws {
        save = try RedisScript(
            """
            redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
            redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[5])
            redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
            return redis.call('PEXPIRE', KEYS[2], ARGV[6])
            """, on: &connection)
        swap = try RedisScript(
            """
            if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
            redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
            return 1
            """, on: &connection)
        remove = try RedisScript(
            """
            local value = redis.call('GETDEL', KEYS[1])
            if value then redis.call('ZREM', ARGV[1] .. string.sub(value, 1, 8), ARGV[2]) end
            return 1
            """, on: &connection)
        each = try RedisScript(
            """
            for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
                local key = ARGV[1] .. id
                if ARGV[2] == 'remove' then
                    redis.call('DEL', key)
                else
                    local old = redis.call('GET', key)
                    if old then
                        local before = 88 + struct.unpack('<i8', old, 81)
                        redis.call('SET', key, string.sub(old, 1, before) .. ARGV[3], 'KEEPTTL')
                    end
                end
            end
            if ARGV[2] == 'remove' then redis.call('DEL', KEYS[1]) end
            return 1
            """, on: &connection)
    }
}
