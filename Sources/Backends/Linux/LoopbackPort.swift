import Glibc

/// A port of 127.0.0.1 that a socket has.
package enum LoopbackPort {
    /// The port that a socket has.
    static func number(of socket: Int32) -> UInt16? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getsockname(socket, address, &length)
            }
        }
        return result == 0 ? UInt16(bigEndian: address.sin_port) : nil
    }

    /// Gives a socket a port of 127.0.0.1; port 0 is any free one (bind(2)).
    static func bind(_ socket: Int32, to port: UInt16) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe Glibc.bind(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// A TCP port of 127.0.0.1 for a program that takes a while until it listens: meanwhile no other command of this program takes
/// it, and the system gives it to nobody who asks for any port.
package final class ReservedPort: Sendable {
    package let number: UInt16
    private let claim: Int32

    /// - Returns: `nil` where none is free.
    package init?() {
        for _ in 0..<500 {
            let number = UInt16.random(in: Self.range)
            // UDP has ports of its own: one of them, with the same number, says that the other is taken.
            let claim = Self.bound(to: number, SOCK_DGRAM)
            guard claim >= 0 else { continue }
            let trial = Self.bound(to: number, SOCK_STREAM)
            if trial >= 0 {
                close(trial)
                (self.number, self.claim) = (number, claim)
                return
            }
            close(claim)
        }
        return nil
    }

    deinit { close(claim) }

    /// Below the ports that the system gives out (ip(7), `ip_local_port_range`), where there are enough.
    private static var range: ClosedRange<UInt16> {
        let text = SystemFile.line("/proc/sys/net/ipv4/ip_local_port_range") ?? ""
        let lowest = text.split(whereSeparator: \.isWhitespace).first.flatMap { UInt16($0) } ?? 0
        return lowest > 20_000 ? 10_000...(lowest - 1) : 1_024...UInt16.max
    }

    private static func bound(to port: UInt16, _ type: __socket_type) -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32((type.rawValue | SOCK_CLOEXEC.rawValue)), 0)
        if socket >= 0, LoopbackPort.bind(socket, to: port) != 0 {
            close(socket)
            return -1
        }
        return socket
    }
}
