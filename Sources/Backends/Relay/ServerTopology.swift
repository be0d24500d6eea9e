import Glibc

/// How far away a server is.
package enum ServerTopology: String, Sendable {
    case unix
    case tcpLoopback = "tcp-loopback"
    case tcpRemote = "tcp-remote"

    /// Tells by the address and, over TCP, by the two ends of the connection as numeric addresses.
    ///
    /// A server on an address of this host's own is as near as one on a loopback address: the connection then
    /// has the same address at both ends. What stands behind a port that is forwarded does not show.
    package init?(_ address: StreamAddress, peer: String?, local: String?) {
        if case .unix = address {
            self = .unix
            return
        }
        guard let peer, let local else { return nil }
        let isLoopback = peer.hasPrefix("127.") || peer == "::1" || peer == local
        self = isLoopback ? .tcpLoopback : .tcpRemote
    }
}

/// The numeric addresses at the two ends of a TCP connection, such as `127.0.0.1`.
enum SocketAddress {
    /// The other end (getpeername(2)).
    static func peer(of socket: Int32) -> String? {
        unsafe text { address, length in unsafe getpeername(socket, address, length) }
    }

    /// This end (getsockname(2)).
    static func local(of socket: Int32) -> String? {
        unsafe text { address, length in unsafe getsockname(socket, address, length) }
    }

    @unsafe private static func text(
        _ ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> String? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let isKnown = unsafe withUnsafeMutablePointer(to: &storage) { storage in
            unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe ask(address, &length) == 0
                    && getnameinfo(
                        address, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0
            }
        }
        guard isKnown else { return nil }
        return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
