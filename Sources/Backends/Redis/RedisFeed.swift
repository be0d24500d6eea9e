import Glibc

/// A subscription of one client, read without waiting, that knows how old the last word of the server is.
///
/// Messages and the answer to a PING come on one connection, in the order in which the server did what they speak of: so
/// when a PING has been answered, everything that the server published before it has arrived. What this client knows is as
/// of the moment at which the last answered PING was sent. Where that is too long ago, the next request waits for one.
package struct RedisFeed: ~Copyable {
    /// What a client must do with what it holds.
    package enum Event {
        /// All that was known may be wrong: the feed begins, or messages may have been lost.
        case restart
        /// Some texts, as published; or the names of keys that have changed.
        case message([[UInt8]])
    }

    private let endpoint: RedisEndpoint
    private let channel: String
    private let staleness_ns: UInt64
    private let timeout_ms: Int32
    private var connection: RedisConnection?
    private var pause: ReconnectPause
    /// The number of the connection at the server (CLIENT ID).
    package private(set) var clientID: Int64 = 0
    /// What was known at this moment is known here.
    private var asOf_ns: UInt64 = 0
    /// When the PING was sent that has not been answered; 0 for none.
    private var asked_ns: UInt64 = 0
    private var nextLook_ns: UInt64 = 0
    package private(set) var commandsSent = 0
    package private(set) var roundTrips = 0

    /// How seldom messages are looked for: it takes a system call, which costs more than a look at what is known.
    private static let pause_ns: UInt64 = 20_000

    /// - Parameters:
    ///   - channel: what to subscribe to.
    ///   - endpoint: where the server listens.
    ///   - staleness_ms: how old what is known may be.
    ///   - timeout_ms: how long a request waits for the server at most.
    package init(
        _ channel: String, at endpoint: RedisEndpoint, staleness_ms: Int64, timeout_ms: Int32 = 2000
    ) {
        self.endpoint = endpoint
        self.channel = channel
        staleness_ns = UInt64(max(1, staleness_ms)) * 1_000_000
        self.timeout_ms = timeout_ms
        pause = ReconnectPause { UInt64.random(in: $0) }
    }

    /// Takes up what has arrived, and makes sure that what is known is not too old; nothing is done a moment after the last look.
    ///
    /// - Parameter take: called for each event, in order.
    /// - Throws: `RedisError` where the server cannot be heard in time: what is known may be older than it may be.
    package mutating func catchUp(_ take: (Event) throws -> Void) throws {
        let now_ns = Self.now_ns()
        guard now_ns >= nextLook_ns else { return }
        nextLook_ns = now_ns + Self.pause_ns
        do {
            if connection == nil { try subscribe(take, at: now_ns) }
            while let reply = try connection?.pushed() { try note(reply, take) }
            if asked_ns == 0, now_ns - asOf_ns >= staleness_ns / 4 { try ask(at: now_ns) }
            // Nobody has asked for a while, or the server is slow: then this request waits.
            while now_ns - asOf_ns >= staleness_ns {
                if asked_ns == 0 { try ask(at: now_ns) }
                roundTrips += 1
                guard let reply = try connection?.pushed(within: timeout_ms) else {
                    throw RedisError.connection(operation: "hear from \(channel)", message: "timed out")
                }
                try note(reply, take)
            }
        } catch {
            restart()
            throw error
        }
    }

    /// Gives the connection up: whatever is sent while nobody listens is lost, so the next one begins with a restart.
    package mutating func restart() {
        connection = nil
        (asOf_ns, asked_ns, nextLook_ns) = (0, 0, 0)
    }

    @inline(__always)
    private static func now_ns() -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    private mutating func subscribe(_ take: (Event) throws -> Void, at now_ns: UInt64) throws {
        let left_ms = pause.begin(at: now_ns)
        guard left_ms == 0 else {
            throw RedisError.connection(
                operation: "connect to \(endpoint.name)",
                message: "it did not answer a moment ago; the next attempt is in \(left_ms) ms")
        }
        var fresh = try RedisConnection(endpoint, timeout_ms: Int(timeout_ms))
        clientID = try fresh.execute(RedisCommand("CLIENT", "ID")).integer ?? 0
        _ = try fresh.execute(RedisCommand("SUBSCRIBE", channel))
        commandsSent += 2
        roundTrips += 2
        connection = consume fresh
        pause.end()
        try take(.restart)
        (asOf_ns, asked_ns) = (now_ns, 0)
    }

    private mutating func ask(at now_ns: UInt64) throws {
        try connection?.tell(RedisCommand("PING"))
        commandsSent += 1
        asked_ns = now_ns
    }

    private mutating func note(_ reply: borrowing RedisReply, _ take: (Event) throws -> Void) throws {
        guard let push = reply.push else { throw RedisError.unexpectedReply(command: "SUBSCRIBE") }
        if push.kind.elementsEqual("pong".utf8) {
            (asOf_ns, asked_ns) = (asked_ns, 0)
        } else if push.kind.elementsEqual("message".utf8) {
            // A flush names no keys: all have changed.
            try take(push.texts.map { .message($0) } ?? .restart)
        }
    }
}
