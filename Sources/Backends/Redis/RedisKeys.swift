/// Cares for the keys of a run on a server that is somebody else's.
package enum RedisKeys {
    /// Removes every key under a prefix, a few hundred at a time and without blocking the server.
    ///
    /// - Returns: how many keys were removed.
    @discardableResult
    package static func remove(under prefix: String, at endpoint: RedisEndpoint) throws(RedisError) -> Int {
        var connection = try RedisConnection(endpoint)
        var cursor = "0"
        var removed = 0
        repeat {
            let reply = try connection.execute(
                RedisCommand("SCAN", cursor, "MATCH", escaped(prefix) + "*", "COUNT", "1000"))
            guard let scan = reply.scan else { throw .unexpectedReply(command: "SCAN") }
            cursor = scan.cursor
            guard !scan.keys.isEmpty else { continue }
            var unlink = RedisCommand()
            unlink.begin(arguments: scan.keys.count + 1)
            unlink.append("UNLINK")
            for key in scan.keys { unlink.append(key.span) }
            removed += Int(try connection.execute(unlink).integer ?? 0)
        } while cursor != "0"
        return removed
    }

    /// The glob-style pattern of all keys under a prefix.
    package static func pattern(under prefix: [UInt8]) -> [UInt8] {
        Array((escaped(String(decoding: prefix, as: UTF8.self)) + "*").utf8)
    }

    /// Escapes what has a meaning in a glob-style pattern.
    private static func escaped(_ prefix: String) -> String {
        prefix.reduce(into: "") { pattern, character in
            if "*?[]\\".contains(character) { pattern.append("\\") }
            pattern.append(character)
        }
    }
}
