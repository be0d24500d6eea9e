import AuthCore
import Backends

/// What changes two keys at once, as scripts: no other client ever sees half of it
/// (https://redis.io/docs/latest/develop/programmability/eval-intro/).
///
/// A session's key holds a record (`SessionRecordCoding`: 40 bytes of integers, then the scope), or for a minute after a
/// renewal `moved:` and the name that took its place. A user's index is a sorted set of names by absolute expiry; its
/// member `born` has the moment at which the index was made, negative. Whatever gives a session more time puts its name
/// into the index, so that an index that was lost has every live session again after one idle timeout.
enum RedisScripts {
    /// Stores a session under its name and puts the name into the user's index, which lets go of those long expired.
    ///
    /// Keys: session, index. Arguments: record, its life in ms, name, absolute expiry, the moment of now negative, the
    /// index's life in ms, the last expiry to let go of.
    static let save = """
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        redis.call('ZREMRANGEBYSCORE', KEYS[2], 0, ARGV[7])
        redis.call('ZADD', KEYS[2], 'NX', ARGV[5], 'born', ARGV[4], ARGV[3])
        redis.call('PEXPIRE', KEYS[2], ARGV[6])
        return 1
        """

    /// Writes a record's integers over those of a session that is still there: touching never brings one back, nor a
    /// permission that was changed since the read, nor an earlier last-seen moment.
    ///
    /// Keys: session, index. Arguments: the record's integers, its life in ms, name, absolute expiry, the moment of now
    /// negative, the index's life in ms.
    static let touch = """
        local old = redis.call('GET', KEYS[1])
        if not old or #old < #ARGV[1] then return 0 end
        redis.call('ZADD', KEYS[2], 'NX', ARGV[5], 'born', ARGV[4], ARGV[3])
        redis.call('PEXPIRE', KEYS[2], ARGV[6])
        if struct.unpack('<i8', old, 17) >= struct.unpack('<i8', ARGV[1], 17) then return 1 end
        redis.call('SET', KEYS[1], ARGV[1] .. string.sub(old, #ARGV[1] + 1), 'PX', ARGV[2])
        return 1
        """

    /// Moves a session to a new name, if it is still there; what it permits stays as it is in the store.
    ///
    /// Keys: old session, new session, index. Arguments: as for `touch` with the new name, then the old name and how long
    /// it leads to the new one in ms. Done twice it is as done once: nobody else can have made a session of the new name.
    static let rotate = """
        if redis.call('EXISTS', KEYS[2]) == 1 then return 1 end
        local old = redis.call('GET', KEYS[1])
        if not old or #old < #ARGV[1] then return 0 end
        local new = ARGV[1]
        if struct.unpack('<i8', old, 17) > struct.unpack('<i8', new, 17) then new = string.sub(old, 1, #new) end
        redis.call('SET', KEYS[2], new .. string.sub(old, #new + 1), 'PX', ARGV[2])
        redis.call('SET', KEYS[1], 'moved:' .. ARGV[3], 'PX', ARGV[8])
        redis.call('ZADD', KEYS[3], 'NX', ARGV[5], 'born', ARGV[4], ARGV[3])
        redis.call('ZREM', KEYS[3], ARGV[7])
        redis.call('PEXPIRE', KEYS[3], ARGV[6])
        return 1
        """

    /// Deletes a session by its name, or by one that it had up to a minute ago.
    ///
    /// Nothing is deleted before the session is found: where a slot of a cluster moves meanwhile, the script breaks off when it
    /// comes to a key that is gone, and must find its way again when it is done anew.
    ///
    /// Keys: session. Arguments: the prefixes of sessions and of indexes, the name.
    static let remove = """
        local name, keys = ARGV[3], {}
        while true do
            keys[#keys + 1] = ARGV[1] .. name
            local value = redis.call('GET', keys[#keys])
            if not value then return 0 end
            if #value >= 40 then
                local index = ARGV[2] .. string.sub(value, 1, 8)
                redis.call('ZREM', index, name)
                if redis.call('ZCARD', index) == 1 then redis.call('DEL', index) end
                redis.call('DEL', unpack(keys))
                return 1
            end
            name = string.sub(value, 7)
        end
        """

    /// Does something to all sessions of a user: `remove` all but one, `grant` another scope, or `list` their records.
    ///
    /// Keys: index. Arguments: the latest birth of an index that must be whole, the prefix of sessions, what to do, and
    /// the name to keep or the scope, and the bytes before the scope. The answer is -1, and nothing done, where the index may have lost names.
    static let each = """
        local born = redis.call('ZSCORE', KEYS[1], 'born')
        if not born or -tonumber(born) > tonumber(ARGV[1]) then return -1 end
        local kept, records = ARGV[4], {}
        if ARGV[3] == 'remove' then
            for _ = 1, 100 do
                local value = redis.call('GET', ARGV[2] .. kept)
                if not value or #value >= 40 then break end
                kept = string.sub(value, 7)
            end
        end
        for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
            local key = ARGV[2] .. name
            if #name ~= 32 then
                -- No session: the birth, or the mark of a search.
            elseif ARGV[3] == 'remove' then
                if name ~= kept then
                    redis.call('DEL', key)
                    redis.call('ZREM', KEYS[1], name)
                end
            else
                local old = redis.call('GET', key)
                if old and ARGV[3] == 'list' then records[#records + 1] = old end
                if old and #old >= 40 and ARGV[3] == 'grant' then
                    redis.call('SET', key, string.sub(old, 1, ARGV[5]) .. ARGV[4], 'KEEPTTL')
                end
            end
        end
        return records
        """

    /// Begins the search for sessions that an index may have lost.
    ///
    /// Keys: index. Arguments: the moment of now negative, and positive, the mark of the search, the index's life in ms.
    static let beginSearch = """
        redis.call('ZADD', KEYS[1], 'NX', ARGV[1], 'born', ARGV[2], ARGV[3])
        return redis.call('PEXPIRE', KEYS[1], ARGV[4])
        """

    /// Looks through some hundred keys and puts the user's sessions among them into the index.
    ///
    /// Keys: index. Arguments: the cursor, the pattern of session keys, the length of their prefix, the user's 8 bytes.
    /// The answer is the next cursor.
    static let search = """
        local found = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 250)
        for _, key in ipairs(found[2]) do
            local record = redis.call('GETRANGE', key, 0, 39)
            if #record == 40 and string.sub(record, 1, 8) == ARGV[4] then
                redis.call('ZADD', KEYS[1], 'NX', struct.unpack('<i8', record, 33), string.sub(key, ARGV[3] + 1))
            end
        end
        return found[1]
        """

    /// Ends the search: the index is whole from the beginning, unless it was lost again meanwhile.
    ///
    /// Keys: index. Arguments: the mark of the search.
    static let endSearch = """
        if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 0 end
        redis.call('ZADD', KEYS[1], 'XX', -1, 'born')
        return 1
        """
}

/// The scripts as a server has been told them.
struct LoadedRedisScripts {
    let save, touch, rotate, remove, each, beginSearch, search, endSearch: RedisScript

    init(on connection: inout some RedisLine & ~Copyable) throws {
        save = try RedisScript(RedisScripts.save, on: &connection)
        touch = try RedisScript(RedisScripts.touch, on: &connection)
        rotate = try RedisScript(RedisScripts.rotate, on: &connection)
        remove = try RedisScript(RedisScripts.remove, on: &connection)
        each = try RedisScript(RedisScripts.each, on: &connection)
        beginSearch = try RedisScript(RedisScripts.beginSearch, on: &connection)
        search = try RedisScript(RedisScripts.search, on: &connection)
        endSearch = try RedisScript(RedisScripts.endSearch, on: &connection)
    }
}

/// How long Redis keeps what, in milliseconds of the wall clock.
enum RedisLife {
    /// How long Redis itself keeps a key: a day beyond the expiry that counts.
    ///
    /// Redis goes by the wall clock. The trace's clock may stand still, and a session that is good on it must
    /// not vanish in a long run.
    static func timeToLive_ms(_ record: SessionRecord, _ lifetimes: Lifetimes) -> Int64 {
        // What a damaged record says may be any number.
        let left_ms = record.idleExpiry.milliseconds(since: record.lastSeen)
        return min(max(0, left_ms), lifetimes.absolute_ms) + reserve_ms
    }

    static func indexLife_ms(_ lifetimes: Lifetimes) -> Int64 { lifetimes.absolute_ms + reserve_ms }

    static var reserve_ms: Int64 { 86_400_000 }
    /// How long the name before a renewal leads to the one after it, on the wall clock: for requests that cross.
    static var crossing_ms: Int64 { 60_000 }
    /// By how much the clocks of two servers, or one that is set, may differ before an index is wrongly held for whole.
    static var clockStep_ms: Int64 { 3_600_000 }
}

extension RedisCommand {
    /// What all scripts that give a session time have in common: its life in ms, name and absolute expiry, the moment, and
    /// the index's life in ms.
    mutating func append(_ id: Digest, _ record: SessionRecord, _ lifetimes: Lifetimes) {
        append(RedisLife.timeToLive_ms(record, lifetimes))
        append(id.span)
        append(record.absoluteExpiry.milliseconds)
        append(-max(0, record.lastSeen.milliseconds))
        append(RedisLife.indexLife_ms(lifetimes))
    }
}

extension RedisEndpoint {
    /// The server of a run, and where it listens.
    static func ofRun(_ environment: Environment) throws(RedisError) -> (RedisSettings, RedisEndpoint) {
        guard let settings = environment.redis else {
            throw .connection(operation: "connect", message: "the run has no Redis server")
        }
        return (settings, try named(settings))
    }

    /// The server that settings name.
    static func named(_ settings: RedisSettings) throws(RedisError) -> RedisEndpoint {
        guard let endpoint = RedisEndpoint(url: settings.url) else {
            throw .connection(operation: "connect to \(settings.url)", message: "not a Redis URL")
        }
        return endpoint
    }

    /// What the server has allocated (INFO, used_memory), asked for on a connection of its own.
    func usedBytes() throws -> UInt64? {
        try RedisInformation(at: self)["used_memory"].flatMap { UInt64($0) }
    }
}
