import Foundation
import Glibc
import Testing

@testable import Backends

/// How long connections live: those that clients leave idle, those that a server ends, and those that begin anew.
@Suite("HTTP connections")
struct HTTPPatienceTests {
    /// Answers with the number of its connection.
    private struct Numbered: HTTPHandler {
        let number: Int

        mutating func answer(_ request: borrowing HTTPMessage, with response: inout HTTPResponse) {
            response.body.append(decimal: UInt64(number))
        }
    }

    private func withServer(
        patience: HTTPServer.Patience = .init(), _ body: (HTTPAddress) throws -> Void
    ) throws {
        let server = try HTTPServer(port: 0, patience: patience)
        let count = Count()
        Thread.detachNewThread { server.run { Numbered(number: count.next()) } }
        defer { server.stop() }
        try body(try #require(HTTPAddress(url: "http://127.0.0.1:\(server.port)")))
    }

    private final class Count: @unchecked Sendable {
        private let lock = NSLock()
        private var value = 0

        func next() -> Int {
            lock.lock()
            defer { lock.unlock() }
            value += 1
            return value
        }
    }

    /// The number of the connection that an exchange went over.
    private func number(_ connection: inout HTTPConnection, isRepeatable: Bool = true) throws -> Int? {
        let head = Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ".utf8)
        let status = try connection.exchange(head: head, body: [], isRepeatable: isRepeatable)
        #expect(status == 200)
        return connection.withAnswer { answer in
            answer.withBody { body in ASCII.number(body) }
        }
    }

    @Test("a client connects anew after so many requests, and never unless told", arguments: [nil, 1, 3])
    func renewed(count: Int?) throws {
        try withServer { address in
            var connection = try HTTPConnection(address, requestsPerConnection: count)
            for index in 0..<7 {
                #expect(try number(&connection) == (count.map { index / $0 } ?? 0) + 1)
            }
        }
    }

    @Test("a connection that the server has closed meanwhile is not used for what must not be sent twice")
    func closed() throws {
        try withServer(patience: .init(idle_s: 1)) { address in
            var connection = try HTTPConnection(address)
            #expect(try number(&connection, isRepeatable: false) == 1)
            let (descriptor, limit) = (connection.descriptor, Date(timeIntervalSinceNow: 30))
            let closed = try #require(descriptor)
            while !StreamSocket.isClosed(closed), Date() < limit { usleep(10_000) }
            #expect(try number(&connection, isRepeatable: false) == 2)
        }
    }

    @Test("a request that does not end in time is answered with 408, and its connection closed")
    func slow() throws {
        try withServer(patience: .init(idle_s: 1, request_s: 1)) { address in
            let socket = try StreamSocket.connect(to: address.stream)
            defer { close(socket) }
            _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK)
            _ = StreamSocket.send(Array("GET / HTTP/1.1\r\nHo".utf8)[...], to: socket)
            var (text, bytes) = ("", [UInt8](repeating: 0, count: 1024))
            while case let count = unsafe recv(socket, &bytes, bytes.count, 0), count > 0 {
                text += String(decoding: bytes[..<count], as: UTF8.self)
            }
            #expect(text.hasPrefix("HTTP/1.1 408 ") && text.contains("Connection: close"), "\(text)")
        }
    }

    @Test("whose a port is, is told by its listening socket")
    func listeners() throws {
        try withServer { address in
            #expect(Listeners.processIDs(of: address.port) == [getpid()])
            #expect(address.topology() == .tcpLoopback)
        }
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1
               1: 0100007F:1F90 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 4712 1
               2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1
            """
        #expect(Listeners.inodes(of: 8080, in: table) == ["socket:[4711]"])
        #expect(Listeners.inodes(of: 8082, in: table).isEmpty && Listeners.inodes(of: 1, in: "").isEmpty)
    }

    @Test("a server behind TLS is refused where nobody is trusted, and an empty list of authorities too")
    func untrusted() throws {
        let address = try #require(HTTPAddress(url: "https://127.0.0.1:1"))
        #expect(throws: HTTPError.self) { _ = try HTTPConnection(address) }
        #expect(throws: HTTPError.self) { _ = try TLSTrust(authorities: "/dev/null") }
    }
}
