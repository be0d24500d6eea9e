import CAuthBenchHiredis
import Dispatch
import Glibc

/// One connection to a Redis server; one per client, never shared between threads.
///
/// An error on a hiredis context stays on it, so the next command after one connects anew: at once where the server
/// had only closed the connection, and after a pause that grows from 10 ms to 1 s while no server answers
/// (`ReconnectPause`).
@safe package struct RedisConnection: ~Copyable {
    let endpoint: RedisEndpoint
    private let timeout: timeval
    private let now_ns: @Sendable () -> UInt64
    private var context: UnsafeMutablePointer<redisContext>
    /// Commands so far, each of them a request of its own to the server.
    package private(set) var commandsSent = 0
    /// How often a reply was waited for after something new had been sent: commands sent together are one round trip.
    package private(set) var roundTrips = 0
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
        unsafe context = try connected(endpoint, timeout)
    }

    deinit { unsafe redisFree(context) }

    /// The number of the socket.
    var descriptor: Int32 { unsafe context.pointee.fd }

    /// Sends a command and waits for its reply.
    ///
    /// - Parameters:
    ///   - command: the command.
    ///   - isRepeatable: whether doing it twice is as good as once. It is then sent again, once, when the connection
    ///     turns out to have been closed, as servers do with idle ones: whether they did it before is not known.
    /// - Returns: the reply.
    /// - Throws: `RedisError`, also for a reply that is an error.
    package mutating func execute(
        _ command: borrowing RedisCommand, isRepeatable: Bool = false
    ) throws(RedisError) -> RedisReply {
        // Replies that nobody read would be taken for that of this command, perhaps another user's.
        if unsafe context.pointee.err != 0 || unanswered > (hasPosted ? 1 : 0) { try reconnect() }
        do throws(RedisError) {
            try send(command)
            return try receive()
        } catch {
            guard isRepeatable, unsafe isClosed(context) else { throw error }
            try reconnect()
            try send(command)
            return try receive()
        }
    }

    /// Executes a script by its digest, and by its text where the server does not know it.
    ///
    /// So it is after a restart, a fail-over or `SCRIPT FLUSH`; nothing has been done then
    /// (https://redis.io/docs/latest/commands/evalsha/).
    package mutating func execute(
        _ command: borrowing RedisCommand, of script: RedisScript, isRepeatable: Bool = false
    ) throws(RedisError) -> RedisReply {
        do throws(RedisError) { return try execute(command, isRepeatable: isRepeatable) } catch {
            guard error.isUnknownScript else { throw error }
            return try execute(command.spelledOut(script), isRepeatable: isRepeatable)
        }
    }

    /// Puts a command into the output buffer; `receive` sends what is there.
    package mutating func send(_ command: borrowing RedisCommand) throws(RedisError) {
        if unsafe context.pointee.err != 0 { try reconnect() }
        try unsafe append(command, to: context)
        (commandsSent, unanswered, hasAsked) = (commandsSent + 1, unanswered + 1, true)
    }

    /// Waits for the reply to the oldest command sent.
    package mutating func receive() throws(RedisError) -> RedisReply {
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
        try unsafe flush(context)
        (hasPosted, hasAsked) = (true, false)
    }

    /// What became of the command last posted, once: the error it met, as far as its reply has been read.
    package mutating func takePostError() -> RedisError? {
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
        let reply = try unsafe nextReply(context, timeout)
        if let message = reply.error { throw .server(message: message) }
        pause.end()
        return reply
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
        let fresh = try unsafe connected(endpoint, timeout)
        unsafe redisFree(context)
        unsafe context = fresh
        unanswered = 0
    }
}

@unsafe private func append(
    _ command: borrowing RedisCommand, to context: UnsafeMutablePointer<redisContext>
) throws(RedisError) {
    let code = unsafe command.bytes.withUnsafeBytes { bytes in
        unsafe redisAppendFormattedCommand(context, bytes.baseAddress, bytes.count)
    }
    guard code == REDIS_OK else { throw unsafe failure("send a command", context) }
}

@unsafe private func flush(_ context: UnsafeMutablePointer<redisContext>) throws(RedisError) {
    var isDone: Int32 = 0
    repeat {
        guard unsafe redisBufferWrite(context, &isDone) == REDIS_OK else {
            throw unsafe failure("send a command", context)
        }
    } while isDone == 0
}

/// Sends what is still unsent and waits for the next reply.
///
/// The system's timeout is for each read, so that a server that drips would hold us for ever: a reply that has begun must
/// be there within the timeout too.
@unsafe private func nextReply(
    _ context: UnsafeMutablePointer<redisContext>, _ timeout: timeval
) throws(RedisError) -> RedisReply {
    var pointer: UnsafeMutableRawPointer?
    guard unsafe redisGetReplyFromReader(context, &pointer) == REDIS_OK else {
        throw unsafe failure("get a reply", context)
    }
    if let pointer = unsafe pointer {
        return unsafe RedisReply(pointer.assumingMemoryBound(to: redisReply.self))
    }
    try unsafe flush(context)
    var limit_ns: UInt64?
    while true {
        guard unsafe redisBufferRead(context) == REDIS_OK,
            unsafe redisGetReplyFromReader(context, &pointer) == REDIS_OK
        else { throw unsafe failure("get a reply", context) }
        if let pointer = unsafe pointer {
            return unsafe RedisReply(pointer.assumingMemoryBound(to: redisReply.self))
        }
        let now_ns = DispatchTime.now().uptimeNanoseconds
        let end_ns =
            limit_ns ?? now_ns + UInt64(timeout.tv_sec) * 1_000_000_000 + UInt64(timeout.tv_usec) * 1000
        guard now_ns < end_ns else {
            throw unsafe abandoned(context, "the reply did not end in time")
        }
        limit_ns = end_ns
    }
}

/// Gives a connection up, so that the next command connects anew.
@unsafe private func abandoned(
    _ context: UnsafeMutablePointer<redisContext>, _ message: String
) -> RedisError {
    unsafe context.pointee.err = REDIS_ERR_OTHER
    return .connection(operation: "get a reply", message: message)
}

@unsafe private func connected(
    _ endpoint: RedisEndpoint, _ timeout: timeval
) throws(RedisError) -> UnsafeMutablePointer<redisContext> {
    let context =
        switch endpoint.address {
        case .tcp(let host, let port): unsafe redisConnectWithTimeout(host, Int32(port), timeout)
        case .unix(let path): unsafe redisConnectUnixWithTimeout(path, timeout)
        }
    guard let context = unsafe context else {
        throw .connection(operation: "connect to \(endpoint.name)", message: "out of memory")
    }
    do throws(RedisError) {
        guard unsafe context.pointee.err == 0, unsafe redisSetTimeout(context, timeout) == REDIS_OK else {
            throw unsafe failure("connect to \(endpoint.name)", context)
        }
        if let password = endpoint.password {
            try unsafe arrange(RedisCommand("AUTH", password), timeout, on: context)
        }
        if endpoint.database != 0 {
            try unsafe arrange(RedisCommand("SELECT", String(endpoint.database)), timeout, on: context)
        }
    } catch {
        unsafe redisFree(context)
        throw error
    }
    return unsafe context
}

/// Carries out what must be done before a connection is used.
@unsafe private func arrange(
    _ command: borrowing RedisCommand, _ timeout: timeval, on context: UnsafeMutablePointer<redisContext>
) throws(RedisError) {
    try unsafe append(command, to: context)
    try unsafe flush(context)
    if let message = try unsafe nextReply(context, timeout).error { throw .server(message: message) }
}

/// Whether the server, or what lies between, has closed the connection; not where it only did not answer in time.
@unsafe private func isClosed(_ context: UnsafeMutablePointer<redisContext>) -> Bool {
    switch unsafe context.pointee.err {
    case REDIS_ERR_EOF: return true
    case REDIS_ERR_IO:
        let message = unsafe text(of: context)
        return [EPIPE, ECONNRESET].contains { unsafe message == String(cString: strerror($0)) }
    default: return false
    }
}

@unsafe private func text(of context: UnsafeMutablePointer<redisContext>) -> String {
    unsafe withUnsafeBytes(of: context.pointee.errstr) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

@unsafe private func failure(
    _ operation: String, _ context: UnsafeMutablePointer<redisContext>
) -> RedisError {
    let message = unsafe text(of: context)
    // hiredis reports a command that timed out as EAGAIN.
    let isTimeout = unsafe context.pointee.err == REDIS_ERR_IO && message == String(cString: strerror(EAGAIN))
    return .connection(operation: operation, message: isTimeout ? "timed out" : message)
}
