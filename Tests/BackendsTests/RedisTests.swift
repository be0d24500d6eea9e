import Backends
import Foundation
import Testing

/// Each test starts a server of its own, so that none depends on another.
@Suite("Redis")
struct RedisTests {
    private let folder: URL
    private let server: PrivateRedisServer

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        server = try PrivateRedisServer(folder: folder)
    }

    private func end() {
        server.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    @Test("sends bytes as they are and reads them back")
    func bytes() throws {
        defer { end() }
        var connection = try RedisConnection(server.endpoint)
        let value: [UInt8] = [0, 13, 10, 36, 255, 42]
        var command = RedisCommand()
        command.begin(arguments: 3)
        command.append("SET")
        command.append(Array("key\r\n".utf8), [1, 0].span)
        command.append(value)
        #expect(try connection.execute(command).text == "OK")
        command.begin(arguments: 2)
        command.append("GET")
        command.append(Array("key\r\n".utf8) + [1, 0])
        #expect(try connection.execute(command).bytes == value)
        #expect(try connection.execute(RedisCommand("GET", "nothing")).isNil)
    }

    @Test("pipelines: replies come in the order of the commands")
    func pipeline() throws {
        defer { end() }
        var connection = try RedisConnection(server.endpoint)
        for _ in 0..<1000 { try connection.send(RedisCommand("INCR", "counter")) }
        for number in 1...1000 { #expect(try connection.receive().integer == Int64(number)) }
    }

    @Test("throws what the server answers as an error, and goes on")
    func serverError() throws {
        defer { end() }
        var connection = try RedisConnection(server.endpoint)
        #expect(throws: RedisError.self) { _ = try connection.execute(RedisCommand("NONSENSE")) }
        #expect(try connection.execute(RedisCommand("PING")).text == "PONG")
    }

    @Test("connects anew after the server closed the connection")
    func reconnect() throws {
        defer { end() }
        var connection = try RedisConnection(server.endpoint)
        var other = try RedisConnection(server.endpoint)
        #expect(try connection.execute(RedisCommand("PING")).text == "PONG")
        _ = try other.execute(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
        #expect(throws: RedisError.self) { _ = try connection.execute(RedisCommand("PING")) }
        #expect(try connection.execute(RedisCommand("PING")).text == "PONG")
    }

    @Test("gives up on a server that does not answer, within the timeout")
    func timeout() throws {
        defer { end() }
        var connection = try RedisConnection(server.endpoint, timeout_ms: 100)
        kill(server.processID, SIGSTOP)
        defer { kill(server.processID, SIGCONT) }
        let error = #expect(throws: RedisError.self) { _ = try connection.execute(RedisCommand("PING")) }
        #expect(error?.description.contains("timed out") == true)
    }

    @Test("removes the keys under a prefix and no other, whatever is in the prefix")
    func removal() throws {
        defer { end() }
        var connection = try RedisConnection(server.endpoint)
        for number in 0..<3000 { try connection.send(RedisCommand("SET", "mine[1]*:\(number)", "x")) }
        for _ in 0..<3000 { _ = try connection.receive() }
        _ = try connection.execute(RedisCommand("MSET", "mine1:0", "x", "theirs", "x"))
        #expect(try RedisKeys.remove(under: "mine[1]*:", at: server.endpoint) == 3000)
        #expect(try connection.execute(RedisCommand("DBSIZE")).integer == 2)
    }

    @Test("selects the database of the URL, also after connecting anew")
    func database() throws {
        defer { end() }
        let endpoint = try #require(RedisEndpoint(url: "redis://127.0.0.1:\(server.port)/3"))
        var connection = try RedisConnection(endpoint)
        _ = try connection.execute(RedisCommand("SET", "here", "x"))
        var plain = try RedisConnection(server.endpoint)
        #expect(try plain.execute(RedisCommand("EXISTS", "here")).integer == 0)
        _ = try plain.execute(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
        #expect(throws: RedisError.self) { _ = try connection.execute(RedisCommand("PING")) }
        #expect(try connection.execute(RedisCommand("EXISTS", "here")).integer == 1)
    }

    @Test("ends with its owner")
    func stopping() throws {
        server.stop()
        #expect(kill(server.processID, 0) != 0)
        try FileManager.default.removeItem(at: folder)
    }
}

@Suite("Redis URL")
struct RedisEndpointTests {
    @Test("reads hosts, ports, databases and sockets")
    func accepted() {
        #expect(RedisEndpoint(url: "redis://localhost")?.address == .tcp(host: "localhost", port: 6379))
        #expect(RedisEndpoint(url: "redis://10.0.0.1:7000/5")?.database == 5)
        #expect(RedisEndpoint(url: "redis://[::1]:7000")?.address == .tcp(host: "::1", port: 7000))
        #expect(RedisEndpoint(url: "unix:///run/redis.sock")?.address == .unix(path: "/run/redis.sock"))
    }

    @Test(
        "refuses anything else",
        arguments: [
            "", "localhost", "http://localhost", "redis://", "redis://h:0", "redis://h:99999", "redis://h/x",
            "redis://h/-1", "redis://u:p@h", "unix://", "unix:///", "redis://h?a=b",
        ])
    func refused(url: String) {
        #expect(RedisEndpoint(url: url) == nil)
    }
}
