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

    /// Moves a session to a new name, if it is still there.
    ///
    /// Keys: old session, new session, user's index. Arguments: record, its life in ms, new name, old name.
    ///
    /// The new name goes in before the old one goes out: an empty set would be deleted, its expiry with it.
    static let rotate = """
        if redis.call('DEL', KEYS[1]) == 0 then return 0 end
        redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
        redis.call('SADD', KEYS[3], ARGV[3])
        redis.call('SREM', KEYS[3], ARGV[4])
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
