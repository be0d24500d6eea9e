import CAuthBenchLinux
import Glibc

/// Where a stream comes from or goes to.
package enum StreamAddress: Sendable, Equatable {
    case tcp(host: String, port: UInt16)
    case unix(path: String)

    /// As one word, which `init` reads again: `unix:PATH` or `tcp:PORT:HOST`.
    package var name: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): "tcp:\(port):\(host)"
        }
    }

    package init?(name: String) {
        if name.hasPrefix("unix:") {
            self = .unix(path: String(name.dropFirst("unix:".count)))
            return
        }
        let parts = name.split(separator: ":", maxSplits: 2).map(String.init)
        guard parts.count == 3, parts[0] == "tcp", let port = UInt16(parts[1]) else { return nil }
        self = .tcp(host: parts[2], port: port)
    }
}

/// Stream sockets, each call without waiting.
enum StreamSocket {
    /// Listens at a path at which nothing stands yet, or at a free port of 127.0.0.1, whatever the host.
    static func listen(at place: StreamAddress) throws(FileError) -> Int32 {
        let flags = streamOf(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let (socket, result): (Int32, Int32)
        switch place {
        case .unix(let path):
            socket = Glibc.socket(AF_UNIX, flags, 0)
            result = try unsafe withAddress(path) { unsafe bind(socket, $0, $1) }
        case .tcp(_, let port):
            socket = Glibc.socket(AF_INET, flags, 0)
            result = LoopbackPort.bind(socket, to: port)
        }
        guard result == 0, Glibc.listen(socket, 512) == 0 else {
            let number = errno
            if socket >= 0 { close(socket) }
            throw FileError(place.name, "cannot be listened at", number)
        }
        return socket
    }

    private static func streamOf(_ flags: UInt32) -> Int32 { Int32(SOCK_STREAM.rawValue | flags) }

    /// Connects; over TCP the connection may still be on its way, and bytes wait for it.
    static func connect(to address: StreamAddress) throws(FileError) -> Int32 {
        switch address {
        case .unix(let path):
            let socket = Glibc.socket(AF_UNIX, streamOf(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
            let result = try unsafe withAddress(path) { unsafe Glibc.connect(socket, $0, $1) }
            guard result == 0 else {
                let number = errno
                close(socket)
                throw FileError(path, "cannot be connected to", number)
            }
            return socket
        case .tcp(let host, let port): return try connect(host, port)
        }
    }

    private static func connect(_ host: String, _ port: UInt16) throws(FileError) -> Int32 {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, String(port), &hints, &found) == 0 else {
            throw FileError("\(host):\(port)", "is not known", ENOENT)
        }
        defer { unsafe freeaddrinfo(found) }
        var next = unsafe found
        while let one = unsafe next {
            let socket = unsafe Glibc.socket(
                one.pointee.ai_family, streamOf(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
            if unsafe Glibc.connect(socket, one.pointee.ai_addr, one.pointee.ai_addrlen) == 0
                || errno == EINPROGRESS
            {
                return socket
            }
            close(socket)
            unsafe next = one.pointee.ai_next
        }
        throw FileError("\(host):\(port)", "cannot be connected to", errno)
    }

    /// Sends small portions at once instead of gathering them (tcp(7), TCP_NODELAY), and never waits.
    static func makePrompt(_ socket: Int32) {
        var yes: Int32 = 1
        unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
    }

    /// Lets each read and write of a socket that waits take no longer (socket(7)); `nil` for any time.
    static func limit(_ socket: Int32, each_ms: Int?) {
        guard let each_ms else { return }
        var time = timeval(tv_sec: each_ms / 1000, tv_usec: each_ms % 1000 * 1000)
        let time_bytes = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, time_bytes)
        unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, time_bytes)
    }

    /// Whether the other end has closed a connection over which nothing is on its way.
    static func isClosed(_ socket: Int32) -> Bool {
        var byte: UInt8 = 0
        let count = unsafe recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
    }

    static func send(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> DelayLine.Taken {
        while true {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    socket, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EINTR: continue
            // A connection over TCP that is still on its way answers ENOTCONN.
            case EAGAIN, ENOTCONN: return .full
            default: return .broken
            }
        }
    }

    @unsafe private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(FileError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw FileError(path, "is too long for the name of a socket: set TMPDIR to a shorter folder")
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        return unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
