import Dispatch
import Glibc

/// Answers the requests of one connection, one after the other on one thread.
package protocol HTTPHandler {
    /// - Parameters:
    ///   - request: a whole one.
    ///   - response: a 200 without a body, to be filled in.
    mutating func answer(_ request: borrowing HTTPMessage, with response: inout HTTPResponse)
}

/// What a server answers; its memory is used again.
///
/// It has no `Date` of its own: for an authority, requests say what time it is. Who has a clock adds one.
package struct HTTPResponse {
    package var status = 200
    package var type: StaticString = "application/json"
    /// Whole lines with their ends, beside those that every answer has.
    package var fields: [UInt8] = []
    package var body: [UInt8] = []

    package init() {}

    fileprivate mutating func begin() {
        (status, type) = (200, "application/json")
        fields.removeAll(keepingCapacity: true)
        body.removeAll(keepingCapacity: true)
    }

    /// Puts the whole answer into an array.
    fileprivate func write(to output: inout [UInt8], closes: Bool, hasBody: Bool = true) {
        output.removeAll(keepingCapacity: true)
        output.append("HTTP/1.1 ")
        output.append(decimal: UInt64(status))
        output.append(status == 200 ? " OK\r\n" : " \r\n")
        // What has no content says nothing of it (RFC 9110 section 8.6).
        let isEmpty = status == 204
        if !isEmpty {
            output.append("Content-Type: ")
            output.append(type)
            output.append("\r\n")
        }
        // Whatever is said of a credential must not be kept by anything on the way (RFC 9111 section 5.2.2.5).
        output.append("Cache-Control: no-store\r\n")
        output.append(contentsOf: fields)
        if closes { output.append("Connection: close\r\n") }
        if !isEmpty {
            output.append("Content-Length: ")
            output.append(decimal: UInt64(body.count))
            output.append("\r\n")
        }
        output.append("\r\n")
        if hasBody, !isEmpty { output.append(contentsOf: body) }
    }
}

/// An HTTP/1.1 server on a port of 127.0.0.1, with a thread for each connection, which waits for its requests.
///
/// As each client has a connection of its own, this is the model of the clients turned round.
package final class HTTPServer: Sendable {
    package typealias MakeHandler = @Sendable () -> any HTTPHandler

    package let port: UInt16
    private let listener: Int32
    private let patience: Patience

    /// How long a connection may take for what; `nil` for ever.
    package struct Patience: Sendable {
        /// Until the next request begins, and for each answer to be taken.
        package var idle_s: Int?
        /// For a whole request, from its first byte.
        package var request_s: Int?

        package init(idle_s: Int? = nil, request_s: Int? = nil) {
            (self.idle_s, self.request_s) = (idle_s, request_s)
        }
    }

    /// Listens; who connects waits for `run`.
    ///
    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - patience: with those who connect.
    /// - Throws: `FileError` when it cannot listen.
    package init(port: UInt16, patience: Patience = Patience()) throws(FileError) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        // Connections of a server that was here before may not be quite over.
        unsafe setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard socket >= 0, LoopbackPort.bind(socket, to: port) == 0, Glibc.listen(socket, SOMAXCONN) == 0,
            let taken = LoopbackPort.number(of: socket)
        else {
            let number = errno
            if socket >= 0 { close(socket) }
            throw FileError("127.0.0.1:\(port)", "cannot be listened at", number)
        }
        (listener, self.port, self.patience) = (socket, taken, patience)
    }

    deinit { close(listener) }

    /// Takes connections until `stop`; connections that there are go on.
    ///
    /// - Parameter makeHandler: called for each connection, on its own thread.
    package func run(_ makeHandler: @escaping MakeHandler) {
        while true {
            let socket = Glibc.accept(listener, nil, nil)
            if socket >= 0 {
                StreamSocket.makePrompt(socket)
                _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK)
                _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
                StreamSocket.limit(socket, each_ms: patience.idle_s.map { $0 * 1000 })
                do throws(ThreadError) {
                    try SystemThread.start { [patience] in Self.serve(socket, makeHandler(), patience) }
                } catch { close(socket) }
                continue
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            // No descriptor or memory is left: clients that go give some back.
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: usleep(1000)
            default: return
            }
        }
    }

    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func serve(_ socket: Int32, _ handler: any HTTPHandler, _ patience: Patience) {
        defer { close(socket) }
        var handler = handler
        var request = HTTPMessage(.request)
        var (response, output) = (HTTPResponse(), [UInt8]())
        while true {
            response.begin()
            var (isOver, hasFault) = (false, false)
            do throws(HTTPError) {
                guard try receive(&request, from: socket, patience) else { return }
                isOver = request.closes
                handler.answer(request, with: &response)
            } catch {
                (isOver, hasFault) = (true, true)
                response.status = error == tooSlow ? 408 : 400
                response.type = "text/plain"
                response.body = Array("\(error)".utf8)
            }
            response.write(to: &output, closes: isOver, hasBody: hasFault || !request.isMethod("HEAD"))
            guard send(output, to: socket), !isOver else {
                if hasFault { linger(socket) }
                return
            }
            request.next()
        }
    }

    /// Takes for a while what a client still sends: its end, closed at once, could overtake the answer (RFC 9112 section 9.6).
    private static func linger(_ socket: Int32) {
        shutdown(socket, Int32(SHUT_WR))
        StreamSocket.limit(socket, each_ms: 1000)
        var rest = [UInt8](repeating: 0, count: 65_536)
        var left = 256
        while left > 0, unsafe recv(socket, &rest, rest.count, 0) > 0 { left -= 1 }
    }

    private static let tooSlow = HTTPError.malformed("the request did not end in time")

    /// Waits for a whole request.
    ///
    /// - Returns: whether there is one: not at the end of the connection, nor where none has begun in time.
    private static func receive(
        _ request: inout HTTPMessage, from socket: Int32, _ patience: Patience
    ) throws(HTTPError) -> Bool {
        var limit_ns: UInt64?
        // A socket waits so long for each portion: less while one request comes in several.
        defer {
            if limit_ns != nil { StreamSocket.limit(socket, each_ms: patience.idle_s.map { $0 * 1000 }) }
        }
        var isTold = false
        while try !request.isWhole() {
            if let limit_ns, DispatchTime.now().uptimeNanoseconds > limit_ns { throw tooSlow }
            if request.expectsContinue, request.awaitsBody, !isTold {
                isTold = true
                guard send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), to: socket) else { return false }
            }
            if limit_ns == nil, request.hasBegun, let request_s = patience.request_s {
                limit_ns = DispatchTime.now().uptimeNanoseconds + UInt64(request_s) * 1_000_000_000
                StreamSocket.limit(socket, each_ms: request_s * 1000)
            }
            let count = request.receive(from: socket)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                if count < 0, errno == EAGAIN, limit_ns != nil { throw tooSlow }
                return false
            }
        }
        return true
    }

    private static func send(_ bytes: [UInt8], to socket: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    socket, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return false }
            sent += count
        }
        return true
    }
}
