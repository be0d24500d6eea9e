import Foundation
import Testing

/// `authbench serve` and `authbench run --target`, as a user runs them.
@Suite struct TargetTests {
    /// Serves a strategy while `body` runs, with a contract for it.
    private func served(
        _ strategy: String, in folder: URL, _ body: (_ address: String, _ contract: String) throws -> Void
    ) throws -> Program.Result {
        let contract = folder.appendingPathComponent("contract.json").path
        let output = folder.appendingPathComponent("address")
        try Data().write(to: output)
        let server = try Program(
            ["serve", strategy, "--probes", "--contract", contract], in: folder,
            output: try FileHandle(forWritingTo: output))
        defer { kill(server.id, SIGKILL) }
        func address() -> String {
            let text = (try? String(contentsOf: output, encoding: .utf8)) ?? ""
            return text.trimmingCharacters(in: .newlines)
        }
        let limit = Date(timeIntervalSinceNow: 30)
        while address().isEmpty, Date() < limit { usleep(20_000) }
        try #require(!address().isEmpty)
        try body(address(), contract)
        kill(server.id, SIGTERM)
        return server.finish()
    }

    private static let short = [
        "run", "mixed", "--population", "500", "--clients", "2", "--operations", "1500", "--repeats", "2",
        "--warm-up", "0", "--out", "out",
    ]

    @Test(
        "a trace over HTTP finds no wrong decision and no error",
        arguments: ["sqlite-session", "hs256-jwt", "hybrid", "redis-session", "denylist-redis"])
    func replayed(strategy: String) throws {
        try withFolder { folder in
            let ended = try served(strategy, in: folder) { address, contract in
                let run = try Program(
                    Self.short + ["--target", "mine=\(address)", "--contract", contract], in: folder
                ).finish()
                // The server takes processor time that is not the program's.
                try #require([0, 3].contains(run.status), "\(run.errors)")
                let rows = try CSVTableOfRun(folder).rows
                #expect(Set(rows.map { $0["strategy"] }) == ["mine", "open-route"])
                for row in rows {
                    #expect(
                        row["false_accepts"] == "0" && row["false_rejects"] == "0" && row["errors"] == "0")
                }
                let checked = try Program(["validate", "out/latest"], in: folder).finish()
                #expect([0, 3].contains(checked.status), "\(checked.errors)")
            }
            #expect(ended.status == 143 && ended.errors.contains("stopped by a signal"), "\(ended.errors)")
        }
    }

    @Test("a server that lets everybody in is found out by its decisions")
    func lax() throws {
        try withFolder { folder in
            _ = try served("hs256-jwt", in: folder) { address, contract in
                // What is open for everybody as if it were protected.
                var text = try String(contentsOfFile: contract, encoding: .utf8)
                text = text.replacingOccurrences(of: "\"/resource\"", with: "\"/open\"")
                    .replacingOccurrences(of: "  \"user\": {\"json\": \"/user\"},\n", with: "")
                let lax = folder.appendingPathComponent("lax.json")
                try Data(text.utf8).write(to: lax)
                let run = try Program(
                    Self.short + ["--target", "mine=\(address)", "--contract", lax.path], in: folder
                ).finish()
                #expect(run.status == 1)
                #expect(run.errors.contains("wrong decisions"), "\(run.errors)")
            }
        }
    }

    @Test(
        "every strategy decides over HTTP as it does in its process, and the server's processor time is its own"
    )
    func overHTTP() throws {
        try withFolder { folder in
            let run = try Program(
                [
                    "run", "hostile", "--over-http", "--strategy", "all", "--population", "200", "--clients",
                    "2",
                    "--operations", "600", "--repeats", "1", "--warm-up", "0", "--out", "out",
                ], in: folder
            ).finish()
            try #require([0, 3].contains(run.status), "\(run.errors)")
            let rows = try CSVTableOfRun(folder).rows
            let names = Set(rows.compactMap { $0["strategy"] })
            #expect(names.isSuperset(of: ["open-route", "hs256-jwt", "hs256-jwt@over=http"]))
            let inside = names.filter { !$0.contains("@") && !["open-route", "null-baseline"].contains($0) }
            #expect(Set(inside.map { "\($0)@over=http" }).isSubset(of: names))
            for row in rows {
                #expect(
                    row["false_accepts"] == "0" && row["false_rejects"] == "0" && row["errors"] == "0",
                    "\(row["strategy"] ?? "")")
                let isServed =
                    row["strategy"] == "open-route" || row["strategy"]?.hasSuffix("@over=http") == true
                #expect((row["store_cpu_source"] == "target") == isServed)
                #expect(!isServed || row["store_cpu_us_per_op"] != "")
            }
        }
    }

    @Test(
        "what cannot be asked is refused in one line, and nothing is left behind",
        arguments: [
            (["--target", "http://127.0.0.1:1"], 2, "127.0.0.1:1"),
            (["--target", "ftp://127.0.0.1:1"], 64, "is no address of a server"),
            (["--target", "http://127.0.0.1:1", "--strategy", "hs256-jwt"], 64, "give one"),
            (["--target", "http://127.0.0.1:1", "--contract", "missing.json"], 65, "missing.json"),
            (["--contract", "missing.json"], 64, "is for a --target"),
            (["--insecure"], 64, "--insecure is for a --target"),
            (["--requests-per-connection", "3"], 64, "is for a --target"),
            (["--target", "http://127.0.0.1:1", "--requests-per-connection", "0"], 64, "give 1 to 1000000"),
            (["--target", "https://127.0.0.1:1", "--ca", "/dev/null"], 65, "no certificate"),
            (["--target", "https://127.0.0.1:1", "--ca", "missing.pem"], 65, "missing.pem"),
            (["--target", "https://127.0.0.1:1", "--ca", "a", "--insecure"], 64, "contradict"),
            (["--target", "http://127.0.0.1:1", "--server-process", "2147483647"], 64, "no such process"),
            (["--over-http", "--target", "http://127.0.0.1:1"], 64, "give one"),
            (["--over-http", "--sqlite", "a.sqlite"], 64, "leave out"),
            (["--target", "a=http://127.0.0.1:1", "--target", "a=http://127.0.0.1:2"], 64, "have one name"),
        ])
    func refused(arguments: [String], status: Int32, part: String) throws {
        try withFolder { folder in
            let run = try Program(Self.short + arguments, in: folder).finish()
            #expect(run.status == status)
            #expect(run.errors.contains(part), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        }
    }

    @Test(
        "a contract that does not fit is refused with what is wrong",
        arguments: [
            (#""path": "/login""#, #""path": "login""#, "begin it with /"),
            (#""/login", "body""#, #""/login", "bodies""#, "unknown key"),
            (#""accepted": [200]"#, #""accepted": [200, 401]"#, "give it one meaning"),
            (#""present": "bearer""#, #""present": {"cookie": "a b"}"#, "no name of a cookie"),
            (#"{{user}}}"}"#, #"7}"}"#, "names no user"),
            (#""revocation": "at-expiry""#, #""revocation": "never""#, "immediate or at-expiry"),
        ])
    func misfit(old: String, new: String, part: String) throws {
        try withFolder { folder in
            let example = try Program(["contract", "--example"], in: folder).finish().output
            try #require(example.contains(old))
            let file = folder.appendingPathComponent("contract.json")
            try Data(example.utf8).write(to: file)
            #expect(try Program(["contract", file.path], in: folder).finish().status == 0)
            let range = try #require(example.range(of: old))
            try Data(example.replacingCharacters(in: range, with: new).utf8).write(to: file)
            let checked = try Program(["contract", file.path], in: folder).finish()
            #expect(checked.status == 65)
            #expect(checked.errors.contains(part), "\(checked.errors)")
            #expect(checked.errors.split(separator: "\n").count == 1, "\(checked.errors)")
        }
    }
}

/// `throughput.csv` of the last run in a folder.
private struct CSVTableOfRun {
    let rows: [[String: String]]

    init(_ folder: URL) throws {
        let text = try String(
            contentsOf: folder.appendingPathComponent("out/latest/throughput.csv"), encoding: .utf8)
        let lines = text.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        rows = lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
    }
}
