import AuthResults
import AuthVerdict
import Foundation
import Testing

/// `authbench logout-everywhere` on real stores, as a user runs it.
@Suite struct LogoutEverywhereCommandTests {
    private static let quick = [
        "logout-everywhere", "--users", "6", "--every", "20ms", "--rate", "1000", "--clients", "2", "-q",
        "--format", "csv",
    ]

    /// The rows by strategy and number of sessions, of one repeat.
    private func measure(
        _ arguments: [String], in folder: URL
    ) throws -> [String: [String: String]] {
        let (temporary, environment) = try temporaryFolder(in: folder)
        let result = try Program(
            Self.quick + ["--repeats", "1"] + arguments, in: folder, environment: environment
        ).finish()
        // So few requests have no p99 (3), and nothing may be wrong.
        try #require(result.status == 3, "\(result.errors)")
        let latest = folder.appendingPathComponent("results/latest-logout-everywhere")
        #expect(Validation(latest.resolvingSymlinksInPath()).faults == [])
        #expect(try FileManager.default.subpathsOfDirectory(atPath: temporary.path) == [])
        let table = try CSVTable(result.output)
        let rows = table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0)) }
        return Dictionary(
            uniqueKeysWithValues: rows.map {
                ("\($0["strategy"] ?? "") \($0["sessions_per_user"] ?? "")", $0)
            })
    }

    @Test func `sessions, lists and tokens each end, or say why not, in every store`() throws {
        try withFolder { folder in
            let strategies = [
                "sqlite-session", "redis-session", "redis-session@cache=5s", "postgres-session",
                "denylist-redis", "epoch-redis", "denylist-pushed", "hybrid", "hs256-jwt", "one-time",
            ]
            let rows = try measure(
                ["--sessions", "1,20"] + strategies.flatMap { ["--strategy", $0] }, in: folder)
            #expect(rows.count == 8 * 3 + 2 * 2)
            for (name, row) in rows where row["sessions_per_user"] != "0" {
                guard !["hs256-jwt", "one-time"].contains(row["strategy"]) else {
                    #expect(row["n"] == "" && row["users"] == "" && row["reason"] != "", "\(name)")
                    continue
                }
                let sessions = Int(row["sessions_per_user"] ?? "") ?? 0
                #expect(row["checked_before"] == String(6 * sessions), "\(name)")
                #expect(row["checked_after"] == String(12 * sessions), "\(name)")
                for column in ["refused_before", "accepted_after", "others_wrong", "false_rejects"] {
                    #expect(row[column] == "0", "\(name): \(column)")
                }
                // The hybrid's access tokens live until they expire, and only its refresh tokens die.
                let allowed = row["strategy"] == "hybrid" ? 12 * sessions : 0
                #expect(row["allowed_after"] == String(allowed), "\(name)")
                #expect(row["logout_p50_ns"] != "" && row["store_commands_per_logout"] != "0.00", "\(name)")
            }
        }
    }

    @Test func `Redis searches the whole server for the sessions of newcomers, and for no other's`() throws {
        try withFolder { folder in
            let arguments = ["--sessions", "3", "--strategy", "redis"]
            let usual = try #require(try measure(arguments, in: folder)["redis-session 3"])
            #expect(usual["store_commands_per_logout"] == "1.00" && usual["newcomers"] == "false")
            let young = try #require(
                try measure(arguments + ["--newcomers"], in: folder)["redis-session 3"])
            let commands = try #require(Double(young["store_commands_per_logout"] ?? ""))
            #expect(commands > 2 && young["newcomers"] == "true")
        }
    }

    @Test func `validate names a row that does not follow from its users, and one without its control`()
        throws
    {
        try withFolder { folder in
            _ = try measure(["--sessions", "2", "--strategy", "memory"], in: folder)
            let run = folder.appendingPathComponent("results/latest-logout-everywhere")
                .resolvingSymlinksInPath()
            func change(_ file: String, _ body: (String) -> String) throws -> [String] {
                let url = run.appendingPathComponent(file)
                let text = try String(contentsOf: url, encoding: .utf8)
                try body(text).write(to: url, atomically: true, encoding: .utf8)
                defer { try? text.write(to: url, atomically: true, encoding: .utf8) }
                return Validation(run).faults
            }
            let lost = try change("logout_everywhere_users.csv") { text in
                text.split(separator: "\n").dropLast().joined(separator: "\n") + "\n"
            }
            #expect(
                lost.contains { $0.contains("users is \"6\", but logout_everywhere_users.csv gives \"5\"") })
            let alone = try change("logout_everywhere.csv") { text in
                text.split(separator: "\n").enumerated().filter { $0.offset != 1 }.map { String($0.element) }
                    .joined(separator: "\n") + "\n"
            }
            #expect(alone.contains { $0.contains("no row of memory-session is without logouts") })
            let refused = try Program(["compare", run.path, run.path], in: folder).finish()
            #expect(refused.status == 65 && refused.errors.contains("logouts"), "\(refused.errors)")
        }
    }

    @Test(
        arguments: [
            ("--sessions 0", "--sessions is \"0\""), ("--sessions 1,,2", "give numbers from 1, each once"),
            ("--sessions 5,5", "each once"), ("--sessions x", "--sessions is \"x\""),
            ("--sessions 1000000", "more than 1000000 at once"),
            ("--users 5", "--users is 5: give 6 to 10000"),
            ("--every 20", "--every is \"20\": give a time with its unit"),
            ("--every 10us", "give at least 1ms"), ("--repeats 0", "--repeats is 0"),
            ("--clients 0", "--clients is 0: give 1 to 998"), ("--rate 0", "--rate is 0.0"),
            ("--store-rtt -1", "--store-rtt is \"-1\""), ("--strategy null-baseline", "unknown strategy"),
        ])
    func `what cannot be measured is refused in one line, before anything is started`(
        _ arguments: String, _ words: String
    ) throws {
        try withFolder { folder in
            let result = try Program(
                ["logout-everywhere"] + arguments.split(separator: " ").map(String.init), in: folder
            ).finish()
            #expect(result.status == 64 && result.errors.contains(words), "\(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
        }
    }
}
