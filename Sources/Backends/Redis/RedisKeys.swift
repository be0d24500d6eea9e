import Foundation

/// Cares for the keys of a run on a server that is somebody else's.
package enum RedisKeys {
    /// How long the key stays by which a run holds its prefix, should the run be killed.
    private static let hold_s = 7 * 86_400

    /// Draws a prefix that no other run has: a key of that name, without the colon, is set until `release`.
    package static func claimPrefix(at endpoint: RedisEndpoint) throws(RedisError) -> String {
        var connection = try RedisConnection(endpoint)
        return try claimPrefix(over: &connection)
    }

    /// The same where one server, or a cluster of them, has the keys.
    package static func claimPrefix(
        over line: inout some RedisLine & ~Copyable
    ) throws(RedisError) -> String {
        while true {
            let name = "authbench:\(UUID().uuidString.prefix(8).lowercased())"
            line.turn(to: Array(name.utf8))
            let reply = try line.execute(
                RedisCommand("SET", name, "in use", "NX", "EX", String(hold_s)), isRepeatable: false)
            if !reply.isNil { return name + ":" }
        }
    }

    /// Removes every key under a prefix of `claimPrefix`, and gives the prefix up.
    package static func release(_ prefix: String, at endpoint: RedisEndpoint) throws(RedisError) {
        try remove(under: prefix, at: endpoint)
        var connection = try RedisConnection(endpoint)
        try giveUp(prefix, over: &connection)
    }

    /// Gives a prefix up under which there are no keys any more.
    package static func giveUp(
        _ prefix: String, over line: inout some RedisLine & ~Copyable
    ) throws(RedisError) {
        let name = String(prefix.dropLast())
        line.turn(to: Array(name.utf8))
        _ = try line.execute(RedisCommand("UNLINK", name), isRepeatable: true)
    }

    /// Removes every key under a prefix, a few hundred at a time and without blocking the server.
    ///
    /// - Returns: how many keys were removed.
    @discardableResult
    package static func remove(under prefix: String, at endpoint: RedisEndpoint) throws(RedisError) -> Int {
        var connection = try RedisConnection(endpoint)
        var removed = 0
        try scan(under: prefix, on: &connection) { (keys, connection) throws(RedisError) in
            // One at a time: a node of a cluster takes no keys of two slots in one command.
            var unlink = RedisCommand()
            for key in keys {
                unlink.begin(arguments: 2)
                unlink.append("UNLINK")
                unlink.append(key.span)
                try connection.send(unlink)
            }
            for _ in keys { removed += Int(try connection.receive().integer ?? 0) }
        }
        return removed
    }

    /// Every key under a prefix, asked for a thousand at a time: `KEYS` would hold up all others on the server.
    package static func list(under prefix: String, on connection: inout RedisConnection) throws(RedisError)
        -> Set<
            [UInt8]
        >
    {
        var found: Set<[UInt8]> = []
        try scan(under: prefix, on: &connection) { (keys, _) throws(RedisError) in found.formUnion(keys) }
        return found
    }

    private static func scan(
        under prefix: String, on connection: inout RedisConnection,
        _ visit: ([[UInt8]], inout RedisConnection) throws(RedisError) -> Void
    ) throws(RedisError) {
        var cursor = "0"
        repeat {
            let reply = try connection.execute(
                RedisCommand("SCAN", cursor, "MATCH", escaped(prefix) + "*", "COUNT", "1000"))
            guard let scan = reply.scan else { throw .unexpectedReply(command: "SCAN") }
            cursor = scan.cursor
            if !scan.keys.isEmpty { try visit(scan.keys, &connection) }
        } while cursor != "0"
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
