import AuthResults
import AuthVerdict
import Backends
import Foundation
import Testing

/// `authbench outage` on real stores, as a user runs it.
@Suite("Outage command")
struct OutageCommandTests {
    private func rows(_ text: String) throws -> [[String: String]] {
        let table = try CSVTable(text)
        return table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0)) }
    }

    private func share(_ row: [String: String], _ name: String) throws -> Double {
        try #require(Double(row[name] ?? ""), "\(name) is blank")
    }

    /// Measures with short times.
    private func measure(
        _ arguments: [String], in folder: URL, away_s: Double = 0.5
    ) throws -> [String: [String: String]] {
        let (temporary, environment) = try temporaryFolder(in: folder)
        let result = try Program(
            [
                "outage", "--population", "400", "--clients", "4", "--rate", "400", "--after", "0.5", "--for",
                "\(away_s)", "--recovery", "1.5", "-q", "--format", "csv",
            ] + arguments, in: folder, environment: environment
        ).finish()
        // On a busy machine it may be that nothing follows (3), never that something was wrong.
        try #require([0, 3].contains(result.status), "\(result.errors)")
        let latest = folder.appendingPathComponent("results/latest-outage").resolvingSymlinksInPath()
        #expect(Validation(latest).faults == [])
        #expect(try FileManager.default.subpathsOfDirectory(atPath: temporary.path) == [])
        let rows = try rows(result.output)
        for row in rows { #expect(row["wrong_accepts"] == "0", "\(row)") }
        return Dictionary(
            uniqueKeysWithValues: rows.map { ("\($0["strategy"] ?? "") \($0["fault"] ?? "")", $0) })
    }

    @Test("every fault of Redis shows on a session, and on nothing that asks no store; a time line agrees")
    func redis() throws {
        try withFolder { folder in
            let rows = try measure(["--strategy", "redis", "--strategy", "hs256"], in: folder)
            #expect(
                Set(rows.keys)
                    == Set(
                        ["stop", "kill", "cut", "reset", "slow", "failover"].map { "redis-session \($0)" }
                            + ["hs256-jwt none"]))
            for (name, row) in rows {
                let (decided, lost) = (try share(row, "decided_share"), try share(row, "lost_share"))
                guard name != "hs256-jwt none" else {
                    #expect(row["errors"] == "0" && lost == 0 && row["signed_out_checked"] == "0")
                    continue
                }
                #expect(decided < 0.5, "\(name)")
                // A server that is gone refuses at once; one that is silent is waited for.
                if ["kill", "reset", "failover"].contains(row["fault"]) {
                    #expect(try share(row, "undecided_share") > 0.5, "\(name)")
                    #expect(row["first_error_ns"] != "")
                }
                if ["stop", "cut", "slow"].contains(row["fault"]) {
                    #expect(try share(row, "late_share") > 0.3)
                }
                #expect(row["fault"] == "kill" ? lost > 0.9 : lost < 0.1, "\(name) lost \(lost)")
                #expect(row["first_good_ns"] != "" && row["came_back"] != "")
                if row["fault"] != "failover" { #expect(row["came_back"] == "0") }
            }
            let series = try self.rows(
                try String(
                    contentsOf: folder.appendingPathComponent("results/latest-outage/outage_series.csv"),
                    encoding: .utf8))
            let cut = series.filter { $0["fault"] == "cut" }
            let row = try #require(rows["redis-session cut"])
            let troubled = try cut.filter { $0["late"] != "0" || $0["undecided"] != "0" }
                .map { try #require(Double($0["slice_start_ns"] ?? "")) }
            let (begin, end) = (try share(row, "fault_start_ns"), try share(row, "fault_end_ns"))
            // A machine that others use is late at any time, also before.
            let first = try #require(troubled.first { $0 >= begin - 100e6 })
            #expect(first <= begin + 100e6, "\(first) \(begin)")
            // Undecided is nothing before, nor when the way is free again, but what had been on it until then: a client
            // waits for an answer for two seconds.
            let undecided = try cut.filter { $0["undecided"] != "0" }
                .map { try #require(Double($0["slice_start_ns"] ?? "")) }
            #expect(undecided.allSatisfy { begin - 100e6 <= $0 && $0 < end + 2.5e9 })
        }
    }

    @Test("PostgreSQL has after its death what it had acknowledged, unless its table was unlogged")
    func postgres() throws {
        try withFolder { folder in
            let rows = try measure(
                [
                    "--strategy", "postgres", "--strategy", "postgres-session@durability=unlogged", "--fault",
                    "kill", "--fault", "reset", "--recovery", "8",
                ], in: folder)
            #expect(rows.count == 4)
            for (name, row) in rows {
                let isEmptied = name == "postgres-session@durability=unlogged kill"
                let lost = try share(row, "lost_share")
                // Whoever has signed in again since has lost nothing.
                #expect(isEmptied ? lost > 0.1 : lost == 0, "\(name) lost \(lost)")
                #expect(row["came_back"] == "0" && row["first_good_ns"] != "", "\(name)")
                #expect(try share(row, "undecided_share") > 0.5, "\(name)")
            }
        }
    }

    @Test(
        "a list of the ended that is emptied lets them in again, which is the store's doing; accepting is as set"
    )
    func lists() throws {
        try withFolder { folder in
            let rows = try measure(
                [
                    "--strategy", "denylist-redis", "--strategy", "denylist-redis@on-failure=accept",
                    "--strategy", "allowlist-redis", "--fault", "kill",
                ], in: folder)
            for (name, row) in rows {
                let isListOfEnded = name.hasPrefix("denylist")
                #expect((row["came_back"] != "0") == isListOfEnded, "\(name)")
                let decided = try share(row, "decided_share")
                #expect(name.contains("accept") ? decided > 0.5 : decided < 0.5, "\(name) \(decided)")
                #expect((try share(row, "lost_share") > 0.9) == !isListOfEnded, "\(name)")
            }
        }
    }

    @Test("a database that is locked or full goes on reading, and signs nobody in")
    func sqlite() throws {
        try withFolder { folder in
            let rows = try measure(["--strategy", "sqlite", "--strategy", "hybrid"], in: folder)
            #expect(rows.count == 4)
            for (name, row) in rows {
                #expect(try share(row, "lost_share") == 0 && row["came_back"] == "0", "\(name)")
                if row["fault"] == "full" {
                    #expect(try share(row, "undecided_share") > 0.02, "\(name)")
                    #expect(row["error_kinds"]?.contains("full") == true, "\(name)")
                } else {
                    #expect(try share(row, "late_share") > 0, "\(name)")
                }
            }
            #expect(try share(#require(rows["hybrid full"]), "decided_share") > 0.8)
        }
    }

    @Test("a sign-out waits for a replica where that is asked for, and then none comes back")
    func replicas() throws {
        try withFolder { folder in
            let arguments = [
                "logout-heavy", "--strategy", "redis", "--fault", "failover", "--replication-delay", "300ms",
            ]
            let lax = try #require(try measure(arguments, in: folder)["redis-session failover"])
            #expect(try share(lax, "came_back") > 0 && lax["wait_replicas"] == "0")
            #expect(try share(lax, "came_back_theory") > 1)
            let strict = try #require(
                try measure(
                    arguments + ["--wait", "1", "--rate", "40", "--late-after", "1000ms"], in: folder)[
                        "redis-session failover"]
            )
            #expect(strict["came_back"] == "0" && strict["wait_replicas"] == "1")
            #expect(try share(strict, "came_back_theory") == 0 && strict["signed_out_checked"] != "0")
        }
    }

    @Test("a server of the user's is cut off and slowed down, and keeps what is the user's")
    func foreignServer() throws {
        try withFolder { folder in
            let own = folder.appendingPathComponent("own")
            try FileManager.default.createDirectory(at: own, withIntermediateDirectories: false)
            let server = try PrivateRedisServer(folder: own)
            defer { server.stop() }
            var connection = try RedisConnection(server.endpoint)
            _ = try connection.execute(RedisCommand("SET", "mine", "kept"))
            let rows = try measure(["--redis", server.url, "--strategy", "redis"], in: folder)
            #expect(Set(rows.keys) == ["redis-session cut", "redis-session reset", "redis-session slow"])
            #expect(try connection.execute(RedisCommand("GET", "mine")).text == "kept")
            #expect(try connection.execute(RedisCommand("DBSIZE")).integer == 1)
        }
    }

    @Test(
        "what is no outage is refused in one line, before anything is started",
        arguments: [
            ("--fault fire", "fire"), ("--for 0", "--for is 0.0: give 0.1 to 3600 seconds"),
            ("--after 0.1", "--after is 0.1: give 0.5 to 3600"), ("--recovery nan", "--recovery is nan"),
            ("--repeats 0", "--repeats is 0"), ("--wait 2", "--wait is 2: give 0 or 1"),
            ("--late-after 1", "--late-after is \"1\": give a time with its unit"),
            ("--slow-rtt 2000ms", "--slow-rtt is \"2000ms\": give at most 1000ms"),
            ("--replication-delay x", "--replication-delay is \"x\""),
            ("--store-rtt -1", "--store-rtt is \"-1\""),
            ("--sqlite mine.db", "leave the option out"),
            ("--redis redis://127.0.0.1:1 --fault kill", "authbench stops no server of yours"),
            ("--redis redis://127.0.0.1:1 --fault stop", "authbench stops no server of yours"),
            ("--redis redis://127.0.0.1:1 --fault failover", "authbench stops no server of yours"),
            ("--strategy redis --fault full", "happens to no store of these strategies"),
        ])
    func refused(_ arguments: String, _ words: String) throws {
        try withFolder { folder in
            let result = try Program(
                ["outage"] + arguments.split(separator: " ").map(String.init), in: folder
            )
            .finish()
            #expect(result.status == 64 && result.errors.contains(words), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }
}
