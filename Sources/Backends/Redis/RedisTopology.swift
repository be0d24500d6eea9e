/// How far away a server is.
package enum RedisTopology: String, Sendable {
    case unix
    case tcpLoopback = "tcp-loopback"
    case tcpRemote = "tcp-remote"

    /// Tells by the two ends of a TCP connection, as numeric addresses.
    ///
    /// A server on an address of this host's own is as near as one on a loopback address: the connection then
    /// has the same address at both ends. What stands behind a port that is forwarded does not show.
    package init(peer: String, local: String) {
        let isLoopback = peer.hasPrefix("127.") || peer == "::1" || peer == local
        self = isLoopback ? .tcpLoopback : .tcpRemote
    }
}

extension RedisConnection {
    /// Where the server is that answers this connection; `nil` when the connection is broken.
    package var topology: RedisTopology? {
        if case .unix = endpoint.address { return .unix }
        guard let peer = SocketAddress.peer(of: descriptor),
            let local = SocketAddress.local(of: descriptor)
        else { return nil }
        return RedisTopology(peer: peer, local: local)
    }
}
