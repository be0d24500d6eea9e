import Backends
import Foundation
import Glibc
import Synchronization
import Testing

/// What a line does with bytes, on a clock that stands still until it is told.
@Suite("Delay lines")
struct DelayLineTests {
    private struct Draws: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    @Test("bytes go on when they are due, in order, none lost and none twice, over 100 000 random portions")
    func arithmetic() {
        var (draws, line) = (Draws(state: 16), DelayLine())
        var (now_ns, sent, got) = (UInt64(1000), [(byte: UInt8, due_ns: UInt64)](), 0)
        var earliest_ns: UInt64 = 0
        for _ in 0..<100_000 {
            now_ns += UInt64.random(in: 0...200, using: &draws)
            let delay_ns = UInt64.random(in: 0...1000, using: &draws)
            let bytes = (0..<Int.random(in: 1...4, using: &draws)).map { _ in
                UInt8.random(in: 0...255, using: &draws)
            }
            line.take(bytes, at: now_ns, delay_ns: delay_ns)
            // None overtakes: what was put in before goes before.
            earliest_ns = max(earliest_ns, now_ns + delay_ns)
            sent += bytes.map { ($0, earliest_ns) }
            now_ns += UInt64.random(in: 0...200, using: &draws)
            _ = line.pass(
                at: now_ns,
                send: { slice in
                    // The receiver takes a part, or nothing.
                    let count = Int.random(in: 0...slice.count, using: &draws)
                    for byte in slice.prefix(count) {
                        #expect(byte == sent[got].byte && sent[got].due_ns <= now_ns)
                        got += 1
                    }
                    return count == 0 ? .full : .bytes(count)
                }, passed: { _ in })
            #expect(line.held == sent.count - got)
        }
        #expect(line.nextDue_ns == sent[got].due_ns)
        _ = line.pass(
            at: .max,
            send: { slice in
                got += slice.count
                return .bytes(slice.count)
            }, passed: { _ in })
        #expect(got == sent.count && line.held == 0 && line.nextDue_ns == nil)
    }

    @Test("how late a portion went is told, and the end travels like bytes")
    func end() {
        var (line, late) = (DelayLine(), [UInt64]())
        line.take([1], at: 100, delay_ns: 50)
        line.end(at: 120, delay_ns: 50)
        func pass(at now_ns: UInt64) {
            _ = line.pass(at: now_ns, send: { .bytes($0.count) }, passed: { late.append($0) })
        }
        pass(at: 149)
        var hasEnded = line.takeEnd(at: 149)
        #expect(late.isEmpty && !hasEnded)
        pass(at: 157)
        #expect(late == [7] && line.nextDue_ns == 170)
        hasEnded = line.takeEnd(at: 169)
        #expect(!hasEnded)
        hasEnded = line.takeEnd(at: 170)
        #expect(hasEnded && line.nextDue_ns == nil)
        hasEnded = line.takeEnd(at: 170)
        #expect(!hasEnded, "once")
    }
}

/// A relay on real sockets, on a thread of this process, before a server that sends back what it gets.
@Suite("Relay")
struct RelayTests {
    private final class Place: Sendable {
        let folder: URL
        let control: FileHandle
        let isOver = DispatchSemaphore(value: 0)
        /// What the relay's thread is to do with it next; nothing lets it end.
        private final class Orders: Sendable {
            let next = Mutex<(@Sendable (Relay) -> Void)?>(nil)
        }

        private let orders = Orders()
        private let isDone = DispatchSemaphore(value: 0)
        var path: String { folder.appendingPathComponent("relay.sock").path }

        init(delay_ns: UInt64) throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent(
                "test-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            let store = folder.appendingPathComponent("store.sock").path
            let echo = try TestSocket.listen(at: store)
            let pipe = Pipe()
            control = pipe.fileHandleForWriting
            let path = folder.appendingPathComponent("relay.sock").path
            let relay = try Relay(
                at: .unix(path: path), to: .unix(path: store),
                control: pipe.fileHandleForReading.fileDescriptor)
            relay.delay_ns = delay_ns
            let box = Mutex<Relay?>(relay)
            let (isOver, orders, isDone) = (isOver, orders, isDone)
            Thread {
                while true {
                    box.withLock { $0?.runUntilControl() }
                    _ = pipe.fileHandleForReading.availableData
                    guard let order = orders.next.withLock({ $0 }) else { break }
                    box.withLock { relay in relay.map(order) }
                    isDone.signal()
                }
                box.withLock { $0 = nil }
                isOver.signal()
            }.start()
            Thread { TestSocket.echo(echo) }.start()
        }

        func order(_ body: @escaping @Sendable (Relay) -> Void) {
            orders.next.withLock { $0 = body }
            try? control.write(contentsOf: Data([10]))
            isDone.wait()
            orders.next.withLock { $0 = nil }
        }

        func end() {
            try? control.write(contentsOf: Data([10]))
            isOver.wait()
            try? FileManager.default.removeItem(at: folder)
        }
    }

    @Test("200 connections get back what they sent, in order, with random pauses, and their end after it")
    func connections() throws {
        let place = try Place(delay_ns: 300_000)
        defer { place.end() }
        let wrong = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 200) { index in
            guard let socket = try? TestSocket.connect(to: place.path) else {
                wrong.add(1, ordering: .relaxed)
                return
            }
            let bytes = (0..<2000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index) }
            for start in stride(from: 0, to: bytes.count, by: 500) {
                TestSocket.send(bytes[start..<start + 500], to: socket)
                if (start / 500 + index) % 3 == 0 { usleep(200) }
            }
            shutdown(socket, Int32(SHUT_WR))
            if TestSocket.readAll(socket) != bytes { wrong.add(1, ordering: .relaxed) }
            close(socket)
        }
        #expect(wrong.load(ordering: .relaxed) == 0)
    }

    @Test("nothing comes back before twice the delay")
    func delay() throws {
        let place = try Place(delay_ns: 5_000_000)
        defer { place.end() }
        let socket = try TestSocket.connect(to: place.path)
        let clock = ContinuousClock()
        for _ in 0..<5 {
            let start = clock.now
            TestSocket.send([1, 2, 3], to: socket)
            #expect(TestSocket.read(socket, 3) == [1, 2, 3])
            #expect(clock.now - start >= .milliseconds(10))
        }
        close(socket)
    }

    @Test("more than a line holds goes through, because who sends waits")
    func backPressure() throws {
        let place = try Place(delay_ns: 1_000_000)
        defer { place.end() }
        let socket = try TestSocket.connect(to: place.path)
        let bytes = (0..<(3 * DelayLine.most_bytes)).map { UInt8(truncatingIfNeeded: $0 / 251) }
        Thread {
            TestSocket.send(bytes[...], to: socket)
            shutdown(socket, Int32(SHUT_WR))
        }.start()
        #expect(TestSocket.readAll(socket) == bytes)
        close(socket)
    }

    @Test("a client without a store, or one that goes away in the middle, harms no other")
    func reset() throws {
        let place = try Place(delay_ns: 1_000_000)
        defer { place.end() }
        let (leaver, stayer) = (
            try TestSocket.connect(to: place.path), try TestSocket.connect(to: place.path)
        )
        TestSocket.send([UInt8](repeating: 7, count: 100_000)[...], to: leaver)
        close(leaver)
        TestSocket.send([9], to: stayer)
        #expect(TestSocket.read(stayer, 1) == [9])
        close(stayer)
    }
}

extension RelayTests {
    @Test("a way that is cut tells nobody anything, and what was sent arrives when it is whole again")
    func cut() throws {
        let place = try Place(delay_ns: 0)
        defer { place.end() }
        let socket = try TestSocket.connect(to: place.path)
        TestSocket.send([1], to: socket)
        #expect(TestSocket.read(socket, 1) == [1])
        place.order { $0.enter(.hold) }
        TestSocket.send([2], to: socket)
        let newcomer = try TestSocket.connect(to: place.path)
        TestSocket.send([3], to: newcomer)
        for socket in [socket, newcomer] { #expect(!Readiness.isReadable(socket, within: 0.05)) }
        place.order { $0.enter(.pass) }
        #expect(TestSocket.read(socket, 1) == [2])
        #expect(TestSocket.read(newcomer, 1) == [3])
        for socket in [socket, newcomer] { close(socket) }
    }

    @Test("a way that is reset ends every connection and each new one, until it is whole again")
    func broken() throws {
        let place = try Place(delay_ns: 0)
        defer { place.end() }
        let socket = try TestSocket.connect(to: place.path)
        TestSocket.send([1], to: socket)
        #expect(TestSocket.read(socket, 1) == [1])
        place.order { $0.enter(.reset) }
        #expect(TestSocket.readAll(socket) == [])
        let newcomer = try TestSocket.connect(to: place.path)
        #expect(TestSocket.readAll(newcomer) == [])
        place.order { $0.enter(.pass) }
        let later = try TestSocket.connect(to: place.path)
        TestSocket.send([4], to: later)
        #expect(TestSocket.read(later, 1) == [4])
        for socket in [socket, newcomer, later] { close(socket) }
    }

    @Test("a way that leads elsewhere ends what there was, and new bytes go there")
    func elsewhere() throws {
        let place = try Place(delay_ns: 0)
        defer { place.end() }
        let other = place.folder.appendingPathComponent("other.sock").path
        let listener = try TestSocket.listen(at: other)
        let socket = try TestSocket.connect(to: place.path)
        TestSocket.send([1], to: socket)
        #expect(TestSocket.read(socket, 1) == [1])
        place.order { $0.lead(to: .unix(path: other)) }
        #expect(TestSocket.readAll(socket) == [])
        let later = try TestSocket.connect(to: place.path)
        TestSocket.send([5], to: later)
        let reached = accept(listener, nil, nil)
        #expect(TestSocket.read(reached, 1) == [5])
        for socket in [socket, later, reached, listener] { close(socket) }
    }

    @Test("an address is one word that reads as the same address, and nothing else does")
    func addresses() {
        for address in [StreamAddress.unix(path: "/tmp/a b:c"), .tcp(host: "::1", port: 6379)] {
            #expect(StreamAddress(name: address.name) == address)
        }
        for name in ["", "tcp:1", "tcp:x:host", "tcp:70000:host", "/tmp/x"] {
            #expect(StreamAddress(name: name) == nil)
        }
    }
}

/// Blocking sockets for tests.
private enum TestSocket {
    /// Makes a socket, and binds or connects it to a path.
    private static func make(
        _ path: String, _ join: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws -> Int32 {
        let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe join(made, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
        return made
    }

    static func listen(at path: String) throws -> Int32 {
        let listener = try unsafe make(path) { unsafe bind($0, $1, $2) }
        try #require(Glibc.listen(listener, 512) == 0)
        return listener
    }

    static func connect(to path: String) throws -> Int32 {
        try unsafe make(path) { unsafe Glibc.connect($0, $1, $2) }
    }

    /// Sends back what each client sends, until the test is over.
    static func echo(_ listener: Int32) {
        while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            Thread {
                while true {
                    let bytes = read(client, 65_536, exactly: false)
                    if bytes.isEmpty { break }
                    send(bytes[...], to: client)
                }
                close(client)
            }.start()
        }
    }

    static func send(_ bytes: ArraySlice<UInt8>, to socket: Int32) {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    static func read(_ socket: Int32, _ count: Int, exactly: Bool = true) -> [UInt8] {
        var (bytes, portion) = ([UInt8](), [UInt8](repeating: 0, count: count))
        repeat {
            let count = unsafe recv(socket, &portion, count - bytes.count, 0)
            guard count > 0 else { break }
            bytes += portion[..<count]
        } while exactly && bytes.count < count
        return bytes
    }

    static func readAll(_ socket: Int32) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let bytes = read(socket, 65_536, exactly: false)
            if bytes.isEmpty { return all }
            all += bytes
        }
    }
}
