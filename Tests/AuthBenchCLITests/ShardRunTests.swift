import AuthResults
import AuthVerdict
import Backends
import Foundation
import Testing

/// Several processes that replay one trace together, against a Redis server of the test's own.
@Suite("Runs of several shards")
struct ShardRunTests {
    private let disk: Disk
    private let server: PrivateRedisServer

    init() throws {
        disk = try Disk()
        let folder = disk.url("redis")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        server = try PrivateRedisServer(folder: folder)
    }

    private func start(_ index: Int, of count: Int, _ options: [String]) throws -> Program {
        try disk.program(
            [
                "run", "--shard", "\(index)/\(count)", "--rendezvous", server.url, "--redis", server.url,
                "--population", "400", "--clients", "6", "--warm-up", "0.1", "-q", "--out", "shard-\(index)",
            ] + options)
    }

    private func start(_ count: Int, _ options: [String]) throws -> [Program] {
        try (1...count).map { try start($0, of: count, options) }
    }

    private func folder(_ index: Int) -> URL { disk.url("shard-\(index)/latest").resolvingSymlinksInPath() }

    /// Looks again and again, for at most 30 s.
    private func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        for _ in 0..<3000 {
            if try condition() { return true }
            usleep(10_000)
        }
        return false
    }

    private func keys() throws -> [String] {
        var connection = try RedisConnection(server.endpoint)
        return try RedisKeys.list(under: "authbench:", on: &connection).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Whether all shards have passed a meeting.
    private func havePassed(_ number: String, _ count: Int) throws -> Bool {
        guard let key = try keys().first(where: { $0.hasSuffix(":places") }) else { return false }
        var connection = try RedisConnection(server.endpoint)
        let values = try connection.execute(RedisCommand("HVALS", key)).elements ?? []
        return values.count == count && values.allSatisfy { String(decoding: $0, as: UTF8.self) == number }
    }

    @Test("the sum of all shards is one run without a wrong decision, from one trace", arguments: [2, 4])
    func together(count: Int) throws {
        let options = [
            "--strategy", "redis-session", "--strategy", "hs256", "--duration", "1.5", "--repeats", "2",
        ]
        for (index, program) in try start(count, options).enumerated() {
            let result = program.finish()
            #expect([0, 3].contains(result.status), "shard \(index + 1): \(result.status) \(result.errors)")
        }
        #expect(try keys() == [], "nothing stays behind")
        let shards = (1...count).map { ResultReader(folder($0)) }
        for shard in shards { #expect(Validation(shard.url).faults == []) }
        #expect(Set(shards.map { $0.record?.trace_sha256 }).count == 1)
        #expect(shards.compactMap { $0.record?.shard?.clients }.reduce(0, +) == 6)
        let merged = try disk.program(
            ["merge", "--shards", "--out", "merged"] + (1...count).map { "shard-\($0)/latest" }
        ).finish()
        #expect(merged.status == 0, "\(merged.errors)")
        let name = try #require(try disk.names(in: "merged").first)
        #expect(try disk.authbench("validate", "merged/\(name)").status == 0)
        let whole = ResultReader(disk.url("merged/\(name)"))
        #expect(whole.record?.trace_sha256 == shards[0].record?.trace_sha256)
        for row in whole.rows(of: "throughput.csv") {
            let own = shards.compactMap { shard in
                shard.rows(of: "throughput.csv").first {
                    $0["strategy"] == row["strategy"] && $0["repeat"] == row["repeat"]
                }
            }
            #expect(own.count == count)
            #expect(row.count("operations") == own.reduce(0) { $0 + ($1.count("operations") ?? 0) })
            let rate = own.reduce(0) { $0 + ($1.number("achieved_rate") ?? 0) }
            #expect(
                abs((row.number("achieved_rate") ?? 0) / rate - 1) < 1e-4, "\(row["achieved_rate"]) \(rate)")
            #expect(row["clients"] == "6")
            for name in ["errors", "false_accepts", "false_rejects"] { #expect(row[name] == "0") }
        }
        var skews_ns: [UInt64] = []
        for window in shards[0].record?.shard?.windows ?? [] {
            let starts = shards.compactMap { shard in
                shard.record?.shard?.windows.first {
                    $0.strategy == window.strategy && $0.repeat == window.repeat
                }?.started_unix_ns
            }
            #expect(starts.count == count)
            skews_ns.append((starts.max() ?? 0) - (starts.min() ?? 0))
        }
        #expect(skews_ns.count == 4)
        // On a busy machine a process waits for its turn.
        #expect(skews_ns.allSatisfy { $0 < 150_000_000 }, "\(skews_ns)")
    }

    @Test("an open loop has its rate from all shards together")
    func openLoop() throws {
        let options = ["--strategy", "redis-session", "--rate", "900", "--duration", "1.5", "--repeats", "1"]
        for program in try start(3, options) { #expect([0, 3].contains(program.finish().status)) }
        let merged = try disk.program(
            ["merge", "--shards", "--out", "merged"] + (1...3).map { "shard-\($0)/latest" }
        ).finish()
        #expect(merged.status == 0, "\(merged.errors)")
        let name = try #require(try disk.names(in: "merged").first)
        let row = try #require(ResultReader(disk.url("merged/\(name)")).rows(of: "throughput.csv").first)
        #expect(row["target_rate"] == "900.000" && row["errors"] == "0")
        #expect(abs((row.number("operations") ?? 0) - 1350) < 300)
        #expect(Validation(disk.url("merged/\(name)")).faults == [])
    }

    @Test("one that is killed in the middle of a repeat is named, and the others end within 5 s")
    func killed() throws {
        let options = [
            "--strategy", "redis-session", "--strategy", "hs256", "--duration", "60", "--repeats", "1",
        ]
        let programs = try start(3, options)
        try #require(try eventually { try havePassed("2", 3) })
        usleep(300_000)
        let clock = ContinuousClock()
        let begin = clock.now
        kill(programs[2].id, SIGKILL)
        for program in programs[0...1] {
            let result = program.finish()
            #expect(result.status == 3, "\(result.status) \(result.errors)")
            #expect(result.errors.contains("shard 3 of 3 was lost"), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }
        #expect(clock.now - begin < .seconds(5))
        _ = programs[2].finish()
        for index in 1...2 {
            #expect((try? disk.names(in: "shard-\(index)")) ?? [] == [], "no repeat is whole")
        }
        var connection = try RedisConnection(server.endpoint)
        for key in try keys() where key.contains("rendezvous") {
            #expect(try connection.execute(RedisCommand("PTTL", key)).integer ?? 0 > 0, "\(key) stays")
        }
    }

    @Test("what was measured before one is lost stays, and says that the run failed")
    func keptBefore() throws {
        let programs = try start(2, ["--strategy", "redis-session", "--duration", "0.2", "--repeats", "500"])
        let file = disk.url("shard-1/latest/throughput.csv").path
        try #require(eventually { FileManager.default.fileExists(atPath: file) })
        kill(programs[1].id, SIGTERM)
        let other = programs[0].finish()
        #expect(other.status == 3, "\(other.status) \(other.errors)")
        #expect(other.errors.contains("shard 2 of 2 ended early: stopped by a signal"), "\(other.errors)")
        #expect(programs[1].finish().status == 143)
        #expect(ResultReader(folder(1)).record?.status == .failed)
        #expect(Validation(folder(1)).faults == [])
    }

    @Test("one that does not come is named, and nothing is written")
    func late() throws {
        let result = try start(1, of: 2, ["--strategy", "hs256", "--rendezvous-patience", "1"]).finish()
        #expect(result.status == 3, "\(result.status) \(result.errors)")
        #expect(result.errors == "authbench: shard 2 of 2 did not come within 1 s\n", "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: disk.url("shard-1/latest").path))
    }

    @Test("another command is refused as a shard of the same run")
    func unlike() throws {
        let options = ["--rendezvous-name", "one", "--rendezvous-patience", "2", "--strategy", "hs256"]
        let programs = [
            try start(1, of: 2, options + ["--seed", "1"]), try start(2, of: 2, options + ["--seed", "2"]),
        ]
        for program in programs {
            let result = program.finish()
            #expect(result.status == 64 && result.errors.contains("has another plan"), "\(result.errors)")
        }
    }
}
