import Dispatch
import Glibc

/// One connection to an HTTP/1.1 server, kept alive; one per client, never shared between threads.
///
/// While no server answers, the pauses between attempts to connect grow as those of Redis do (`ReconnectPause`).
package struct HTTPConnection: ~Copyable {
    private let address: HTTPAddress
    private let trust: TLSTrust?
    /// After how many requests it begins anew; `nil` for never.
    private let requestsPerConnection: Int?
    private let timeout_ms: Int
    /// Below 0 where there is none.
    private var socket: Int32
    private var session: TLSSession?
    /// Requests sent over this connection.
    private var requests = 0
    private var message = HTTPMessage(.response)
    private var output: [UInt8] = []
    private var pause = ReconnectPause { UInt64.random(in: $0) }
    /// Requests sent so far; each answer is waited for.
    package private(set) var exchanges = 0

    /// Connects.
    ///
    /// - Parameters:
    ///   - address: where the server listens.
    ///   - trust: for a server behind TLS; without it, such a one is refused.
    ///   - requestsPerConnection: after how many requests it connects anew, within the next one's time; `nil` for never.
    ///   - timeout_ms: for connecting, and for each answer to begin and to end.
    /// - Throws: `HTTPError` when nothing listens there.
    package init(
        _ address: HTTPAddress, trust: TLSTrust? = nil, requestsPerConnection: Int? = nil,
        timeout_ms: Int = 2000
    ) throws(HTTPError) {
        Signals.ignoreBrokenPipes()
        let (socket, session) = try opened(address, trust, timeout_ms)
        (self.address, self.trust, self.timeout_ms) = (address, trust, timeout_ms)
        (self.socket, self.session) = (socket, session)
        self.requestsPerConnection = requestsPerConnection
    }

    deinit { if socket >= 0 { finish(socket, session) } }

    /// Of its socket; `nil` while there is none.
    var descriptor: Int32? { socket >= 0 ? socket : nil }

    /// The two ends of the connection as numeric addresses.
    package var topology: ServerTopology? {
        ServerTopology(
            address.stream, peer: SocketAddress.peer(of: socket), local: SocketAddress.local(of: socket))
    }

    /// Sends a request and waits for its answer, which `withAnswer` then hands over.
    ///
    /// - Parameters:
    ///   - head: all of the request up to and with `Content-Length: `.
    ///   - body: what follows the head.
    ///   - isRepeatable: whether doing it twice is as good as once. It is then sent again, once, when the connection
    ///     turns out to have been closed, as servers do with idle ones.
    /// - Returns: the status.
    /// - Throws: `HTTPError`; the next request connects anew where the connection is at fault.
    package mutating func exchange(
        head: [UInt8], body: [UInt8], isRepeatable: Bool
    ) throws(HTTPError) -> Int {
        try exchange(isRepeatable: isRepeatable) { output in
            output.append(contentsOf: head)
            output.append(decimal: UInt64(body.count))
            output.append("\r\n\r\n")
            output.append(contentsOf: body)
        }
    }

    /// The same for a request that is written into memory which is used again.
    package mutating func exchange(
        isRepeatable: Bool, _ write: (inout [UInt8]) -> Void
    ) throws(HTTPError) -> Int {
        output.removeAll(keepingCapacity: true)
        write(&output)
        if let requestsPerConnection, requests >= requestsPerConnection { drop() }
        // Servers close idle connections, and what must not be sent twice cannot find that out by sending it.
        if !isRepeatable, socket >= 0, StreamSocket.isClosed(socket) { drop() }
        let isFresh = socket < 0
        if isFresh { try reconnect() }
        do throws(HTTPError) { try send() } catch {
            drop()
            guard isRepeatable, !isFresh, error == closed else { throw error }
            try reconnect()
            do throws(HTTPError) { try send() } catch {
                drop()
                throw error
            }
        }
        pause.end()
        if message.closes { drop() }
        return message.status
    }

    /// Hands over the last answer.
    package func withAnswer<Result, Failure: Error>(
        _ take: (borrowing HTTPMessage) throws(Failure) -> Result
    ) throws(Failure) -> Result { try take(message) }

    /// What a connection shows that the server had closed before it took the request.
    private var closed: HTTPError { unanswered("the server closed the connection") }

    private func unanswered(_ message: String) -> HTTPError {
        .connection(operation: "get an answer from \(address.authority)", message: message)
    }

    private func limit_ns(from now_ns: UInt64) -> UInt64 { now_ns + UInt64(timeout_ms) * 1_000_000 }

    private mutating func send() throws(HTTPError) {
        (exchanges, requests) = (exchanges + 1, requests + 1)
        message.clear()
        session?.limit_ns = limit_ns(from: DispatchTime.now().uptimeNanoseconds)
        var sent = 0
        while sent < output.count {
            let count = unsafe output.withUnsafeBytes { [socket, session] bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[sent...])
                guard let session else {
                    return unsafe Glibc.send(socket, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                }
                return unsafe session.send(rest)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("send a request to \(address.authority)", errno) }
            sent += count
        }
        var end_ns: UInt64?
        while true {
            let count = message.receive(from: socket, session)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("get an answer from \(address.authority)", errno) }
            guard count > 0 else {
                if message.takeRest() { break }
                throw end_ns == nil ? closed : unanswered("the connection ended within one")
            }
            if try isWhole() { break }
            // The system's timeout is for each read: a server that drips would hold us for ever.
            let now_ns = DispatchTime.now().uptimeNanoseconds
            let limit_ns = end_ns ?? limit_ns(from: now_ns)
            guard now_ns < limit_ns else { throw unanswered("it did not end in time") }
            end_ns = limit_ns
            session?.limit_ns = limit_ns
        }
        guard message.excess == 0 else {
            throw .malformed("more than one answer to one request (\(address.authority))")
        }
    }

    private mutating func isWhole() throws(HTTPError) -> Bool {
        do throws(HTTPError) { return try message.isWhole() } catch {
            guard case .malformed(let reason) = error else { throw error }
            throw .malformed("\(reason) (\(address.authority))")
        }
    }

    private func failure(_ operation: String, _ number: Int32) -> HTTPError {
        switch number {
        case EAGAIN: .connection(operation: operation, message: "timed out")
        case ECONNRESET, EPIPE: closed
        default: .connection(operation: operation, message: SystemError.text(number))
        }
    }

    private mutating func drop() {
        if socket >= 0 { finish(socket, session) }
        (socket, session, requests) = (-1, nil, 0)
    }

    private mutating func reconnect() throws(HTTPError) {
        let left_ms = pause.begin(at: DispatchTime.now().uptimeNanoseconds)
        guard left_ms == 0 else {
            throw .connection(
                operation: "connect to \(address.authority)",
                message: "it did not answer a moment ago; the next attempt is in \(left_ms) ms")
        }
        (socket, session) = try opened(address, trust, timeout_ms)
    }
}

/// Connects, and shakes hands where the address says so.
private func opened(
    _ address: HTTPAddress, _ trust: TLSTrust?, _ timeout_ms: Int
) throws(HTTPError) -> (Int32, TLSSession?) {
    guard !address.isSecure || trust != nil else {
        throw .untrusted("\(address.url) needs TLS, for which nobody is trusted here")
    }
    let socket = try connected(address.stream, address.authority, timeout_ms)
    guard address.isSecure, let trust else { return (socket, nil) }
    let limit_ns = DispatchTime.now().uptimeNanoseconds + UInt64(timeout_ms) * 1_000_000
    do throws(HTTPError) {
        return (socket, try TLSSession(trust, over: socket, to: address.host, limit_ns: limit_ns))
    } catch {
        close(socket)
        throw error
    }
}

/// Says goodbye before the socket is gone.
private func finish(_ socket: Int32, _ session: consuming TLSSession?) {
    session?.end()
    close(socket)
}

/// Connects without ever waiting longer than allowed; reads and writes wait as long too.
func connected(
    _ address: StreamAddress, _ name: String, _ timeout_ms: Int
) throws(HTTPError) -> Int32 {
    let operation = "connect to \(name)"
    let socket: Int32
    do throws(FileError) { socket = try StreamSocket.connect(to: address) } catch {
        throw .connection(operation: operation, message: error.reason)
    }
    var one = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    var (result, number) = (unsafe poll(&one, 1, Int32(timeout_ms)), Int32(0))
    while result < 0, errno == EINTR { result = unsafe poll(&one, 1, Int32(timeout_ms)) }
    var size = socklen_t(MemoryLayout<Int32>.size)
    unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size)
    guard result > 0, number == 0 else {
        close(socket)
        throw .connection(operation: operation, message: result > 0 ? SystemError.text(number) : "timed out")
    }
    StreamSocket.makePrompt(socket)
    _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK)
    StreamSocket.limit(socket, each_ms: timeout_ms)
    return socket
}

extension [UInt8] {
    /// Appends a number in decimal digits, without memory of its own.
    package mutating func append(decimal number: UInt64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var (count, rest) = (0, number)
        repeat {
            digits[count] = UInt8(ascii: "0") + UInt8(rest % 10)
            (count, rest) = (count + 1, rest / 10)
        } while rest > 0
        for index in stride(from: count - 1, through: 0, by: -1) { append(digits[index]) }
    }

    package mutating func append(decimal number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        append(decimal: number.magnitude)
    }

    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(contentsOf: $0) }
    }

    /// Appends all bytes at once.
    package mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }
}

extension Hasher {
    /// Feeds all bytes at once.
    package mutating func combine(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe combine(bytes: $0) }
    }
}
extension StoreRoundTrips {
    /// Sends a request again and again that any server answers, and an authority with 401; the first ones are not counted.
    ///
    /// - Throws: `HTTPError` when the server does not answer.
    package init(
        over connection: inout HTTPConnection, warmUp: Int = 100, count: Int = 1000,
        limit_ns: UInt64 = 500_000_000
    ) throws(HTTPError) {
        let head = Array("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ".utf8)
        self = try Self(warmUp: warmUp, count: count, limit_ns: limit_ns) { () throws(HTTPError) in
            _ = try connection.exchange(head: head, body: [], isRepeatable: true)
        }
    }
}
