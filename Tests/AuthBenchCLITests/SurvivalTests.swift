import AuthResults
import AuthVerdict
import Backends
import Foundation
import Testing

/// What a run leaves when the world around it breaks.
@Suite("Survival")
struct SurvivalTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private static let short = [
        "run", "--population", "320", "--clients", "4", "--duration", "0.2", "--warm-up", "0.05",
    ]

    private func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<3000 {
            if condition() { return true }
            usleep(10_000)
        }
        return false
    }

    private func rows(_ run: URL, _ strategy: String) throws -> [[String: String]] {
        let table = try CSVTable(
            String(contentsOf: run.appendingPathComponent("throughput.csv"), encoding: .utf8))
        return table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0)) }
            .filter { $0["strategy"] == strategy }
    }

    @Test(
        "a Redis killed or stopped in mid-run costs its own rows only: errors counted, nothing falsely accepted",
        arguments: [SIGKILL, SIGSTOP], [[], ["--rate", "2000"]])
    func lostRedis(signal: Int32, options: [String]) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try Program(
            Self.short + ["--strategy", "redis", "--strategy", "hs256", "--repeats", "3"] + options,
            in: folder)
        let csv = folder.appendingPathComponent("results/latest/throughput.csv").path
        try #require(eventually { FileManager.default.fileExists(atPath: csv) })
        let server = try #require(program.children.first)
        kill(server, signal)
        let result = program.finish()
        #expect(result.status == 2)
        #expect(result.errors.contains("redis-session"), "\(result.errors)")
        let run = folder.appendingPathComponent("results/latest").resolvingSymlinksInPath()
        let (redis, hs256) = (try rows(run, "redis-session"), try rows(run, "hs256-jwt"))
        #expect(redis.count == 3 && hs256.count == 3)
        #expect(redis.contains { $0["errors"] != "0" && $0["valid"] == "false" })
        #expect((redis + hs256).allSatisfy { $0["false_accepts"] == "0" })
        #expect(hs256.allSatisfy { $0["errors"] == "0" && $0["operations"] != "0" })
        #expect(Validation(run).faults.prefix(3) == [])
        #expect(eventually { !FileManager.default.fileExists(atPath: "/proc/\(server)") })
    }

    @Test("two runs at once into one folder keep out of each other's way")
    func twoAtOnce() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let options = Self.short + ["--strategy", "redis", "--strategy", "sqlite", "--repeats", "2", "-q"]
        let programs = try (0..<2).map { _ in try Program(options, in: folder) }
        for program in programs {
            let result = program.finish()
            #expect([0, 3].contains(result.status), "\(result.errors)")
        }
        let names = try FileManager.default.contentsOfDirectory(
            atPath: folder.appendingPathComponent("results").path)
        #expect(names.count == 3, "two runs and latest: \(names)")
        for name in names {
            #expect(Validation(folder.appendingPathComponent("results/\(name)")).faults == [])
        }
    }

    @Test("a disk that fills up in mid-run is one line and status 2, and what was finished stays")
    func fullDisk() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        // No file may grow beyond this many KiB: the histograms of some repeats stay below.
        let program = try Program(
            limitedTo: 256,
            [
                "run", "--population", "320", "--clients", "4", "--operations", "400", "--warm-up", "0",
                "--strategy", "null", "--strategy", "hs256", "--repeats", "40",
            ], in: folder)
        let result = program.finish()
        #expect(result.status == 2)
        #expect(result.errors.contains("could not be written: "), "\(result.errors)")
        let latest = folder.appendingPathComponent("results/latest")
        let table = try CSVTable(
            String(contentsOf: latest.appendingPathComponent("throughput.csv"), encoding: .utf8))
        #expect(table.rows.count > 3)
        #expect(Validation(latest.resolvingSymlinksInPath()).faults == [], "no histogram without its row")
        let left = try FileManager.default.contentsOfDirectory(atPath: latest.path + "/")
        #expect(
            left.sorted() == [
                "histograms.jsonl", "latency.csv", "run.json", "size.csv", "summary.csv", "throughput.csv",
            ])
    }

    @Test(
        "a machine that gives too little is one line and status 2 before anything begins",
        arguments: [
            ("ulimit -n 10", "see ulimit -n"), ("ulimit -n 16", "see ulimit -n"),
            ("ulimit -n 64", "8 clients need"),
        ])
    func limits(command: String, says: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try Program(
            after: command, ["run", "--clients", "8", "--population", "320"], in: folder
        ).finish()
        #expect(result.status == 2)
        #expect(
            result.errors.contains(says) && result.errors.split(separator: "\n").count == 1,
            "\(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("a redis-server that hangs at its start is given up after 5 s, and ended with what it has started")
    func hangingServer() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (server, started) = (
            folder.appendingPathComponent("redis-server"), folder.appendingPathComponent("started")
        )
        try executable("sleep 1000 &\necho $! >\(started.path)\nwait", at: server)
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = "\(folder.path):\(environment["PATH"] ?? "")"
        let result = try Program(
            Self.short + ["--strategy", "redis"], in: folder, environment: environment
        ).finish()
        #expect(result.status == 2)
        #expect(result.errors.contains("did not answer within 5 s"), "\(result.errors)")
        let sleeper = try String(contentsOf: started, encoding: .utf8).trimmingCharacters(in: .newlines)
        #expect(eventually { !FileManager.default.fileExists(atPath: "/proc/\(sleeper)") })
    }

    @Test("a Redis that is emptied or restarted is blamed, not the strategy")
    func emptiedRedis() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try PrivateRedisServer(folder: folder)
        let program = try Program(
            Self.short + ["--strategy", "redis", "--repeats", "6", "--redis", server.url], in: folder)
        let csv = folder.appendingPathComponent("results/latest/throughput.csv").path
        try #require(eventually { FileManager.default.fileExists(atPath: csv) })
        var connection = try RedisConnection(server.endpoint)
        _ = try connection.execute(RedisCommand("FLUSHALL"))
        let result = program.finish()
        #expect(result.status == 2, "\(result.errors)")
        #expect(result.errors.contains("somebody emptied Redis"), "\(result.errors)")
        let run = folder.appendingPathComponent("results/latest").resolvingSymlinksInPath()
        #expect(try rows(run, "redis-session").contains { !($0["store_loss"] ?? "").isEmpty })
        #expect(Validation(run).faults == [])
    }

    @Test("keys that may not be removed are named, and the status says that something was left")
    func leftKeys() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try PrivateRedisServer(folder: folder)
        var connection = try RedisConnection(server.endpoint)
        _ = try connection.execute(RedisCommand("ACL", "SETUSER", "default", "-scan"))
        let result = try Program(
            Self.short + ["--strategy", "redis", "--repeats", "1", "--redis", server.url], in: folder
        ).finish()
        #expect(result.status == 2)
        #expect(result.errors.contains("the keys under authbench:"), "\(result.errors)")
    }

    @Test("a result folder that vanishes in mid-run is one line and status 2")
    func vanished() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try Program(Self.short + ["--strategy", "null", "--repeats", "200", "-q"], in: folder)
        let results = folder.appendingPathComponent("results")
        let csv = results.appendingPathComponent("latest/throughput.csv").path
        try #require(eventually { FileManager.default.fileExists(atPath: csv) })
        try FileManager.default.moveItem(at: results, to: folder.appendingPathComponent("elsewhere"))
        let result = program.finish()
        #expect(result.status == 2)
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(result.errors.contains("could not be written: No such file"), "\(result.errors)")
    }
}
