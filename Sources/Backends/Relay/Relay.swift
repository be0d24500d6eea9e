import CAuthBenchLinux
import Glibc

/// Where a stream comes from or goes to.
package enum StreamAddress: Sendable, Equatable {
    case tcp(host: String, port: UInt16)
    case unix(path: String)
}

/// Passes bytes between clients and a store, and holds them on the way as long as a distance would.
///
/// It knows no store's protocol. One thread does everything, so that nothing overtakes (epoll(7)).
package final class Relay {
    /// One direction of a connection: what comes from one socket and goes to another.
    private final class Way {
        let source: Int32
        let target: Int32
        var line = DelayLine()
        /// The source sends no more.
        var hasEnded = false
        /// The target takes nothing now.
        var isBlocked = false
        /// The target was told the end.
        var isShut = false
        var isDropped = false
        /// What the kernel is asked to say of the source.
        var events: UInt32 = 0

        init(from source: Int32, to target: Int32) { (self.source, self.target) = (source, target) }

        var nextDue_ns: UInt64? { isBlocked ? nil : line.nextDue_ns }
    }

    private let listener: Int32
    private let poll: Int32
    private let control: Int32
    private let store: StreamAddress
    /// By the socket that they come from; the way back comes from the target.
    private var ways: [Int32: Way] = [:]
    private var portion = [UInt8](repeating: 0, count: 1 << 16)
    /// How long bytes are held in each direction.
    package var delay_ns: UInt64 = 0
    /// Called for each portion that has gone on, with how much later than asked it went.
    package var passed: (_ late_ns: UInt64) -> Void = { _ in }

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - path: where clients reach it, at which nothing stands yet.
    ///   - store: where their bytes go.
    ///   - control: a descriptor that is watched too.
    /// - Throws: `FileError` when it cannot listen.
    package init(at path: String, to store: StreamAddress, control: Int32) throws(FileError) {
        self.store = store
        self.control = control
        listener = try StreamSocket.listen(at: path)
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poll >= 0 else { throw FileError(path, "cannot be watched", errno) }
        watch(listener, EPOLLIN.rawValue)
        watch(control, EPOLLIN.rawValue)
    }

    deinit {
        for way in ways.values { drop(way) }
        close(listener)
        close(poll)
    }

    /// Passes bytes on until the control descriptor can be read.
    package func runUntilControl() {
        var ready = [Int32](repeating: 0, count: 256)
        while true {
            let due_ns = ways.values.compactMap(\.nextDue_ns).min()
            let now_ns = Self.now_ns()
            let timeout_ns = due_ns.map { $0 > now_ns ? Int64($0 - now_ns) : 0 } ?? -1
            let count = unsafe authbench_epoll_wait(poll, &ready, timeout_ns)
            var isAsked = false
            for number in ready.prefix(max(0, Int(count))) {
                if number == control {
                    isAsked = true
                } else if number == listener {
                    accept()
                } else if let way = ways[number] {
                    read(way)
                }
            }
            let after_ns = Self.now_ns()
            for way in ways.values { pass(way, at: after_ns) }
            for way in ways.values { watchSource(of: way) }
            if isAsked { return }
        }
    }

    private static func now_ns() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private func watch(_ number: Int32, _ events: UInt32, insteadOf before: UInt32 = 0) {
        _ = authbench_epoll_watch(poll, number, events, before)
    }

    /// Without anything to wait for, a socket is not watched at all: its end would be told again and again (EPOLLHUP).
    private func watchSource(of way: Way) {
        let reads = !way.hasEnded && !way.line.isFull
        let writes = ways[way.target]?.isBlocked ?? false
        let events = (reads ? EPOLLIN.rawValue : 0) | (writes ? EPOLLOUT.rawValue : 0)
        guard events != way.events else { return }
        watch(way.source, events, insteadOf: way.events)
        way.events = events
    }

    private func accept() {
        while true {
            let near = Glibc.accept(listener, nil, nil)
            guard near >= 0 else { return }
            guard let far = try? StreamSocket.connect(to: store) else {
                // As the store would: nobody listens.
                close(near)
                continue
            }
            for number in [near, far] { StreamSocket.makePrompt(number) }
            ways[near] = Way(from: near, to: far)
            ways[far] = Way(from: far, to: near)
        }
    }

    private func read(_ way: Way) {
        while !way.hasEnded && !way.line.isFull {
            let count = unsafe portion.withUnsafeMutableBytes {
                unsafe recv(way.source, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN || errno == ENOTCONN { return }
            let now_ns = Self.now_ns()
            guard count >= 0 else { return drop(way, byReset: true) }
            guard count > 0 else {
                way.hasEnded = true
                return way.line.end(at: now_ns, delay_ns: delay_ns)
            }
            way.line.take(Array(portion[..<count]), at: now_ns, delay_ns: delay_ns)
            // The rest, if any, is told again.
            if count < portion.count { return }
        }
    }

    private func pass(_ way: Way, at now_ns: UInt64) {
        // The way back may have broken just now.
        guard !way.isDropped else { return }
        let taken = way.line.pass(at: now_ns, send: { StreamSocket.send($0, to: way.target) }, passed: passed)
        if case .broken = taken { return drop(way, byReset: true) }
        if case .full = taken { way.isBlocked = true } else { way.isBlocked = false }
        guard way.line.takeEnd(at: now_ns) else { return }
        way.isShut = true
        if ways[way.target]?.isShut ?? true { return drop(way) }
        shutdown(way.target, Int32(SHUT_WR))
    }

    /// Ends both directions at once; a reset is not delayed.
    private func drop(_ way: Way, byReset: Bool = false) {
        for number in [way.source, way.target] {
            guard let own = ways.removeValue(forKey: number) else { continue }
            own.isDropped = true
            if byReset { _ = authbench_reset_on_close(number) }
            close(number)
        }
    }
}

/// Stream sockets, each call without waiting.
enum StreamSocket {
    /// Listens at a path at which nothing stands yet.
    static func listen(at path: String) throws(FileError) -> Int32 {
        let socket = Glibc.socket(AF_UNIX, streamOf(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw FileError(path, "cannot be made", errno) }
        let result = try unsafe withAddress(path) { unsafe bind(socket, $0, $1) }
        guard result == 0, Glibc.listen(socket, 512) == 0 else {
            let number = errno
            close(socket)
            throw FileError(path, "cannot be listened at", number)
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
