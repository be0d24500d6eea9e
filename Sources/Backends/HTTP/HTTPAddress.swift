import Glibc

/// Where a server listens, and under which path: `http://host:port/path` or `https://…` (RFC 9110 section 4.2).
package struct HTTPAddress: Sendable, Equatable {
    package var isSecure: Bool
    package var host: String
    /// Unless said, 80 or 443.
    package var port: UInt16
    /// Without a final slash; empty for the root.
    package var path: String

    /// - Returns: `nil` for another scheme, a bad port, or a character that no host or path here has.
    package init?(url: String) {
        guard let scheme = ["http://", "https://"].first(where: url.hasPrefix),
            !url.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F })
        else { return nil }
        isSecure = scheme == "https://"
        let rest = url.dropFirst(scheme.count)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let parts = rest[..<end].split(separator: ":", omittingEmptySubsequences: false)
        guard let port = parts.count == 1 ? (isSecure ? 443 : 80) : UInt16(parts[1]), port > 0,
            parts.count <= 2, !parts[0].isEmpty, !parts[0].contains("@"),
            !rest[end...].contains("?"), !rest[end...].contains("#")
        else { return nil }
        (host, self.port) = (String(parts[0]), port)
        path = String(rest[end...])
        while path.hasSuffix("/") { path.removeLast() }
    }

    package var authority: String { "\(host):\(port)" }
    package var url: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }
    package var stream: StreamAddress { .tcp(host: host, port: port) }

    /// Where the server is, found by a connection that asks nothing; `nil` where there is none.
    package func topology(timeout_ms: Int = 2000) -> ServerTopology? {
        guard let socket = try? connected(stream, authority, timeout_ms) else { return nil }
        defer { close(socket) }
        return ServerTopology(
            stream, peer: SocketAddress.peer(of: socket), local: SocketAddress.local(of: socket))
    }
}
