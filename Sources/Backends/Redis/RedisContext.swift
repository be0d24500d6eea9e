import CAuthBenchHiredis
import Dispatch
import Glibc

/// What a connection asks of hiredis.
extension RedisConnection {
    @unsafe static func append(
        _ command: borrowing RedisCommand, to context: UnsafeMutablePointer<redisContext>
    ) throws(RedisError) {
        let code = unsafe command.bytes.withUnsafeBytes { bytes in
            unsafe redisAppendFormattedCommand(context, bytes.baseAddress, bytes.count)
        }
        guard code == REDIS_OK else { throw unsafe failure("send a command", context) }
    }

    @unsafe static func flush(_ context: UnsafeMutablePointer<redisContext>) throws(RedisError) {
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
    @unsafe static func nextReply(
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
    @unsafe static func abandoned(
        _ context: UnsafeMutablePointer<redisContext>, _ message: String
    ) -> RedisError {
        unsafe context.pointee.err = REDIS_ERR_OTHER
        return .connection(operation: "get a reply", message: message)
    }

    @unsafe static func connected(
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
                let login =
                    endpoint.user.map { RedisCommand("AUTH", $0, password) } ?? RedisCommand("AUTH", password)
                try unsafe arrange(login, timeout, on: context)
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
    @unsafe static func arrange(
        _ command: borrowing RedisCommand, _ timeout: timeval, on context: UnsafeMutablePointer<redisContext>
    ) throws(RedisError) {
        try unsafe append(command, to: context)
        try unsafe flush(context)
        if let message = try unsafe nextReply(context, timeout).error { throw .server(message: message) }
    }

    /// Whether the server, or what lies between, has closed the connection; not where it only did not answer in time.
    @unsafe static func isClosed(_ context: UnsafeMutablePointer<redisContext>) -> Bool {
        switch unsafe context.pointee.err {
        case REDIS_ERR_EOF: return true
        case REDIS_ERR_IO:
            let message = unsafe text(of: context)
            return [EPIPE, ECONNRESET].contains { unsafe message == String(cString: strerror($0)) }
        default: return false
        }
    }

    @unsafe static func text(of context: UnsafeMutablePointer<redisContext>) -> String {
        unsafe withUnsafeBytes(of: context.pointee.errstr) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    @unsafe static func failure(
        _ operation: String, _ context: UnsafeMutablePointer<redisContext>
    ) -> RedisError {
        let message = unsafe text(of: context)
        // hiredis reports a command that timed out as EAGAIN.
        let isTimeout =
            unsafe context.pointee.err == REDIS_ERR_IO && message == String(cString: strerror(EAGAIN))
        return .connection(operation: operation, message: isTimeout ? "timed out" : message)
    }
}
