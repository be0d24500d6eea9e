/// What changes two keys at once, as scripts: no other client ever sees half of it
/// (https://redis.io/docs/latest/develop/programmability/eval-intro/).
enum RedisScripts {
    /// Stores a session under its name and puts the name into the user's index.
    ///
    /// Keys: session, user's index. Arguments: record, its life in ms, session's name, the index's life in
    /// ms.
    static let save = """
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        redis.call('SADD', KEYS[2], ARGV[3])
        redis.call('PEXPIRE', KEYS[2], ARGV[4])
        return 1
        """

    /// Moves a session to a new name, if it is still there; what it permits stays as it is in the store.
    ///
    /// Keys: old session, new session, user's index. Arguments: the record's integers, its life in ms, new name, old
    /// name.
    ///
    /// The new name goes in before the old one goes out: an empty set would be deleted, its expiry with it.
    static let rotate = """
        local old = redis.call('GETDEL', KEYS[1])
        if not old then return 0 end
        redis.call('SET', KEYS[2], ARGV[1] .. string.sub(old, #ARGV[1] + 1), 'PX', ARGV[2])
        redis.call('SADD', KEYS[3], ARGV[3])
        redis.call('SREM', KEYS[3], ARGV[4])
        return 1
        """

    /// Writes a record's integers over those of a session that is still there: touching never brings one back, nor a
    /// permission that was changed since the read.
    ///
    /// Keys: session. Arguments: the record's integers, its life in ms.
    static let touch = """
        local old = redis.call('GET', KEYS[1])
        if not old then return 0 end
        redis.call('SET', KEYS[1], ARGV[1] .. string.sub(old, #ARGV[1] + 1), 'PX', ARGV[2])
        return 1
        """

    /// Changes what all sessions of a user permit.
    ///
    /// Keys: user's index. Arguments: the prefix of session keys, the bytes before the scope, the scope.
    static let changeGrant = """
        for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
            local old = redis.call('GET', ARGV[1] .. id)
            if old then redis.call('SET', ARGV[1] .. id, string.sub(old, 1, ARGV[2]) .. ARGV[3], 'KEEPTTL') end
        end
        return 1
        """

    /// Deletes all sessions of a user but one.
    ///
    /// Keys: user's index. Arguments: the prefix of session keys, the name of the session to keep or nothing.
    static let removeAll = """
        local ids = redis.call('SMEMBERS', KEYS[1])
        for _, id in ipairs(ids) do
            if id ~= ARGV[2] then
                redis.call('DEL', ARGV[1] .. id)
                redis.call('SREM', KEYS[1], id)
            end
        end
        return #ids
        """
}
