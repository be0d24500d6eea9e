import Dispatch
import Glibc

/// Where a server listens, and under which path: `http://host:port/path`.
package struct HTTPAddress: Sendable, Equatable {
    package var host: String
    package var port: UInt16
    /// Without a final slash; empty for the root.
    package var path: String

    /// - Returns: `nil` for another scheme, no port, or a character that no host or path here has.
    package init?(url: String) {
        guard url.hasPrefix("http://"), !url.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) else {
            return nil
        }
        let rest = url.dropFirst("http://".count)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        let parts = rest[..<end].split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let port = UInt16(parts[1]), port > 0 else { return nil }
        (host, self.port) = (String(parts[0]), port)
        path = String(rest[end...])
        while path.hasSuffix("/") { path.removeLast() }
    }

    package var authority: String { "\(host):\(port)" }
    package var url: String { "http://\(authority)\(path)" }
    package var stream: StreamAddress { .tcp(host: host, port: port) }
}

/// One connection to an HTTP/1.1 server, kept alive; one per client, never shared between threads.
///
/// While no server answers, the pauses between attempts to connect grow as those of Redis do (`ReconnectPause`).
package struct HTTPConnection: ~Copyable {
    private let address: StreamAddress
    private let name: String
    private let timeout_ms: Int
    /// Below 0 where there is none.
    private var socket: Int32
    private var message = HTTPMessage(.response)
    private var output: [UInt8] = []
    private var pause = ReconnectPause { UInt64.random(in: $0) }
    /// Requests sent so far; each answer is waited for.
    package private(set) var exchanges = 0

    /// Connects.
    ///
    /// - Parameters:
    ///   - address: where the server listens.
    ///   - timeout_ms: for connecting, and for each answer to begin and to end.
    /// - Throws: `HTTPError` when nothing listens there.
    package init(_ address: HTTPAddress, timeout_ms: Int = 2000) throws(HTTPError) {
        Signals.ignoreBrokenPipes()
        let socket = try connected(address.stream, address.authority, timeout_ms)
        (self.address, name, self.timeout_ms) = (address.stream, address.authority, timeout_ms)
        self.socket = socket
    }

    deinit { if socket >= 0 { close(socket) } }

    /// The two ends of the connection as numeric addresses.
    package var topology: ServerTopology? {
        ServerTopology(address, peer: SocketAddress.peer(of: socket), local: SocketAddress.local(of: socket))
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
        let isFresh = socket < 0
        if isFresh { try reconnect() }
        do throws(HTTPError) { try send() } catch {
            drop()
            guard isRepeatable, !isFresh, error == Self.closed else { throw error }
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
    private static let closed = HTTPError.connection(
        operation: "get an answer", message: "the server closed the connection")

    private mutating func send() throws(HTTPError) {
        exchanges += 1
        message.clear()
        var sent = 0
        while sent < output.count {
            let count = unsafe output.withUnsafeBytes { [socket] bytes in
                unsafe Glibc.send(
                    socket, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("send a request", errno) }
            sent += count
        }
        var limit_ns: UInt64?
        while true {
            let count = message.receive(from: socket)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("get an answer", errno) }
            guard count > 0 else {
                if message.takeRest() { break }
                throw limit_ns == nil
                    ? Self.closed
                    : .connection(operation: "get an answer", message: "the connection ended within one")
            }
            if try message.isWhole() { break }
            // The system's timeout is for each read: a server that drips would hold us for ever.
            let now_ns = DispatchTime.now().uptimeNanoseconds
            let end_ns = limit_ns ?? now_ns + UInt64(timeout_ms) * 1_000_000
            guard now_ns < end_ns else {
                throw .connection(operation: "get an answer", message: "it did not end in time")
            }
            limit_ns = end_ns
        }
        guard message.excess == 0 else { throw .malformed("more than one answer to one request") }
    }

    private static func failure(_ operation: String, _ number: Int32) -> HTTPError {
        switch number {
        case EAGAIN: .connection(operation: operation, message: "timed out")
        case ECONNRESET, EPIPE: closed
        default: .connection(operation: operation, message: SystemError.text(number))
        }
    }

    private mutating func drop() {
        if socket >= 0 { close(socket) }
        socket = -1
    }

    private mutating func reconnect() throws(HTTPError) {
        let left_ms = pause.begin(at: DispatchTime.now().uptimeNanoseconds)
        guard left_ms == 0 else {
            throw .connection(
                operation: "connect to \(name)",
                message: "it did not answer a moment ago; the next attempt is in \(left_ms) ms")
        }
        socket = try connected(address, name, timeout_ms)
    }
}

/// Connects without ever waiting longer than allowed; reads and writes wait as long too.
private func connected(
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
    var time = timeval(tv_sec: timeout_ms / 1000, tv_usec: timeout_ms % 1000 * 1000)
    let time_bytes = socklen_t(MemoryLayout<timeval>.size)
    unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, time_bytes)
    unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, time_bytes)
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
