import Foundation
import Synchronization
import Testing

@testable import Backends

/// A clock that stands still until it is told how much time has passed.
final class TestClock: Sendable {
    let now_ns = Atomic<UInt64>(1_000_000_000)

    func pass(milliseconds: Int) { now_ns.add(UInt64(milliseconds) * 1_000_000, ordering: .relaxed) }
}

/// A private server in a folder of its own: each test starts one, so that none depends on another.
struct ServerPlace {
    let folder: URL
    let server: PrivateRedisServer

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        server = try PrivateRedisServer(folder: folder)
    }

    func end() {
        server.stop()
        try? FileManager.default.removeItem(at: folder)
    }
}

@Suite("Redis")
struct RedisTests {
    private let place: ServerPlace
    private var server: PrivateRedisServer { place.server }

    init() throws { place = try ServerPlace() }

    @Test("sends bytes as they are and reads them back")
    func bytes() throws {
        defer { place.end() }
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
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        for _ in 0..<1000 { try connection.send(RedisCommand("INCR", "counter")) }
        for number in 1...1000 { #expect(try connection.receive().integer == Int64(number)) }
    }

    @Test("throws what the server answers as an error, and goes on")
    func serverError() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        #expect(throws: RedisError.self) { _ = try connection.execute(RedisCommand("NONSENSE")) }
        #expect(try connection.execute(RedisCommand("PING")).text == "PONG")
    }

    @Test("connects anew after the server closed the connection")
    func reconnect() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        var other = try RedisConnection(server.endpoint)
        #expect(try connection.execute(RedisCommand("PING")).text == "PONG")
        _ = try other.execute(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
        #expect(throws: RedisError.self) { _ = try connection.execute(RedisCommand("PING")) }
        #expect(try connection.execute(RedisCommand("PING")).text == "PONG")
    }

    @Test("does a command again that may be done twice, where the server had closed the connection")
    func repeating() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        var other = try RedisConnection(server.endpoint)
        let kill = RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        _ = try other.execute(kill)
        #expect(try connection.execute(RedisCommand("PING"), isRepeatable: true).text == "PONG")
        try connection.post(RedisCommand("SET", "posted", "x"))
        #expect(try connection.execute(RedisCommand("GET", "posted")).text == "x", "in the order sent")
        let error = connection.takePostError()
        #expect(error == nil)
        try connection.post(RedisCommand("NONSENSE"))
        #expect(try connection.execute(RedisCommand("PING")).text == "PONG")
        let refused = connection.takePostError()
        #expect(refused != nil)
        try connection.post(RedisCommand("PING"))
        _ = try other.execute(kill)
        #expect(try connection.execute(RedisCommand("ECHO", "x"), isRepeatable: true).text == "x")
    }

    @Test("a round trip is a wait: commands sent together are one, and one that nobody waits for is none")
    func roundTrips() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        for number in 1...3 {
            _ = try connection.execute(RedisCommand("PING"))
            #expect(connection.roundTrips == number)
        }
        for _ in 0..<5 { try connection.send(RedisCommand("PING")) }
        for _ in 0..<5 { _ = try connection.receive() }
        #expect(connection.roundTrips == 4)
        for number in 1...3 {
            try connection.post(RedisCommand("PING"))
            #expect(connection.roundTrips == 3 + number)
            _ = try connection.execute(RedisCommand("PING"))
            #expect(connection.roundTrips == 4 + number)
        }
        #expect(connection.commandsSent == 3 + 5 + 6)
    }

    @Test("does not take a reply that nobody read for that of a later command")
    func outOfStep() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        for number in 0..<3 { try connection.send(RedisCommand("ECHO", "old \(number)")) }
        #expect(try connection.receive().text == "old 0")
        #expect(try connection.execute(RedisCommand("ECHO", "new")).text == "new")
        try connection.send(RedisCommand("ECHO", "old"))
        try connection.post(RedisCommand("PING"))
        #expect(try connection.execute(RedisCommand("ECHO", "new")).text == "new")
    }

    @Test("runs a script by its text where the server does not know it")
    func script() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        let script = try RedisScript("return {KEYS[1], ARGV[1]}", on: &connection)
        var command = RedisCommand()
        command.begin(script, keys: 1, arguments: 2)
        command.append("key\r\n")
        command.append("")
        let expected = [Array("key\r\n".utf8), []]
        for _ in 0..<2 {
            #expect(try connection.execute(command, of: script).elements == expected)
            _ = try connection.execute(RedisCommand("SCRIPT", "FLUSH"))
        }
        #expect(throws: RedisError.self) { _ = try connection.execute(command) }
    }

    @Test(
        "leaves a server that is down in peace: attempts are 10 ms apart, then twice as far each time, up to 1 s"
    )
    func pauses() throws {
        defer { place.end() }
        let clock = TestClock()
        var connection = try RedisConnection(
            server.endpoint, now_ns: { clock.now_ns.load(ordering: .relaxed) }, random: { $0.upperBound })
        server.stop()
        func fails(_ text: String) -> Bool {
            do { _ = try connection.execute(RedisCommand("PING"), isRepeatable: true) } catch {
                return error.description.contains(text)
            }
            return false
        }
        // The first attempt to connect anew is made at once.
        #expect(fails("refused"))
        for pause_ms in [10, 20, 40, 80, 160, 320, 640, 1000, 1000] {
            #expect(fails("the next attempt is in \(pause_ms) ms"))
            clock.pass(milliseconds: pause_ms - 1)
            #expect(fails("the next attempt is in 1 ms"))
            clock.pass(milliseconds: 1)
            #expect(fails("refused"), "after \(pause_ms) ms")
        }
    }

    @Test("gives up on a server that does not answer, within the timeout")
    func timeout() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint, timeout_ms: 100)
        kill(server.processID, SIGSTOP)
        defer { kill(server.processID, SIGCONT) }
        let error = #expect(throws: RedisError.self) { _ = try connection.execute(RedisCommand("PING")) }
        #expect(error?.description.contains("timed out") == true)
    }

    @Test("removes the keys under a prefix and no other, whatever is in the prefix")
    func removal() throws {
        defer { place.end() }
        var connection = try RedisConnection(server.endpoint)
        for number in 0..<3000 { try connection.send(RedisCommand("SET", "mine[1]*:\(number)", "x")) }
        for _ in 0..<3000 { _ = try connection.receive() }
        _ = try connection.execute(RedisCommand("MSET", "mine1:0", "x", "theirs", "x"))
        #expect(try RedisKeys.remove(under: "mine[1]*:", at: server.endpoint) == 3000)
        #expect(try connection.execute(RedisCommand("DBSIZE")).integer == 2)
    }

    @Test("selects the database of the URL, also after connecting anew")
    func database() throws {
        defer { place.end() }
        let tcp = try PrivateRedisServer(folder: place.folder, over: .tcp)
        defer { tcp.stop() }
        let endpoint = try #require(RedisEndpoint(url: tcp.url + "/3"))
        var connection = try RedisConnection(endpoint)
        _ = try connection.execute(RedisCommand("SET", "here", "x"))
        var plain = try RedisConnection(tcp.endpoint)
        #expect(try plain.execute(RedisCommand("EXISTS", "here")).integer == 0)
        _ = try plain.execute(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
        #expect(throws: RedisError.self) { _ = try connection.execute(RedisCommand("PING")) }
        #expect(try connection.execute(RedisCommand("EXISTS", "here")).integer == 1)
    }

    @Test("ends with its owner")
    func stopping() throws {
        server.stop()
        #expect(kill(server.processID, 0) != 0)
        try FileManager.default.removeItem(at: place.folder)
    }
}

@Suite("Pauses before connecting anew")
struct ReconnectPauseTests {
    @Test("a pause is drawn evenly from the half of its length to the whole, and another one each time")
    func jitter() {
        var (pause, now_ns) = (ReconnectPause { UInt64.random(in: $0) }, UInt64(1))
        var lengths_ms: [Double] = []
        for _ in 0..<2000 {
            let length_ms = lengths_ms.isEmpty ? 10.0 : min(1000, 10 * pow(2, Double(lengths_ms.count)))
            #expect(pause.begin(at: now_ns) == 0)
            // The time that is left is told in whole milliseconds, rounded up.
            let left_ms = pause.begin(at: now_ns)
            lengths_ms.append(Double(left_ms))
            #expect(Double(left_ms) >= length_ms / 2 && Double(left_ms) <= length_ms)
            now_ns += left_ms * 1_000_000
        }
        let mean = lengths_ms.dropFirst(10).reduce(0, +) / Double(lengths_ms.count - 10)
        #expect(abs(mean - 750) < 20, "more than six standard errors: \(mean)")
        #expect(Set(lengths_ms).count > 300)
        pause.end()
        #expect(pause.begin(at: now_ns) == 0 && pause.begin(at: now_ns) <= 10)
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

    @Test("a user and a password of any characters come through its own URL")
    func login() throws {
        for url in ["redis://h:7000/3", "unix:///run/redis.sock?db=3"] {
            for password in ["plain", "p@ss/w:rd?&=% #\u{e9}"] {
                for user in ["app", nil] {
                    var endpoint = try #require(RedisEndpoint(url: url))
                    (endpoint.user, endpoint.password) = (user, password)
                    #expect(RedisEndpoint(url: endpoint.url) == endpoint)
                }
            }
        }
        let plain = try #require(RedisEndpoint(url: "redis://u:p@h"))
        #expect(plain.user == "u" && plain.password == "p" && !plain.name.contains("p@"))
    }

    @Test(
        "refuses anything else",
        arguments: [
            "", "localhost", "http://localhost", "redis://", "redis://h:0", "redis://h:99999", "redis://h/x",
            "redis://h/-1", "unix:///s?db=0&color=red", "unix://", "unix:///", "redis://h?a=b", "rediss://h",
        ])
    func refused(url: String) {
        #expect(RedisEndpoint(url: url) == nil)
    }
}
