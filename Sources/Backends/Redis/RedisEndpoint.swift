import Foundation

/// Where a Redis server listens, and which of its databases is meant.
package struct RedisEndpoint: Sendable, Equatable {
    package enum Address: Sendable, Equatable {
        case tcp(host: String, port: UInt16)
        case unix(path: String)
    }

    package var address: Address
    package var database: Int

    /// As messages have it.
    var name: String {
        switch address {
        case .tcp(let host, let port): "\(host):\(port)"
        case .unix(let path): path
        }
    }

    /// Reads `redis://host:port/database` (port and database may be left out) or `unix:///path`.
    ///
    /// - Returns: `nil` for anything else, also a URL with a user, a password or a query.
    package init?(url text: String) {
        guard let url = URLComponents(string: text), url.user == nil, url.password == nil, url.query == nil,
            url.fragment == nil
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
        case "unix":
            guard url.host ?? "" == "", url.path.count > 1, url.path.hasPrefix("/") else { return nil }
            address = .unix(path: url.path)
            database = 0
        default: return nil
        }
    }
}
