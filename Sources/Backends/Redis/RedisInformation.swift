/// What a server says of itself in answer to `INFO`.
package struct RedisInformation: Sendable {
    private var fields: [String: String] = [:]

    /// Asks the server; also the way to find out whether it is a usable one.
    package init(
        at endpoint: RedisEndpoint, section: String = "default", timeout_ms: Int = 2000
    ) throws(RedisError) {
        var connection = try RedisConnection(endpoint, timeout_ms: timeout_ms)
        guard let text = try connection.execute(RedisCommand("INFO", section)).text else {
            throw .unexpectedReply(command: "INFO")
        }
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
    }

    package subscript(name: String) -> String? { fields[name] }

    package var version: String { fields["redis_version"] ?? "unknown" }

    /// The first version that has all commands that are sent: `GETDEL` and `ZRANGE` with `BYSCORE`
    /// (https://redis.io/docs/latest/commands/).
    package static let leastVersion = "6.2"

    /// Whether the server is too old; one that tells no version is taken as it is.
    package var isTooOld: Bool {
        let numbers = version.split(separator: ".").compactMap { Int($0) }
        guard numbers.count >= 2 else { return false }
        return (numbers[0], numbers[1]) < (6, 2)
    }
}
