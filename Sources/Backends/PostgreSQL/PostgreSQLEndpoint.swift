import Foundation

/// Where a PostgreSQL server listens, which of its databases is meant, and as whom to sign in.
package struct PostgreSQLEndpoint: Sendable, Equatable {
    package var address: StreamAddress
    package var database: String
    package var user: String
    package var password: String?
    /// Whose tables are meant where a name stands alone; empty for the database's own choice.
    package var schema = ""
    /// What an acknowledged commit waits for (`synchronous_commit`); empty for the server's own choice.
    package var commit = ""

    /// As messages have it.
    package var name: String {
        switch address {
        case .tcp(let host, let port): "\(host):\(port)"
        case .unix(let path): path
        }
    }

    package init(_ address: StreamAddress, database: String, user: String) {
        (self.address, self.database, self.user) = (address, database, user)
    }

    /// Reads `postgresql://user:password@host:port/database`, of which only the host must be there, or the same without a
    /// host and with `?host=/folder` (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS).
    ///
    /// - Returns: `nil` for anything else.
    package init?(url text: String) {
        guard let url = URLComponents(string: text), ["postgresql", "postgres"].contains(url.scheme),
            url.fragment == nil, let port = UInt16(exactly: url.port ?? 5432), port > 0
        else { return nil }
        let items = url.queryItems ?? []
        guard items.allSatisfy({ $0.name == "host" }), items.count <= 1 else { return nil }
        if let folder = items.first?.value {
            guard folder.hasPrefix("/"), url.host ?? "" == "" else { return nil }
            address = .unix(path: "\(folder)/.s.PGSQL.\(port)")
        } else {
            guard let host = url.host, !host.isEmpty else { return nil }
            // Brackets belong to the URL, not to an IPv6 address.
            address = .tcp(host: host.trimmingCharacters(in: ["[", "]"]), port: port)
        }
        user = url.user.flatMap { $0.isEmpty ? nil : $0 } ?? NSUserName()
        password = url.password
        database = url.path.count > 1 ? String(url.path.dropFirst()) : user
    }

    /// How a server of port 5432 names its socket (libpq looks for no other name).
    package static let socketName = ".s.PGSQL.5432"

    /// As `init` reads it.
    package var url: String {
        var url = URLComponents()
        (url.scheme, url.user, url.password, url.path) = ("postgresql", user, password, "/\(database)")
        switch address {
        case .tcp(let host, let port): (url.host, url.port) = (host, Int(port))
        case .unix(let path):
            url.host = ""
            url.queryItems = [
                URLQueryItem(name: "host", value: URL(fileURLWithPath: path).deletingLastPathComponent().path)
            ]
        }
        return url.string ?? ""
    }

    /// How far away the server is, as `ServerTopology` tells it.
    package func topology(of connection: borrowing PostgreSQLConnection) -> String? {
        ServerTopology(
            address, peer: SocketAddress.peer(of: connection.descriptor),
            local: SocketAddress.local(of: connection.descriptor))?.rawValue
    }

    /// The same in libpq's own form; no environment variable or file of the user's changes what is said here.
    var connectionText: String {
        var parts: [(String, String)] = [
            ("dbname", database), ("user", user), ("application_name", "authbench"),
        ]
        switch address {
        case .tcp(let host, let port): parts += [("host", host), ("port", String(port))]
        case .unix(let path):
            // libpq takes the folder and the port of the name that it makes of them.
            let file = URL(fileURLWithPath: path)
            let port = file.lastPathComponent.split(separator: ".").last ?? "5432"
            parts += [("host", file.deletingLastPathComponent().path), ("port", String(port))]
        }
        if let password { parts.append(("password", password)) }
        // Libpq prints notices, such as that a table did not exist, where only our own lines belong.
        let options =
            ["client_min_messages=error"] + (schema.isEmpty ? [] : ["search_path=\(schema)"])
            + (commit.isEmpty ? [] : ["synchronous_commit=\(commit)"])
        parts.append(("options", options.map { "-c \($0)" }.joined(separator: " ")))
        return parts.map { name, value in
            let quoted = value.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
            return "\(name)='\(quoted)'"
        }.joined(separator: " ")
    }
}
