import CHiredis
import Glibc

/// One connection to a Redis server; one per client, never shared between threads.
///
/// An error on a hiredis context stays on it, so the next command after one connects anew.
@safe package struct RedisConnection: ~Copyable {
    let endpoint: RedisEndpoint
    private let timeout: timeval
    private var context: UnsafeMutablePointer<redisContext>
    /// Commands so far, each of them a request of its own to the server.
    package private(set) var commandsSent = 0

    /// Connects and selects the database.
    ///
    /// - Parameters:
    ///   - endpoint: where the server listens.
    ///   - timeout_ms: for connecting, and for each command.
    /// - Throws: `RedisError` when nothing, or no Redis server, answers there.
    package init(_ endpoint: RedisEndpoint, timeout_ms: Int = 2000) throws(RedisError) {
        self.endpoint = endpoint
        timeout = timeval(tv_sec: timeout_ms / 1000, tv_usec: timeout_ms % 1000 * 1000)
        unsafe context = try connected(endpoint, timeout)
    }

    deinit { unsafe redisFree(context) }

    /// The number of the socket.
    var descriptor: Int32 { unsafe context.pointee.fd }

    /// Sends a command and waits for its reply.
    package mutating func execute(_ command: borrowing RedisCommand) throws(RedisError) -> RedisReply {
        try send(command)
        return try receive()
    }

    /// Puts a command into the output buffer; `receive` sends what is there.
    package mutating func send(_ command: borrowing RedisCommand) throws(RedisError) {
        if unsafe context.pointee.err != 0 {
            let fresh = try unsafe connected(endpoint, timeout)
            unsafe redisFree(context)
            unsafe context = fresh
        }
        commandsSent += 1
        try unsafe append(command, to: context)
    }

    /// Waits for the reply to the oldest command sent.
    package mutating func receive() throws(RedisError) -> RedisReply {
        try unsafe nextReply(context)
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

@unsafe private func nextReply(
    _ context: UnsafeMutablePointer<redisContext>
) throws(RedisError) -> RedisReply {
    var pointer: UnsafeMutableRawPointer?
    guard unsafe redisGetReply(context, &pointer) == REDIS_OK, let pointer = unsafe pointer else {
        throw unsafe failure("get a reply", context)
    }
    let reply = unsafe RedisReply(pointer.assumingMemoryBound(to: redisReply.self))
    if let message = reply.error { throw .server(message: message) }
    return reply
}

@unsafe private func connected(
    _ endpoint: RedisEndpoint, _ timeout: timeval
) throws(RedisError) -> UnsafeMutablePointer<redisContext> {
    let (name, context) =
        switch endpoint.address {
        case .tcp(let host, let port):
            unsafe ("\(host):\(port)", redisConnectWithTimeout(host, Int32(port), timeout))
        case .unix(let path): unsafe (path, redisConnectUnixWithTimeout(path, timeout))
        }
    guard let context = unsafe context else {
        throw .connection(operation: "connect to \(name)", message: "out of memory")
    }
    do throws(RedisError) {
        guard unsafe context.pointee.err == 0, unsafe redisSetTimeout(context, timeout) == REDIS_OK else {
            throw unsafe failure("connect to \(name)", context)
        }
        if endpoint.database != 0 {
            try unsafe append(RedisCommand("SELECT", String(endpoint.database)), to: context)
            _ = try unsafe nextReply(context)
        }
    } catch {
        unsafe redisFree(context)
        throw error
    }
    return unsafe context
}

@unsafe private func failure(
    _ operation: String, _ context: UnsafeMutablePointer<redisContext>
) -> RedisError {
    let message = unsafe withUnsafeBytes(of: context.pointee.errstr) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    // hiredis reports a command that timed out as EAGAIN.
    let isTimeout = unsafe context.pointee.err == REDIS_ERR_IO && message == String(cString: strerror(EAGAIN))
    return .connection(operation: operation, message: isTimeout ? "timed out" : message)
}
