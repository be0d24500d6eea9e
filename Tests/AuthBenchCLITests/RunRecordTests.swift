import Backends
import Foundation
import Testing

/// What the built program writes to `run.json`.
@Suite("run.json")
struct RunRecordTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private var file: URL { folder.appendingPathComponent("results/latest/run.json") }

    /// Runs briefly and gives the record.
    private func record(_ options: String...) throws -> [String: Any] {
        let short = ["--population", "320", "--operations", "1000"]
        let program = try Program(
            ["run", "--warm-up", "0", "--repeats", "1", "-q"]
                + (options.contains("--operations") ? [] : short) + options, in: folder)
        let result = program.finish()
        try #require([0, 3].contains(result.status), "\(result.errors)")
        let json = try JSONSerialization.jsonObject(with: try Data(contentsOf: file))
        return try #require(json as? [String: Any])
    }

    private func git(_ arguments: String...) throws {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-C", folder.path]
        let git = try Process.run(URL(fileURLWithPath: "/usr/bin/git"), arguments: identity + arguments)
        git.waitUntilExit()
        try #require(git.terminationStatus == 0)
    }

    @Test("describes machine, versions and stores")
    func sections() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let record = try record("--sqlite-synchronous", "full", "--sqlite-mmap", "16MiB")
        let machine = try #require(record["machine"] as? [String: Any])
        #expect(try #require(machine["cores"] as? Int) >= 1)
        #expect(try #require(machine["memory_bytes"] as? Int) > 0)
        #expect(machine["kernel"] is String)
        #expect(
            (machine["load_average"] as? [String: Double])?.keys.sorted() == ["load1", "load15", "load5"])
        for key in [
            "cpu_model", "cpu_MHz", "cpu_flags", "cpu_governor", "cores_online", "hypervisor", "os", "cgroup",
        ] { #expect(machine[key] != nil, "\(key) may be null, but must be there") }

        let versions = try #require(record["versions"] as? [String: Any])
        let settings = try #require(versions["sqlite_settings"] as? [String: Any])
        #expect(settings["journal_mode"] as? String == "wal")
        #expect(settings["synchronous"] as? String == "full")
        #expect(settings["mmap_size"] as? Int == 16 << 20)
        #expect(try #require(versions["sqlite_compile_options"] as? [String]).isEmpty == false)
        #expect((versions["redis_config"] as? [String: String])?["appendonly"] == "no")
        for key in ["authbench", "swift", "sqlite", "openssl", "redis", "hiredis"] {
            #expect(versions[key] is String, "\(key)")
        }
        #expect(versions["openssl_cpu"] != nil)

        let stores = try #require(record["stores"] as? [String: Any])
        let sqlite = try #require(stores["sqlite"] as? [String: Any])
        #expect(sqlite["topology"] as? String == "in-process")
        #expect(sqlite["file"] as? String == "temporary")
        #expect(sqlite["wal_limit_bytes"] as? Int == 64 << 20)
        #expect(try #require(sqlite["wal_peak_bytes"] as? Int) > 4096, "the run has written")
        #expect(sqlite["wal_restarts"] as? Int == 0)
        let redis = try #require(stores["redis"] as? [String: Any])
        #expect(redis["topology"] as? String == "unix")
        let (least, median) = (redis["round_trip_min_ns"] as? Int, redis["round_trip_p50_ns"] as? Int)
        #expect(try #require(least) <= #require(median))
        #expect(try #require(redis["round_trips"] as? Int) >= 1)
    }

    @Test("every strategy decides rightly where clients share sessions, keep data with them and sweep")
    func sharedSessions() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let workload = """
            {"name":"browser","summary":"t","population":400,"clients":8,"requests_in_parallel":4,
             "session_bytes":300,"sweep_interval_seconds":0.01,"touch":"always",
             "mix":{"authenticate":0.7,"renew":0.1,"login":0.08,"logout":0.05,"revoked":0.05,"unknown":0.02}}
            """
        try Data(workload.utf8).write(to: folder.appendingPathComponent("browser.json"))
        // Status 0, so without a wrong decision.
        let record = try record("browser.json", "--operations", "20000")
        let written = try #require(record["workload"] as? [String: Any])
        #expect(written["requests_in_parallel"] as? Int == 4)
        #expect(written["session_bytes"] as? Int == 300)
        #expect(written["sweep_interval_seconds"] as? Double == 0.01)
    }

    @Test("has null for the stores that no strategy needs, and outside a repository")
    func nothingNeeded() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let record = try record("--strategy", "null")
        let stores = try #require(record["stores"] as? [String: Any])
        #expect(stores["sqlite"] is NSNull && stores["redis"] is NSNull)
        let versions = try #require(record["versions"] as? [String: Any])
        for key in ["sqlite_settings", "redis", "redis_config", "hiredis"] {
            #expect(versions[key] is NSNull, "\(key)")
        }
        #expect(record["git_commit"] is NSNull && record["git_dirty"] is NSNull)
    }

    @Test("tells a working tree with changes from a clean one")
    func workingTree() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("results\n".utf8).write(to: folder.appendingPathComponent(".gitignore"))
        try git("init", "-q")
        try git("add", "-A")
        try git("commit", "-q", "-m", "first")
        let clean = try record("--strategy", "null")
        #expect(clean["git_dirty"] as? Bool == false)
        #expect((clean["git_commit"] as? String)?.count == 40)
        try Data("results\n\n".utf8).write(to: folder.appendingPathComponent(".gitignore"))
        #expect(try record("--strategy", "null")["git_dirty"] as? Bool == true)
    }

    @Test("has null for the configuration of a server that refuses CONFIG, and names the user's file")
    func refusedConfiguration() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try PrivateRedisServer(folder: folder, over: .tcp)
        defer { server.stop() }
        var connection = try RedisConnection(server.endpoint)
        _ = try connection.execute(RedisCommand("CONFIG", "SET", "requirepass", ""))
        _ = try connection.execute(RedisCommand("ACL", "SETUSER", "default", "-config"))
        let address = try #require(server.url.split(separator: "@").last)
        let record = try record("--redis", "redis://\(address)/1", "--sqlite", "mine.sqlite")
        let versions = try #require(record["versions"] as? [String: Any])
        #expect(versions["redis_config"] is NSNull)
        #expect(versions["redis"] is String)
        let stores = try #require(record["stores"] as? [String: Any])
        #expect((stores["sqlite"] as? [String: Any])?["file"] as? String == "user")
        #expect((stores["redis"] as? [String: Any])?["topology"] as? String == "tcp-loopback")
    }

    @Test("holds no password that the server's configuration holds")
    func noSecret() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try PrivateRedisServer(folder: folder)
        defer { server.stop() }
        var connection = try RedisConnection(server.endpoint)
        _ = try connection.execute(RedisCommand("CONFIG", "SET", "masterauth", "s3cret"))
        _ = try record("--strategy", "redis", "--redis", server.url)
        #expect(!(try String(contentsOf: file, encoding: .utf8)).contains("s3cret"))
    }

    @Test("a user and a password are sent, near and through a relay, and stand nowhere")
    func login() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try PrivateRedisServer(folder: folder)
        defer { server.stop() }
        var connection = try RedisConnection(server.endpoint)
        let secret = "s3cr@t/&%"
        _ = try connection.execute(
            RedisCommand("ACL", "SETUSER", "app", "on", ">\(secret)", "~*", "&*", "+@all"))
        _ = try connection.execute(RedisCommand("CONFIG", "SET", "requirepass", "another"))
        let place = server.url.replacingOccurrences(of: "unix://", with: "")
        let out = folder.appendingPathComponent("out")
        let secretFile = folder.appendingPathComponent("password")
        try Data("\(secret)\n".utf8).write(to: secretFile)
        let run = [
            "run", "--population", "160", "--clients", "2", "--operations", "400", "--warm-up", "0",
            "--repeats", "1", "--strategy", "redis", "--out", out.path, "--redis",
            "unix://\(place)?db=3&user=app",
        ]
        for (options, environment, status) in [
            ([], ["REDISCLI_AUTH": secret], 0), (["--redis-password-file", secretFile.path], [:], 0),
            (["--store-rtt", "1ms"], ["REDISCLI_AUTH": secret], 0), ([], [:], 64 as Int32),
            ([], ["REDISCLI_AUTH": "wrong"], 65),
        ] {
            let result = try Program(run + options, in: folder, environment: environment).finish()
            let isGood = status == 0 ? [0, 3].contains(result.status) : result.status == status
            #expect(isGood, "\(options): \(result.status) \(result.errors)")
            #expect(!(result.output + result.errors).contains("s3cr"))
        }
        let written = try #require(FileManager.default.enumerator(at: out, includingPropertiesForKeys: nil))
        for case let file as URL in written where !file.hasDirectoryPath {
            let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
            #expect(!text.contains("s3cr"), "\(file.path)")
        }
    }

    @Test(
        "is not written for a server's URL with a password, which is not repeated either",
        arguments: ["redis://u:s3cret@127.0.0.1", "redis://:s3cret@127.0.0.1", "redis://h?password=s3cret"])
    func refusedPassword(url: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try Program(["run", "--redis", url], in: folder).finish()
        #expect(result.status == 64)
        #expect(!result.errors.contains("s3cret"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
