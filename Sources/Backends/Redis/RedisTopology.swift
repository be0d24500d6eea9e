/// How far away a server is.
package enum RedisTopology: String, Sendable {
    case unix
    case tcpLoopback = "tcp-loopback"
    case tcpRemote = "tcp-remote"

    /// Tells by the address and, over TCP, by the two ends of the connection as numeric addresses.
    ///
    /// A server on an address of this host's own is as near as one on a loopback address: the connection then
    /// has the same address at both ends. What stands behind a port that is forwarded does not show.
    package init?(_ address: RedisEndpoint.Address, peer: String?, local: String?) {
        if case .unix = address {
            self = .unix
            return
        }
        guard let peer, let local else { return nil }
        let isLoopback = peer.hasPrefix("127.") || peer == "::1" || peer == local
        self = isLoopback ? .tcpLoopback : .tcpRemote
    }
}

extension RedisConnection {
    /// Where the server is that answers this connection; `nil` when the connection is broken.
    package var topology: RedisTopology? {
        RedisTopology(
            endpoint.address, peer: SocketAddress.peer(of: descriptor),
            local: SocketAddress.local(of: descriptor))
    }
}
