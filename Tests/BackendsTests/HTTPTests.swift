import Foundation
import Glibc
import Testing

@testable import Backends

/// HTTP/1.1 as it comes over real sockets, from servers and clients that are hostile, broken or gone.
@Suite("HTTP")
struct HTTPTests {
    /// Answers with the target and the body, and with bytes of its own to the target `/fields`.
    private struct Echo: HTTPHandler {
        mutating func answer(_ request: borrowing HTTPMessage, with response: inout HTTPResponse) {
            response.type = "text/plain"
            request.withTarget { target in for index in target.indices { response.body.append(target[index]) }
            }
            request.withBody { body in for index in body.indices { response.body.append(body[index]) } }
            if !request.isPost { response.status = 405 }
        }
    }

    private func withServer(_ body: (HTTPAddress) throws -> Void) throws {
        let server = try HTTPServer(port: 0)
        Thread.detachNewThread { server.run { Echo() } }
        defer { server.stop() }
        try body(try #require(HTTPAddress(url: "http://127.0.0.1:\(server.port)")))
    }

    /// A socket with a port of its own, which nobody else can have as long as it is open.
    private func bound() throws -> (socket: Int32, port: UInt16) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(LoopbackPort.bind(socket, to: 0) == 0)
        return (socket, try #require(LoopbackPort.number(of: socket)))
    }

    /// A server that sends these bytes to whoever asks it, and closes the connection where nothing else is said.
    private func withBytes(
        _ bytes: String, keepsOpen: Bool = false, timeout_ms: Int = 10_000,
        _ body: (inout HTTPConnection) throws -> Void
    ) throws {
        let (socket, port) = try bound()
        try #require(listen(socket, 5) == 0)
        // Its thread alone closes the socket: its number, closed here, would be another test's by the next accept.
        Thread.detachNewThread {
            while case let one = accept(socket, nil, nil), one >= 0 {
                var request = [UInt8](repeating: 0, count: 4096)
                _ = unsafe recv(one, &request, request.count, 0)
                Self.send(bytes, to: one)
                if keepsOpen { Thread.sleep(forTimeInterval: 5) }
                close(one)
            }
            close(socket)
        }
        defer { shutdown(socket, Int32(SHUT_RDWR)) }
        let address = try #require(HTTPAddress(url: "http://127.0.0.1:\(port)"))
        var connection = try HTTPConnection(address, timeout_ms: timeout_ms)
        try body(&connection)
    }

    private static func send(_ text: String, to socket: Int32) {
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
    }

    private static let head = Array("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: ".utf8)

    private func text(_ connection: borrowing HTTPConnection) -> String {
        connection.withAnswer {
            $0.withBody { body in String(decoding: body.indices.map { body[$0] }, as: UTF8.self) }
        }
    }

    @Test("many exchanges go over one connection, with bodies up to the limit")
    func exchanges() throws {
        try withServer { address in
            var connection = try HTTPConnection(address)
            for count in [0, 1, 5000, HTTPMessage.longestBody_bytes - 2, 3] {
                let body = [UInt8](repeating: 65, count: count)
                #expect(try connection.exchange(head: Self.head, body: body, isRepeatable: false) == 200)
                #expect(text(connection) == "/x" + String(repeating: "A", count: count))
            }
            #expect(connection.exchanges == 5)
            #expect(connection.topology == .tcpLoopback)
        }
    }

    @Test(
        "a server's answer that is no answer is refused in words, and is no outage",
        arguments: [
            ("HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "does not begin with HTTP/1"),
            ("HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", "no status of HTTP/1"),
            ("HTTP/1.1 099 Early\r\nContent-Length: 0\r\n\r\n", "no status of HTTP/1"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc", "compressed"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
                "a length and chunks"
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", "no number"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\nabc", "too large"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
                "longer than it says"
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", "CR LF"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK",
                "more than one answer"
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "stands twice"),
            ("HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na", "is no number"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\na", "is no number"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\na", "a body of 99999999 bytes"),
            ("HTTP/1.1 200 OK\nContent-Length: 1\n\na", "CR LF"),
            ("HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na", "is no field"),
            ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 1\r\n\r\na", "is no field"),
            ("HTTP/1.1 200 OK\r\nA: \u{0}\r\nContent-Length: 1\r\n\r\na", "control character"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", "more than one answer"),
            ("\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "does not begin with HTTP/1"),
            (
                "HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 65) + "\r\n",
                "more than 64 fields"
            ),
            ("HTTP/1.1 200 OK\r\nA: " + String(repeating: "b", count: 20_000) + "\r\n\r\n", "longer than"),
        ])
    func hostileServer(answer: String, reason: String) throws {
        try withBytes(answer) { connection in
            let error = #expect(throws: HTTPError.self) {
                try connection.exchange(head: Self.head, body: [], isRepeatable: true)
            }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
            #expect(error?.isOutage == false)
        }
    }

    @Test(
        "an answer may come in chunks, end with the connection, or follow interim ones",
        arguments: [
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
                "abcde"
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nabcde\r\n0\r\nA: b\r\n\r\n", "abcde"),
            ("HTTP/1.1 200 OK\r\n\r\nabcde", "abcde"),
            ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nabcde", "abcde"),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde", "abcde"),
            (
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                ""
            ),
        ])
    func otherBodies(answer: String, body: String) throws {
        try withBytes(answer) { (connection: inout HTTPConnection) throws in
            for _ in 0..<2 {
                #expect(try connection.exchange(head: Self.head, body: [], isRepeatable: true) == 200)
                #expect(text(connection) == body)
            }
        }
    }

    @Test("an answer in chunks is the same wherever it is cut on the way")
    func cutChunks() throws {
        let answer = Array(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nb\r\n0123456789a\r\n0\r\n\r\n"
                .utf8)
        for cut in 1..<answer.count {
            var message = HTTPMessage(.response)
            message.take(Array(answer[..<cut]))
            let isEarly = try message.isWhole()
            message.take(Array(answer[cut...]))
            let isWhole = try message.isWhole()
            #expect(!isEarly && isWhole)
            let body = message.withBody { body in body.indices.map { body[$0] } }
            #expect(body == Array("abc0123456789a".utf8) && message.excess == 0)
        }
    }

    @Test("an answer that does not come, or does not end, is an outage after the timeout")
    func silent() throws {
        for (answer, keepsOpen) in [
            ("", true), ("", false), ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", true),
            ("HTTP/1.1 200 OK\r\n\r\nab", true), ("HTTP/1.1 100 Continue\r\n\r\n", false),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab", false),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", false),
        ] {
            try withBytes(answer, keepsOpen: keepsOpen, timeout_ms: 300) { connection in
                let error = #expect(throws: HTTPError.self) {
                    try connection.exchange(head: Self.head, body: [], isRepeatable: false)
                }
                #expect(error?.isOutage == true, "\(answer): \(String(describing: error))")
            }
        }
    }

    @Test("a connection that the server has closed is made anew, for requests of every kind")
    func closed() throws {
        try withBytes("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n") {
            (connection: inout HTTPConnection) throws in
            for _ in 0..<3 {
                #expect(try connection.exchange(head: Self.head, body: [], isRepeatable: false) == 200)
            }
        }
        try withBytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") {
            (connection: inout HTTPConnection) throws in
            #expect(try connection.exchange(head: Self.head, body: [], isRepeatable: false) == 200)
            for isRepeatable in [true, false] {
                Thread.sleep(forTimeInterval: 0.05)
                #expect(try connection.exchange(head: Self.head, body: [], isRepeatable: isRepeatable) == 200)
            }
        }
    }

    @Test("a request that the server takes and closes on is sent again only where that does no harm")
    func taken() throws {
        try withBytes("") { (connection: inout HTTPConnection) throws in
            let error = #expect(throws: HTTPError.self) {
                try connection.exchange(head: Self.head, body: [], isRepeatable: false)
            }
            #expect(error?.isOutage == true && connection.exchanges == 1)
        }
    }

    @Test("while nothing listens, attempts to connect pause longer and longer, and are an outage")
    func gone() throws {
        let (socket, port) = try bound()
        defer { close(socket) }
        let address = try #require(HTTPAddress(url: "http://127.0.0.1:\(port)"))
        let error = #expect(throws: HTTPError.self) { _ = try HTTPConnection(address) }
        #expect(error?.isOutage == true)
        #expect(error?.description.contains("127.0.0.1:\(port)") == true)
    }

    @Test("a request that is none is answered with 400, and its connection closed; the server goes on")
    func hostileClient() throws {
        try withServer { address in
            for request in [
                "POST /x HTTP/1.0\r\nHost: h\r\n\r\n", "POST x HTTP/1.1\r\nHost: h\r\n\r\n", "\r\n\r\n",
                "POST /x HTTP/1.1\r\n\r\n", "POST /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "POST  /x HTTP/1.1\r\nHost: h\r\n\r\n", "POST /x y HTTP/1.1\r\nHost: h\r\n\r\n",
                "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
                "POST /\(String(repeating: "x", count: 20_000)) HTTP/1.1\r\nHost: h\r\n\r\n",
            ] {
                let answer = try raw(request, to: address)
                #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(request.prefix(60)): \(answer)")
                #expect(answer.contains("Connection: close\r\n"))
            }
            #expect(
                try raw("GET /y HTTP/1.1\r\nhOST:h\r\nConnection: Close\r\n\r\n", to: address).contains("405")
            )
            // Two at once are answered one after the other.
            let two =
                "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n1POST /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            let answers = try raw(two, to: address)
            #expect(answers.contains("/a1") && answers.hasSuffix("/b"))
        }
    }

    /// Sends text, and reads until the server closes the connection.
    private func raw(_ text: String, to address: HTTPAddress) throws -> String {
        let socket = try StreamSocket.connect(to: address.stream)
        defer { close(socket) }
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK)
        Self.send(text, to: socket)
        var (answer, portion) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        while case let count = unsafe recv(socket, &portion, portion.count, 0), count > 0 {
            answer += portion[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }

    @Test("addresses are http or https, with a host, and a port where it is not the usual one")
    func addresses() {
        #expect(HTTPAddress(url: "http://127.0.0.1:80/run/")?.path == "/run")
        #expect(HTTPAddress(url: "http://h:80")?.url == "http://h:80")
        #expect(HTTPAddress(url: "http://h/run")?.url == "http://h:80/run")
        #expect(HTTPAddress(url: "https://h")?.url == "https://h:443")
        for url in [
            "ftp://h:80", "http://h:0", "http://h:99999", "http://h:x", "http://:80", "http://h:80/a b",
            "h:80",
            "http://user@h:80", "http://h:80/?a", "http://h#a", "http://h:80:80", "https://",
        ] {
            #expect(HTTPAddress(url: url) == nil, "\(url)")
        }
    }
}
