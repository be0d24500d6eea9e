import Glibc

/// Waits for a descriptor that may have nothing to read (poll(2)).
package enum Readiness {
    /// - Parameters:
    ///   - descriptor: of a pipe or a socket.
    ///   - seconds: how long to wait at most.
    /// - Returns: whether there is something to read, its end or an error among that.
    package static func isReadable(_ descriptor: Int32, within seconds: Double) -> Bool {
        var one = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        var result = unsafe poll(&one, 1, Int32(seconds * 1000))
        while result < 0, errno == EINTR { result = unsafe poll(&one, 1, Int32(seconds * 1000)) }
        return result > 0
    }
}
