import CAuthBenchLinux
import Glibc

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

    /// What a relay does with bytes and connections.
    package enum Mode: String, Sendable {
        case pass
        /// Nothing moves, as where a cable is cut: who waits is told nothing.
        case hold
        /// Every connection is broken, and each new one too.
        case reset
    }

    private let listener: Int32
    private let poll: Int32
    private let control: Int32
    /// Where the bytes of new connections go.
    private var store: StreamAddress
    private var mode = Mode.pass
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
    ///   - place: where clients reach it: a path at which nothing stands yet, or a free port.
    ///   - store: where their bytes go.
    ///   - control: a descriptor that is watched too.
    /// - Throws: `FileError` when it cannot listen.
    package init(at place: StreamAddress, to store: StreamAddress, control: Int32) throws(FileError) {
        self.store = store
        self.control = control
        listener = try StreamSocket.listen(at: place)
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poll >= 0 else { throw FileError(place.name, "cannot be watched", errno) }
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
            let due_ns = mode == .hold ? nil : ways.values.compactMap(\.nextDue_ns).min()
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
            if mode != .hold {
                let after_ns = Self.now_ns()
                for way in ways.values { pass(way, at: after_ns) }
                for way in ways.values { watchSource(of: way) }
            }
            if isAsked { return }
        }
    }

    /// Changes what happens from now on; what is held goes on when bytes pass again.
    package func enter(_ mode: Mode) {
        guard mode != self.mode else { return }
        if mode == .hold {
            watch(listener, 0, insteadOf: EPOLLIN.rawValue)
            for way in ways.values { watch(way, 0) }
        } else if self.mode == .hold {
            watch(listener, EPOLLIN.rawValue)
        }
        self.mode = mode
        if mode == .reset { dropAll() }
        if mode != .hold { for way in ways.values { watchSource(of: way) } }
    }

    /// Sends the bytes of new connections elsewhere, and breaks those that there are.
    package func lead(to store: StreamAddress) {
        self.store = store
        dropAll()
    }

    private func dropAll() { for way in Array(ways.values) where !way.isDropped { drop(way, byReset: true) } }

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
        watch(way, (reads ? EPOLLIN.rawValue : 0) | (writes ? EPOLLOUT.rawValue : 0))
    }

    private func watch(_ way: Way, _ events: UInt32) {
        guard events != way.events else { return }
        watch(way.source, events, insteadOf: way.events)
        way.events = events
    }

    private func accept() {
        while true {
            let near = Glibc.accept(listener, nil, nil)
            guard near >= 0 else { return }
            guard mode != .reset, let far = try? StreamSocket.connect(to: store) else {
                // As the store would: nobody listens.
                _ = authbench_reset_on_close(near)
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
