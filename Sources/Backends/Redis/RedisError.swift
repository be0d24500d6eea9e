import CHiredis

/// A failed Redis command: what was tried, and what the library or the server said.
package enum RedisError: Error, CustomStringConvertible, Equatable {
    /// The connection failed: refused, timed out, closed, or not the Redis protocol.
    case connection(operation: String, message: String)
    /// The server answered with an error, such as `NOAUTH Authentication required.`
    case server(message: String)
    /// The server answered with another type than the command has.
    case unexpectedReply(command: String)

    /// Whether the server does not know a script by its digest.
    package var isUnknownScript: Bool {
        if case .server(let message) = self { message.hasPrefix("NOSCRIPT") } else { false }
    }

    /// Whether the server was away, busy or full, for which nobody who asks it is to blame.
    package var isOutage: Bool {
        switch self {
        case .connection: true
        case .server(let message): Self.outages.contains { message.hasPrefix($0) }
        case .unexpectedReply: false
        }
    }

    /// The first words of such answers (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors).
    private static let outages = [
        "LOADING", "BUSY ", "OOM", "MISCONF", "READONLY", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS",
        "TRYAGAIN",
        "UNBLOCKED", "ERR max number of clients",
    ]

    package var description: String {
        switch self {
        case .connection(let operation, let message): "Redis: could not \(operation): \(message)"
        case .server(let message): "Redis answered: \(message)"
        case .unexpectedReply(let command): "Redis answered \(command) with a reply of another type"
        }
    }
}
