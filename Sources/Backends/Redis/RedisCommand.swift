/// A command in the Redis protocol (RESP2), built in a buffer that is used again and again.
package struct RedisCommand: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Makes a command of texts, for those that are sent seldom.
    package init(_ words: String...) {
        begin(arguments: words.count)
        for word in words { append(Array(word.utf8).span) }
    }

    /// Starts a command anew that will have so many arguments, its name included.
    package mutating func begin(arguments: Int) {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(UInt8(ascii: "*"))
        append(digits: arguments)
    }

    package mutating func append(_ argument: Span<UInt8>) {
        bytes.append(UInt8(ascii: "$"))
        append(digits: argument.count)
        for index in argument.indices { bytes.append(argument[index]) }
        endLine()
    }

    package mutating func append(_ argument: [UInt8]) { append(argument.span) }

    /// Appends one argument that is two pieces put together: a prefix and what it is the prefix of.
    package mutating func append(_ prefix: [UInt8], _ rest: Span<UInt8>) {
        bytes.append(UInt8(ascii: "$"))
        append(digits: prefix.count + rest.count)
        bytes.append(contentsOf: prefix)
        for index in rest.indices { bytes.append(rest[index]) }
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
