import AuthResults
import AuthVerdict
import Foundation
import Testing

@testable import Backends

/// `authbench` with a Redis Cluster, as a user runs it.
@Suite("Runs with a Redis Cluster")
struct RedisClusterRunTests {
    private static let short = ["--strategy", "cluster-session", "--population", "2000", "-q"]

    private func rows(_ folder: URL) throws -> [[String: String]] {
        let csv = folder.appendingPathComponent("latest/throughput.csv").path
        let table = try CSVTable(String(contentsOfFile: csv, encoding: .utf8))
        return table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0)) }
    }

    private func keys(of server: PrivateRedisServer) throws -> Int64 {
        var connection = try RedisConnection(server.endpoint)
        return try connection.execute(RedisCommand("DBSIZE")).integer ?? 0
    }

    /// Reads so far, which only requests do: loading does not.
    private func reads(of server: PrivateRedisServer) throws -> Int {
        let statistics = try RedisInformation(at: server.endpoint, section: "commandstats")["cmdstat_get"]
        let calls = statistics?.split(separator: ",").first { $0.hasPrefix("calls=") }
        return calls.flatMap { Int($0.dropFirst("calls=".count)) } ?? 0
    }

    @Test(
        "a master that dies in mid-run costs errors and no decision, and a user's cluster is left as it was")
    func failover() throws {
        try withFolder { folder in
            let place = try TemporaryFolder()
            let cluster = try PrivateRedisCluster(folder: place.url)
            defer {
                cluster.stop()
                place.remove()
            }
            var environment = ProcessInfo.processInfo.environment
            environment["REDISCLI_AUTH"] = cluster.endpoints[0].password
            let address = "redis://" + cluster.endpoints.map(\.name).joined(separator: ",")
            let out = folder.appendingPathComponent("results")
            let program = try Program(
                ["run"] + Self.short + [
                    "--redis-cluster", address, "--clients", "4", "--duration", "8", "--warm-up", "0",
                    "--repeats", "1", "--out", out.path,
                ], in: folder, environment: environment)
            let dying = try cluster.fullestMaster()
            let begin = Date()
            func wait(until isSo: () throws -> Bool) rethrows {
                while try !isSo(), Date().timeIntervalSince(begin) < 120 { usleep(20_000) }
            }
            try wait { try keys(of: dying) >= 600 }
            let before = try reads(of: dying)
            try wait { try reads(of: dying) >= before + 200 }
            dying.stop()
            let result = program.finish()
            let row = try #require(try rows(out).first, "\(result.errors)")
            #expect(row["false_accepts"] == "0" && row["false_rejects"] == "0", "\(row)")
            #expect(row["errors"] != "0", "\(row)")
            try cluster.mend()
            for server in cluster.servers {
                var connection = try RedisConnection(server.endpoint)
                #expect(try RedisKeys.list(under: "authbench:", on: &connection).isEmpty)
            }
        }
    }

    @Test("a failover of a private cluster loses nothing that was acknowledged, and leaves no process")
    func outage() throws {
        try withFolder { folder in
            let (temporary, environment) = try temporaryFolder(in: folder)
            let result = try Program(
                ["outage"] + Self.short + [
                    "--fault", "failover", "--clients", "4", "--rate", "200", "--after", "1", "--for", "4",
                    "--recovery", "4", "--format", "csv",
                ], in: folder, environment: environment
            ).finish()
            try #require([0, 3].contains(result.status), "\(result.errors)")
            let table = try CSVTable(result.output)
            let row = Dictionary(uniqueKeysWithValues: zip(table.header, try #require(table.rows.first)))
            #expect(row["wrong_accepts"] == "0" && row["came_back"] == "0", "\(row)")
            #expect(Double(row["lost_share"] ?? "") == 0 && row["first_error_ns"] != "", "\(row)")
            let latest = folder.appendingPathComponent("results/latest-outage").resolvingSymlinksInPath()
            #expect(Validation(latest).faults == [])
            #expect(try FileManager.default.subpathsOfDirectory(atPath: temporary.path) == [])
        }
    }

    @Test(
        "what cannot be done with a cluster is one line",
        arguments: [
            (["--store-rtt", "1ms"], "no relay can stand before a Redis Cluster"),
            (["--redis-cluster", "redis://host:7000/2"], "without a database"),
            (["--redis-cluster", "redis://:secret@host:7000"], "has a password"),
            (["--redis-cluster", "redis://127.0.0.1:1"], "start the server, or correct the address"),
        ])
    func refused(options: [String], part: String) throws {
        try withFolder { folder in
            let result = try Program(["run"] + Self.short + options, in: folder).finish()
            #expect([64, 65].contains(result.status), "\(result.status)")
            #expect(result.errors.contains(part), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        }
    }
}
