import CAuthBenchHiredis
import Dispatch
import Glibc

/// A way to the keys of Redis, over one connection to a server or several to the nodes of a cluster; one per client.
public protocol RedisLine: ~Copyable {
    /// Commands so far.
    var commandsSent: Int { get }
    /// How often a reply was waited for after something new had been sent.
    var roundTrips: Int { get }
    /// Grows with each connection that is made anew: what a server knew of the one before is gone.
    var connections: Int { get }

    /// Says that the commands from now on are about keys that begin so.
    mutating func turn(to key: [UInt8])

    /// Sends a command and waits for its reply; one that is repeatable may be done twice.
    mutating func execute(
        _ command: borrowing RedisCommand, isRepeatable: Bool
    ) throws(RedisError) -> RedisReply

    /// Executes a script by its digest, and waits until so many replicas have what it wrote.
    mutating func execute(
        _ command: borrowing RedisCommand, of script: RedisScript, isRepeatable: Bool, replicas: Int
    ) throws(RedisError) -> RedisReply

    /// Sends a script's command without waiting where that can be done; its error may be kept for `takePostError`.
    mutating func post(_ command: borrowing RedisCommand, of script: RedisScript) throws(RedisError)
    mutating func takePostError() -> RedisError?

    /// Sends a command; its reply is that of a later `receive`, in the order of the commands.
    mutating func send(_ command: borrowing RedisCommand) throws(RedisError)
    mutating func receive() throws(RedisError) -> RedisReply

    /// Waits until so many replicas have all that was written.
    mutating func wait(forReplicas wanted: Int) throws(RedisError)
}

/// One connection to a Redis server; one per client, never shared between threads.
///
/// An error on a hiredis context stays on it, so the next command after one connects anew: at once where the server
/// had only closed the connection, and after a pause that grows from 10 ms to 1 s while no server answers
/// (`ReconnectPause`).
@safe public struct RedisConnection: RedisLine, ~Copyable {
    let endpoint: RedisEndpoint
    private let timeout: timeval
    private let now_ns: @Sendable () -> UInt64
    private var context: UnsafeMutablePointer<redisContext>
    /// Commands so far, each of them a request of its own to the server.
    public private(set) var commandsSent = 0
    /// How often it has connected: what the server knows of a connection is gone with it.
    public private(set) var connections = 1
    /// How often a reply was waited for after something new had been sent: commands sent together are one round trip.
    public private(set) var roundTrips = 0
    /// Commands whose replies have not been read.
    private var unanswered = 0
    /// Whether the oldest of them is one that nobody waits for, and whether any is newer than the last round trip.
    private var (hasPosted, hasAsked) = (false, false)
    private var postError: RedisError?
    private var pause: ReconnectPause

    /// Connects and selects the database.
    ///
    /// - Parameters:
    ///   - endpoint: where the server listens.
    ///   - timeout_ms: for connecting, and for each command.
    ///   - now_ns: a clock that only goes on, for the pauses between attempts to connect anew.
    ///   - random: draws how long each of them is.
    /// - Throws: `RedisError` when nothing, or no Redis server, answers there.
    package init(
        _ endpoint: RedisEndpoint, timeout_ms: Int = 2000,
        now_ns: @escaping @Sendable () -> UInt64 = { DispatchTime.now().uptimeNanoseconds },
        random: @escaping ReconnectPause.Random = { UInt64.random(in: $0) }
    ) throws(RedisError) {
        Signals.ignoreBrokenPipes()
        self.endpoint = endpoint
        self.now_ns = now_ns
        pause = ReconnectPause(random)
        timeout = timeval(tv_sec: timeout_ms / 1000, tv_usec: timeout_ms % 1000 * 1000)
        unsafe context = try Self.connected(endpoint, timeout)
    }

    deinit { unsafe redisFree(context) }

    /// The number of the socket.
    var descriptor: Int32 { unsafe context.pointee.fd }

    /// It has all keys.
    public mutating func turn(to key: [UInt8]) {}

    /// Sends a command and waits for its reply.
    ///
    /// - Parameters:
    ///   - command: the command.
    ///   - isRepeatable: whether doing it twice is as good as once. It is then sent again, once, when the connection
    ///     turns out to have been closed, as servers do with idle ones: whether they did it before is not known.
    /// - Returns: the reply.
    /// - Throws: `RedisError`, also for a reply that is an error.
    public mutating func execute(
        _ command: borrowing RedisCommand, isRepeatable: Bool = false
    ) throws(RedisError) -> RedisReply {
        try execute(command, isRepeatable, replicas: 0)
    }

    private mutating func execute(
        _ command: borrowing RedisCommand, _ isRepeatable: Bool, replicas: Int
    ) throws(RedisError) -> RedisReply {
        // Replies that nobody read would be taken for that of this command, perhaps another user's.
        if unsafe context.pointee.err != 0 || unanswered > (hasPosted ? 1 : 0) { try reconnect() }
        do throws(RedisError) { return try ask(command, replicas) } catch {
            guard isRepeatable, unsafe Self.isClosed(context) else { throw error }
            try reconnect()
            return try ask(command, replicas)
        }
    }

    /// Sends a command and, in the same round trip, that it is to be waited for replicas.
    @inline(__always)
    private mutating func ask(
        _ command: borrowing RedisCommand, _ replicas: Int
    ) throws(RedisError) -> RedisReply {
        try send(command)
        guard replicas > 0 else { return try receive() }
        try send(RedisCommand.wait(forReplicas: replicas))
        let reply: RedisReply
        do throws(RedisError) { reply = try receive() } catch {
            // What answers WAIT must not be taken for the reply to the next command.
            if case .server = error { _ = try receive() }
            throw error
        }
        try Self.check(try receive(), replicas)
        return reply
    }

    /// Nobody knows what a failover would bring back, where fewer replicas have the last write.
    private static func check(_ reply: borrowing RedisReply, _ wanted: Int) throws(RedisError) {
        let count = reply.integer ?? 0
        guard count >= wanted else {
            throw .server(message: "NOREPLICAS only \(count) of \(wanted) replicas have the last write")
        }
    }

    public mutating func wait(forReplicas wanted: Int) throws(RedisError) {
        // On another connection it would wait for nothing.
        try Self.check(try execute(RedisCommand.wait(forReplicas: wanted)), wanted)
    }

    /// Executes a script by its digest, and by its text where the server does not know it.
    ///
    /// So it is after a restart, a fail-over or `SCRIPT FLUSH`; nothing has been done then
    /// (https://redis.io/docs/latest/commands/evalsha/).
    public mutating func execute(
        _ command: borrowing RedisCommand, of script: RedisScript, isRepeatable: Bool = false,
        replicas: Int = 0
    ) throws(RedisError) -> RedisReply {
        do throws(RedisError) { return try execute(command, isRepeatable, replicas: replicas) } catch {
            guard error.isUnknownScript else { throw error }
            return try execute(command.spelledOut(script), isRepeatable, replicas: replicas)
        }
    }

    /// Puts a command into the output buffer; `receive` sends what is there.
    public mutating func send(_ command: borrowing RedisCommand) throws(RedisError) {
        if unsafe context.pointee.err != 0 { try reconnect() }
        try unsafe Self.append(command, to: context)
        (commandsSent, unanswered, hasAsked) = (commandsSent + 1, unanswered + 1, true)
    }

    /// Waits for the reply to the oldest command sent.
    public mutating func receive() throws(RedisError) -> RedisReply {
        if hasAsked { roundTrips += 1 }
        hasAsked = false
        if hasPosted { try receivePosted() }
        return try receiveNext()
    }

    // MARK: Commands that nobody waits for

    /// Sends a command without waiting: its reply is read before that of the next command, and an error kept for
    /// `takePostError`.
    package mutating func post(_ command: borrowing RedisCommand) throws(RedisError) {
        if hasPosted { try receivePosted() }
        if unanswered > 0 { try reconnect() }
        try send(command)
        try unsafe Self.flush(context)
        (hasPosted, hasAsked) = (true, false)
    }

    /// A script that the server does not know is an error for `takePostError` too.
    public mutating func post(
        _ command: borrowing RedisCommand, of script: RedisScript
    ) throws(RedisError) { try post(command) }

    /// What became of the command last posted, once: the error it met, as far as its reply has been read.
    public mutating func takePostError() -> RedisError? {
        guard postError != nil else { return nil }
        return postError.take()
    }

    private mutating func receivePosted() throws(RedisError) {
        hasPosted = false
        do throws(RedisError) { _ = try receiveNext() } catch {
            postError = error
            if case .connection = error { throw error }
        }
    }

    private mutating func receiveNext() throws(RedisError) -> RedisReply {
        unanswered &-= 1
        let reply = try unsafe Self.nextReply(context, timeout)
        if let message = reply.error { throw .server(message: message) }
        pause.end()
        return reply
    }

    // MARK: What a server sends by itself

    /// Sends a command on a connection that is subscribed; its reply comes among what `pushed` gives.
    ///
    /// - Throws: `RedisError` where the connection is closed: a new one would not be subscribed.
    package mutating func tell(_ command: borrowing RedisCommand) throws(RedisError) {
        guard unsafe context.pointee.err == 0 else {
            throw .connection(operation: "send a command", message: "the connection was closed")
        }
        try unsafe Self.append(command, to: context)
        try unsafe Self.flush(context)
        commandsSent += 1
    }

    /// The next thing that the server has sent.
    ///
    /// - Parameter wait_ms: how long to wait for one.
    /// - Returns: `nil` where there is none.
    /// - Throws: `RedisError` where the connection is closed.
    package mutating func pushed(within wait_ms: Int32 = 0) throws(RedisError) -> RedisReply? {
        var pointer: UnsafeMutableRawPointer?
        while true {
            guard unsafe redisGetReplyFromReader(context, &pointer) == REDIS_OK else {
                throw unsafe Self.failure("get a message", context)
            }
            if let pointer = unsafe pointer {
                return unsafe RedisReply(pointer.assumingMemoryBound(to: redisReply.self))
            }
            var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&readable, 1, wait_ms) > 0 else { return nil }
            guard unsafe redisBufferRead(context) == REDIS_OK else {
                throw unsafe Self.failure("get a message", context)
            }
        }
    }

    // MARK: Connecting anew

    private mutating func reconnect() throws(RedisError) {
        if hasPosted {
            hasPosted = false
            postError = .connection(operation: "get a reply", message: "the connection was closed")
        }
        let left_ms = pause.begin(at: now_ns())
        guard left_ms == 0 else {
            throw .connection(
                operation: "connect to \(endpoint.name)",
                message: "it did not answer a moment ago; the next attempt is in \(left_ms) ms")
        }
        let fresh = try unsafe Self.connected(endpoint, timeout)
        unsafe redisFree(context)
        unsafe context = fresh
        unanswered = 0
        connections += 1
    }
}
