import AuthResults
import AuthVerdict
import Foundation
import Testing

/// `authbench exposure` on real stores, as a user runs it.
@Suite("Exposure command")
struct ExposureCommandTests {
    private func rows(_ text: String) throws -> [[String: String]] {
        let table = try CSVTable(text)
        return table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0)) }
    }

    @Test("finds sessions dead at once and tokens dead as theory says, and writes a folder that is sound")
    func realStores() throws {
        try withFolder { folder in
            let program = try Program(
                [
                    "exposure", "--seconds", "3", "--credentials", "400", "--clients", "4", "-q", "--format",
                    "csv",
                ],
                in: folder)
            let result = program.finish()
            // On a busy machine it may be that nothing can be told (3), never that something was wrong.
            try #require([0, 3].contains(result.status), "\(result.errors)")
            let rows = try rows(result.output)
            #expect(rows.count == 10)
            for row in rows {
                #expect(row["false_accepts"] == "0" && row["wrong_before"] == "0" && row["errors"] == "0")
                #expect(row["matches_theory"] != "false", "\(row)")
                #expect(row["login_n"] == "25")
                let login_ms = try #require(Double(row["login_max_ms"] ?? ""))
                // A plain token is renewed for 12 hours after its logout, whatever its own lifetime.
                let isRenewed = row["strategy"]?.hasSuffix("-jwt") == true
                #expect(!isRenewed || 40_000_000...43_200_000 ~= login_ms, "\(row)")
                #expect(row["strategy"] != "hybrid" || 0...900_000 ~= login_ms, "\(row)")
                guard row["revocation"] == "immediate" else { continue }
                #expect(login_ms == 0)
                #expect(row["accepted_after"] == "0" && row["max_ms"] == "0.0" && row["n"] == "200", "\(row)")
            }
            #expect(rows.contains { $0["matches_theory"] == "true" && $0["revocation"] == "immediate" })
            #expect(!rows.contains { $0["strategy"] == "null-baseline" })
            try checkFolder(
                folder.appendingPathComponent("results/latest-exposure").resolvingSymlinksInPath())
        }
    }

    @Test("sees a replica that is behind, none where a sign-out waits for it, and copies of other servers")
    func copies() throws {
        try withFolder { folder in
            let (apply, none) = ("postgres-session@reads=replica", "postgres-session@reads=replica,wait=none")
            let sticky = "redis-session@cache=5s,nodes=4"
            let random = "redis-session@cache=5s,nodes=4,routing=random"
            let result = try Program(
                [
                    "exposure", "--seconds", "3", "--credentials", "40", "--clients", "4", "-q", "--format",
                    "csv", "--replica-lag", "50ms", "--strategy", apply, "--strategy", none,
                    "--strategy", sticky, "--strategy", random,
                ], in: folder
            ).finish()
            try #require([0, 3].contains(result.status), "\(result.errors)")
            let rows = try rows(result.output)
            try #require(rows.count == 8)
            for row in rows {
                #expect(row["false_accepts"] == "0" && row["wrong_before"] == "0" && row["errors"] == "0")
                #expect(row["matches_theory"] != "false", "\(row)")
                let longest_ms = try #require(Double(row["max_ms"] ?? ""))
                #expect(
                    longest_ms <= [none: 1000, random: 5000][row["strategy"] ?? "", default: 0], "\(row)")
                guard row["strategy"] == none || row["strategy"] == random else { continue }
                #expect(longest_ms > 0, "\(row)")
            }
            let latest = folder.appendingPathComponent("results/latest-exposure").path
            #expect(try Program(["validate", latest], in: folder).finish().status == 0)
            let run = try String(contentsOfFile: "\(latest)/run.json", encoding: .utf8)
            #expect(run.contains("\"replica_apply_delay\" : \"50ms\""), "\(run)")
        }
    }

    @Test("leaves latest on the newest run, and has a link of its own")
    func links() throws {
        try withFolder { folder in
            func target(_ name: String) throws -> String {
                let path = folder.appendingPathComponent("results/\(name)").path
                return try FileManager.default.destinationOfSymbolicLink(atPath: path)
            }
            let run = [
                "run", "--strategy", "null", "--population", "320", "--operations", "2000", "--repeats", "1",
            ]
            #expect([0, 3].contains(try Program(run, in: folder).finish().status))
            let newest = try target("latest")
            let exposure = [
                "exposure", "--strategy", "hs256", "--seconds", "0.5", "--credentials", "10", "-q",
            ]
            #expect([0, 3].contains(try Program(exposure, in: folder).finish().status))
            #expect(try target("latest") == newest)
            #expect(try target("latest-exposure").contains("-exposure-"))
        }
    }

    /// Sound as it is, refused with a change, and nothing to merge.
    private func checkFolder(_ latest: URL) throws {
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: latest.path).sorted() == [
                "exposure.csv", "run.json",
            ])
        #expect(try Program(["validate", latest.path], in: latest).finish().status == 0)
        let merged = try Program(["merge", latest.path, latest.path], in: latest).finish()
        #expect(merged.status == 65 && merged.errors.contains("not merged"), "\(merged.errors)")
        let file = latest.appendingPathComponent("exposure.csv")
        let original = try String(contentsOf: file, encoding: .utf8)
        let table = try CSVTable(original)
        let changes = [
            ("withdrawal", "boredom"), ("revocation", "never"), ("accepted_after", "7"),
            ("p50_ms", "99999999.0"),
            ("matches_theory", ""), ("contested", "100000"), ("strategy", "nobody"), ("run_id", "x"),
            ("ks_distance", "0.0100"), ("login_max_ms", "5000.0"), ("login_n", "0"),
        ]
        for (column, value) in changes {
            var changed = table
            let place = try #require(table.header.firstIndex(of: column))
            // The first row is that of a session strategy.
            changed.rows[0][place] = value
            try Data(changed.text.utf8).write(to: file)
            #expect(!Validation(latest).faults.isEmpty, "\(column)")
        }
        try Data(original.utf8).write(to: file)
        #expect(Validation(latest).faults == [])
    }

    @Test(
        "answers a wrong command line with one line and status 64",
        arguments: [
            ["--clients", "1"], ["--clients", "1001"], ["--credentials", "9"], ["--seconds", "0"],
            ["--strategy", "null"], ["nosuch"], ["--sqlite", ""], ["--redis", "x"],
        ])
    func usage(arguments: [String]) throws {
        try withFolder { folder in
            let result = try Program(["exposure"] + arguments, in: folder).finish()
            #expect(result.status == 64 && result.output.isEmpty)
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test("a lost Redis server is status 2")
    func lostServer() throws {
        try withFolder { folder in
            let program = try Program(
                ["exposure", "--strategy", "redis", "--seconds", "3", "-q"], in: folder)
            let deadline = Date().addingTimeInterval(20)
            while program.children.isEmpty, Date() < deadline {}
            usleep(1_500_000)
            for child in program.children { kill(child, SIGKILL) }
            let result = program.finish()
            #expect(result.status == 2, "\(result.status) \(result.errors)")
            #expect(result.errors.contains("redis"), "\(result.errors)")
        }
    }
}
