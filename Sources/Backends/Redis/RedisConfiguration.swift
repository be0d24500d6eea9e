/// The server's configuration as far as it decides how fast it is.
package enum RedisConfiguration {
    /// What is asked for, and no more: a configuration also holds passwords.
    private static let names = [
        "save", "appendonly", "appendfsync", "maxmemory", "maxmemory-policy", "io-threads", "databases", "hz",
        "port", "unixsocket",
    ]

    /// Asks the server, one `CONFIG GET` for each name, since servers before 7.0 take no more.
    ///
    /// - Returns: the values by name; those that the server does not know are missing.
    /// - Throws: `RedisError.server` when `CONFIG` is renamed or forbidden, as on many hosted servers.
    package static func values(at endpoint: RedisEndpoint) throws(RedisError) -> [String: String] {
        var connection = try RedisConnection(endpoint)
        var values: [String: String] = [:]
        for name in names {
            let reply = try connection.execute(RedisCommand("CONFIG", "GET", name))
            guard let pair = reply.elements else { throw .unexpectedReply(command: "CONFIG GET") }
            if pair.count == 2 { values[name] = String(decoding: pair[1], as: UTF8.self) }
        }
        return values
    }
}
