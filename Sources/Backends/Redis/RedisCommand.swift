/// A command in the Redis protocol (RESP2), built in a buffer that is used again and again.
public struct RedisCommand: Sendable {
    package private(set) var bytes: [UInt8] = []
    /// Of a script: how many arguments there are in all, and where those after its digest begin.
    private var tail = (arguments: 0, start: 0)

    package init() {}

    /// Makes a command of texts, for those that are sent seldom.
    package init(_ words: String...) { self.init(words) }

    package init(_ words: [String]) {
        begin(arguments: words.count)
        for word in words { append(Array(word.utf8).span) }
    }

    /// Starts a command anew that will have so many arguments, its name included.
    package mutating func begin(arguments: Int) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(UInt8(ascii: "*"))
        append(digits: arguments)
    }

    /// Starts a script's command anew, by its digest.
    ///
    /// - Parameters:
    ///   - script: the script.
    ///   - keys: how many of the arguments that follow are keys.
    ///   - arguments: how many arguments will follow, the keys included.
    package mutating func begin(_ script: RedisScript, keys: Int64, arguments: Int) {
        begin(arguments: 3 + arguments)
        append("EVALSHA")
        append(script.digest)
        tail = (3 + arguments, bytes.count)
        append(keys)
    }

    /// The same command with the script's text in place of its digest, which also makes the server learn it.
    package func spelledOut(_ script: RedisScript) -> Self {
        var command = Self()
        command.begin(arguments: tail.arguments)
        command.append("EVAL")
        command.append(Array(script.text.utf8))
        command.bytes += bytes[tail.start...]
        return command
    }

    /// The command that waits until replicas have what its connection wrote (https://redis.io/docs/latest/commands/wait/).
    static func wait(forReplicas wanted: Int) -> Self {
        RedisCommand("WAIT", String(wanted), String(replicaPatience_ms))
    }

    /// Less than a connection waits for a reply.
    private static let replicaPatience_ms = 1500

    package mutating func append(_ argument: Span<UInt8>) {
        bytes.append(UInt8(ascii: "$"))
        append(digits: argument.count)
        bytes.append(argument)
        endLine()
    }

    package mutating func append(_ argument: [UInt8]) { append(argument.span) }

    /// Appends one argument that is two pieces put together: a prefix and what it is the prefix of.
    package mutating func append(_ prefix: [UInt8], _ rest: Span<UInt8>) {
        bytes.append(UInt8(ascii: "$"))
        append(digits: prefix.count + rest.count)
        bytes.append(contentsOf: prefix)
        bytes.append(rest)
        endLine()
    }

    package mutating func append(_ argument: StaticString) {
        bytes.append(UInt8(ascii: "$"))
        append(digits: argument.utf8CodeUnitCount)
        argument.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        endLine()
    }

    package mutating func append(_ argument: Int64) {
        append(Array(String(argument).utf8).span)
    }

    private mutating func append(digits number: Int) {
        if number >= 10 { appendDecimal(number / 10) }
        bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
        endLine()
    }

    private mutating func appendDecimal(_ number: Int) {
        if number >= 10 { appendDecimal(number / 10) }
        bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    private mutating func endLine() {
        bytes.append(0x0D)
        bytes.append(0x0A)
    }
}

/// A Lua script that a server has been told, to be run by its digest
/// (https://redis.io/docs/latest/develop/programmability/eval-intro/).
public struct RedisScript: Sendable {
    package let text: String
    /// In hexadecimal, as the server names it.
    package let digest: [UInt8]

    /// Tells the server a script.
    package init(
        _ text: String, on connection: inout some RedisLine & ~Copyable
    ) throws(RedisError) {
        guard
            let digest = try connection.execute(RedisCommand("SCRIPT", "LOAD", text), isRepeatable: true)
                .bytes
        else { throw .unexpectedReply(command: "SCRIPT LOAD") }
        (self.text, self.digest) = (text, digest)
    }
}
