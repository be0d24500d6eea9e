import Backends
import Foundation
import Testing

/// The server of a run is the run's alone.
@Suite("Private Redis server")
struct PrivateRedisServerTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    @Test("listens on a socket that only its user may open, and on no port")
    func socket() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try PrivateRedisServer(folder: folder)
        let path = String(server.url.dropFirst("unix://".count))
        #expect(path == folder.appendingPathComponent("redis.sock").path)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
        #expect(try RedisConfiguration.values(at: server.endpoint)["port"] == "0")
        #expect(try RedisConnection(server.endpoint).topology == .unix)
    }

    @Test("over TCP wants the password of the run, which is in no argument that others can read")
    func password() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try PrivateRedisServer(folder: folder, over: .tcp)
        let address = try #require(server.url.split(separator: "@").last)
        let stranger = try #require(RedisEndpoint(url: "redis://\(address)"))
        var connection = try RedisConnection(stranger)
        let error = #expect(throws: RedisError.self) { _ = try connection.execute(RedisCommand("FLUSHALL")) }
        #expect(error.map { "\($0)".contains("NOAUTH") } == true)
        var own = try RedisConnection(server.endpoint)
        #expect(try own.execute(RedisCommand("PING")).text == "PONG")
        let password = try #require(server.endpoint.password)
        let arguments = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(server.processID)/cmdline"))
        #expect(!String(decoding: arguments, as: UTF8.self).contains(password))
    }

    @Test("a folder whose socket would have too long a name is one sentence")
    func longName() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let long = folder.appendingPathComponent(String(repeating: "x", count: 100))
        try FileManager.default.createDirectory(at: long, withIntermediateDirectories: false)
        let error = #expect(throws: RedisServerError.self) { _ = try PrivateRedisServer(folder: long) }
        #expect(error?.description.contains("set TMPDIR to a shorter folder") == true)
    }

    /// A server on a socket in the folder, as a program of Python's that answers each connection so.
    private func scripted(_ answer: String) throws -> (ChildProcess, RedisEndpoint) {
        let path = folder.appendingPathComponent("scripted.sock").path
        let text = """
            import os, socket, sys, time
            server = socket.socket(socket.AF_UNIX)
            server.bind(sys.argv[1] + ".new")
            server.listen()
            os.rename(sys.argv[1] + ".new", sys.argv[1])
            while True:
                client = server.accept()[0]
                client.recv(1000)
                try:
                    \(answer)
                except OSError:
                    pass
            """
        let python = try #require(Executable.find("python3"))
        let process = try ChildProcess(python, ["-c", text, path])
        for _ in 0..<2000 where !FileManager.default.fileExists(atPath: path) { usleep(5000) }
        return (process, try #require(RedisEndpoint(url: "unix://" + path)))
    }

    @Test("a reply that comes in drops without end is given up, and the next command connects anew")
    func drips() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (process, endpoint) = try scripted(
            "client.send(b'$9999999\\r\\n')\n        while True: client.send(b'x'); time.sleep(0.02)")
        defer { process.end() }
        var connection = try RedisConnection(endpoint, timeout_ms: 200)
        for _ in 0..<2 {
            let error = #expect(throws: RedisError.self) {
                _ = try connection.execute(RedisCommand("GET", "x"))
            }
            #expect(error.map { "\($0)".contains("did not end in time") } == true)
        }
    }

    @Test(
        "a server too old for our commands is known by its version",
        arguments: [
            ("5.0.7", true), ("6.0.16", true), ("6.2.0", false), ("7.0.15", false), ("255.255.255", false),
            ("none", false),
        ])
    func version(text: String, isTooOld: Bool) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let reply = "redis_version:\(text)"
        let (process, endpoint) = try scripted(
            "client.send(b'$\(reply.utf8.count)\\r\\n\(reply)\\r\\n')")
        defer { process.end() }
        #expect(try RedisInformation(at: endpoint).isTooOld == isTooOld)
    }

    @Test("what was lost shows: eviction, FLUSHALL, a restart; an untouched server has lost nothing")
    func losses() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var server = try PrivateRedisServer(folder: folder)
        var connection = try RedisConnection(server.endpoint)
        let before = try RedisHealth(at: server.endpoint)
        _ = try connection.execute(RedisCommand("SET", "a", "x"))
        #expect(try RedisHealth(at: server.endpoint).loss(since: before) == nil)
        for (name, value) in [("maxmemory-policy", "allkeys-lru"), ("maxmemory", "1")] {
            _ = try connection.execute(RedisCommand("CONFIG", "SET", name, value))
        }
        _ = try? connection.execute(RedisCommand("SET", "b", "x"))
        let evicted = try #require(try RedisHealth(at: server.endpoint).loss(since: before))
        #expect(evicted.contains("evicted 1 keys") && evicted.contains("allkeys-lru"))
        _ = try connection.execute(RedisCommand("FLUSHALL"))
        #expect(try RedisHealth(at: server.endpoint).loss(since: before)?.contains("FLUSHALL") == true)
        server.stop()
        server = try PrivateRedisServer(folder: folder)
        #expect(try RedisHealth(at: server.endpoint).loss(since: before)?.contains("restarted") == true)
    }
}

extension PrivateRedisServerTests {
    private func keep(_ server: PrivateRedisServer) throws {
        var connection = try RedisConnection(server.endpoint)
        _ = try connection.execute(RedisCommand("SET", "key", "value"))
    }

    private func kept(_ server: PrivateRedisServer) throws -> String? {
        var connection = try RedisConnection(server.endpoint)
        return try connection.execute(RedisCommand("GET", "key")).text
    }

    @Test(
        "a server that was stopped is started again where it was, empty",
        arguments: PrivateRedisServer.Transport.allCases)
    func restart(_ transport: PrivateRedisServer.Transport) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try PrivateRedisServer(folder: folder, over: transport)
        try keep(server)
        #expect(try kept(server) == "value")
        let first = server.processID
        server.stop()
        #expect(throws: RedisError.self) { try kept(server) }
        try server.restart()
        #expect(try kept(server) == nil && server.processID != first)
    }

    @Test("a suspended server keeps what it has, and answers when it is resumed")
    func suspension() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try PrivateRedisServer(folder: folder)
        try keep(server)
        server.suspend()
        #expect(throws: RedisError.self) {
            _ = try RedisInformation(at: server.endpoint, timeout_ms: 50)
        }
        server.resume()
        #expect(try kept(server) == "value")
    }

    @Test("a replica gets what the other has and writes, and lives on as a server of its own")
    func replica() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let own = folder.appendingPathComponent("replica")
        try FileManager.default.createDirectory(at: own, withIntermediateDirectories: false)
        let primary = try PrivateRedisServer(folder: folder, over: .tcp)
        try keep(primary)
        let replica = try PrivateRedisServer(folder: own)
        let port = try #require(UInt16(primary.url.split(separator: ":").last ?? ""))
        try replica.follow(primary, port: port)
        #expect(try kept(replica) == "value")
        var connection = try RedisConnection(primary.endpoint)
        _ = try connection.execute(RedisCommand("SET", "key", "later"))
        #expect(try connection.execute(RedisCommand("WAIT", "1", "1000")).integer == 1)
        primary.stop()
        try replica.promote(password: nil)
        #expect(try kept(replica) == "later")
        try keep(replica)
        #expect(try kept(replica) == "value")
    }
}
