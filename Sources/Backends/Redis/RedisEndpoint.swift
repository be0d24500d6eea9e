import CAuthBenchHiredis
import Foundation

/// Where a Redis server listens, and which of its databases is meant.
package struct RedisEndpoint: Sendable, Equatable {
    package var address: StreamAddress
    package var database: Int
    /// The user of an access list (Redis 6 and later); `nil` for the default one, as `requirepass` has it.
    package var user: String?
    package var password: String?

    /// As messages have it.
    var name: String {
        switch address {
        case .tcp(let host, let port): "\(host):\(port)"
        case .unix(let path): path
        }
    }

    /// As a URL that says everything, the password too: for what stays within the process.
    package var url: String {
        func escaped(_ text: String?) -> String {
            (text ?? "").addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        }
        switch address {
        case .tcp(let host, let port):
            let shown = host.contains(":") ? "[\(host)]" : host
            let login = user == nil && password == nil ? "" : "\(escaped(user)):\(escaped(password))@"
            return "redis://\(login)\(shown):\(port)/\(database)"
        case .unix(let path):
            let login =
                (user.map { "&user=\(escaped($0))" } ?? "")
                + (password.map { "&password=\(escaped($0))" } ?? "")
            return "unix://\(path)?db=\(database)\(login)"
        }
    }

    /// Reads `redis://user:password@host:port/database` (only the host must be there) or `unix:///path`, to which
    /// `?db=number` may be put, and to that `&user=name` and `&password=text` (as redis-py has it).
    ///
    /// - Returns: `nil` for anything else, also a URL with another query.
    package init?(url text: String) {
        if text.hasPrefix("unix:///") {
            // Not a URL in the strict sense: any byte may stand in a file's name.
            var path = String(text.dropFirst("unix://".count))
            database = 0
            if let mark = path.range(of: "?db=", options: .backwards) {
                let options = path[mark.upperBound...].split(separator: "&")
                if let first = options.first, let number = Int(first), 0..<1024 ~= number {
                    database = number
                    for option in options.dropFirst() {
                        let pair = option.split(separator: "=", maxSplits: 1)
                        guard pair.count == 2, let text = pair[1].removingPercentEncoding else { return nil }
                        switch pair[0] {
                        case "user": user = text
                        case "password": password = text
                        default: return nil
                        }
                    }
                    path = String(path[..<mark.lowerBound])
                }
            }
            guard path.utf8.count > 1 else { return nil }
            address = .unix(path: path)
            return
        }
        guard let url = URLComponents(string: text), url.query == nil, url.fragment == nil
        else { return nil }
        switch url.scheme {
        case "redis":
            guard let host = url.host, !host.isEmpty, let port = UInt16(exactly: url.port ?? 6379), port > 0
            else { return nil }
            let name = url.path.hasPrefix("/") ? String(url.path.dropFirst()) : url.path
            guard let database = name.isEmpty ? 0 : Int(name), 0..<1024 ~= database else { return nil }
            // Brackets belong to the URL, not to an IPv6 address.
            address = .tcp(host: host.trimmingCharacters(in: ["[", "]"]), port: port)
            self.database = database
            user = url.user.flatMap { $0.isEmpty ? nil : $0 }
            password = url.password
        default: return nil
        }
    }
}

/// The pause between two attempts to connect anew to a server that does not answer.
///
/// The first attempt is made at once; each one that is followed by no reply doubles the longest pause before the next.
/// A pause is between half of that and the whole, or all clients of a server that went would come back at one moment.
package struct ReconnectPause: Sendable {
    /// Draws a number from a range, each as likely as the others.
    package typealias Random = @Sendable (ClosedRange<UInt64>) -> UInt64

    private static let shortest_ns: UInt64 = 10_000_000
    private static let longest_ns: UInt64 = 1_000_000_000

    private let random: Random
    private var length_ns: UInt64 = 0
    private var end_ns: UInt64 = 0

    init(_ random: @escaping Random) { self.random = random }

    /// Begins the next pause, unless one is under way.
    ///
    /// - Returns: how many milliseconds of that are left, at least 1; 0 where an attempt may be made.
    mutating func begin(at now_ns: UInt64) -> UInt64 {
        if length_ns > 0, now_ns < end_ns { return (end_ns - now_ns - 1) / 1_000_000 + 1 }
        length_ns = min(Self.longest_ns, max(Self.shortest_ns, length_ns * 2))
        end_ns = now_ns + random(length_ns / 2...length_ns)
        return 0
    }

    /// Ends them all: the server has answered.
    mutating func end() {
        if length_ns != 0 { length_ns = 0 }
    }
}

/// A failed Redis command: what was tried, and what the library or the server said.
public enum RedisError: Error, CustomStringConvertible, Equatable {
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

    /// Whether a node of a cluster says that another one has the keys, or will have: nothing was done.
    package var isRedirection: Bool {
        guard case .server(let message) = self else { return false }
        return ["MOVED ", "ASK ", "TRYAGAIN", "CLUSTERDOWN"].contains { message.hasPrefix($0) }
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
        "TRYAGAIN", "MOVED ", "ASK ", RedisRedirection.halfMoved,
        "UNBLOCKED", "ERR max number of clients",
    ]

    public var description: String {
        switch self {
        case .connection(let operation, let message): "Redis: could not \(operation): \(message)"
        case .server(let message): "Redis answered: \(message)"
        case .unexpectedReply(let command): "Redis answered \(command) with a reply of another type"
        }
    }
}
