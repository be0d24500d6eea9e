import AuthCore
import AuthStrategies
import Backends
import Foundation
import Testing

@testable import AuthBenchCLI

/// Runs the built program as a user does, in an empty folder.
@Suite("Command line")
struct CommandLineTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private func authbench(
        _ arguments: [String], environment: [String: String]? = nil
    ) throws -> Program.Result {
        try Program(arguments, in: folder, environment: environment).finish()
    }

    /// The rows of a table without quoted fields, by the names of its columns.
    private func table(_ text: String) -> [[String: String]] {
        let lines = text.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }

    private func files() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
    }

    private static let short = [
        "--population", "320", "--operations", "4000", "--warm-up", "0", "--repeats", "2", "-q",
    ]

    /// A gate with a distance; its programs are not looked at before that.
    private static func gate(_ distance: String) -> [String] {
        ["gate", "--base", "/bin/true", "--head", "/bin/true", "--store-rtt", distance]
    }

    static let wrongCommandLines: [[String]] = [
        ["run", "--strategy", "nope"], ["run", "--strategy", "h"], ["run", "--strategy", ""],
        ["run", "nosuch"], ["run", "--clients", "0"],
        ["run", "--clients", "-3"],
        ["run", "--clients", "1001"], ["run", "--duration", "-1"], ["run", "--duration", "0"],
        ["run", "--duration", "nan"], ["run", "--operations", "0"], ["run", "--repeats", "0"],
        ["run", "--repeats", "9223372036854775807"], ["run", "--duration", "1e-10"], ["run", "--sqlite", ""],
        ["run", "--strategy", "two\nlines"],
        ["run", "--duration", "1", "--operations", "1"], ["run", "--population", "5"],
        ["run", "--redis", "localhost"], ["run", "--redis", "rediss://localhost"],
        ["run", "--redis-password-file", "password"], ["run", "--redis", "redis://app@localhost"],
        ["run", "--rotate-keys-every", "often"], ["run", "--rotate-keys-every", "50s"],
        ["conform", "--strategy", "hs256@rotate=50s"], ["conform", "--rotate-keys-every", "0"],
        ["run", "--strategy", "sqlite", "--rotate-keys-every", "10m"],
        ["run", "--seed", "-1"], ["run", "--sqlite-synchronous", "off"],
        ["run", "--store-rtt", "-1"], ["run", "--store-rtt", "1"], ["run", "--store-rtt", "1h"],
        ["run", "--store-rtt", "nan"], ["run", "--store-rtt", "1001ms"], ["run", "--store-rtt", ""],
        gate("-1"), gate("1"), gate("1h"), gate("nan"), gate("1001ms"), gate(""),
        ["gate", "--replay", "recording.jsonl", "--store-rtt", "1ms"],
        ["run", "--store-rtt", "1ms,"], ["run", "--store-rtt", "direct,near"],
        ["run", "--store-rtt", "1ms", "--store-rtt", "1000us"], ["run", "--store-rtt", "direct,direct"],
        ["run", "--sqlite-mmap", "-1"], ["run", "--sqlite-mmap", "2GiB"], ["run", "--sqlite-mmap", "1MB"],
        ["run", "--format", "xml"],
        ["run", "--bogus"],
        ["token", "make", "--alg", "HS256"], ["token", "check", "--alg", "none", "--key", "k"],
        ["token", "check", "--key", "k"], ["token", "check", "--alg", "HS256", "--key", "k", "eyJ.eyJ.x"],
        ["token", "make", "--alg", "HS256", "--key", "k", "--new-key", "n"],
        ["token", "make", "--alg", "HS256", "--new-key", "n", "--issuer", "a\"b"],
        ["token", "make", "--alg", "HS256", "--new-key", "n", "--subject", "281474976710656"],
        ["token", "make", "--alg", "HS256", "--new-key", "n", "--lifetime", "0"],
        ["token", "make", "--alg", "HS256", "--new-key", "n", "--now", "-1"],
        ["token", "make", "--alg", "HS256", "--new-key", "n", "--profile", "tiny", "--scope", "read"],
        ["token", "make", "--alg", "HS256", "--new-key", "n", "--subject", "a b"],
        ["token", "make", "--alg", "HS256", "--new-key", "n", "--subject", "--scope"],
        ["token", "make", "--alg", "HS256", "--new-key", "n", "--typ", "a\"b"],
        ["token", "check", "--alg", "HS256", "--key", "k", "--leeway", "61s"],
        ["token", "check", "--alg", "HS256", "--key", "k", "--leeway", "1"],
        ["token", "check", "--alg", "HS256", "--key", "k", "--typ", "any,JWT"],
        ["token", "check", "--alg", "HS256", "--key", "k", "--no-audience"],
        ["token", "check", "--alg", "HS256", "--key", "k", "--rules", "jwt", "--audience", "a"],
        ["token", "check", "--alg", "HS256", "--key", "k", "--rules", "jwt", "--issuer", "i"],
        [
            "token", "check", "--alg", "HS256", "--key", "k", "--rules", "jwt", "--issuer", "i", "--audience",
            "a", "--no-audience",
        ],
        [
            "token", "check", "--alg", "HS256", "--key", "k", "--rules", "jwt", "--issuer", "i",
            "--no-audience", "--scope-claim", "scp",
        ],
        ["frobnicate"], ["trace", "--count", "-1"], ["list", "extra"],
    ]

    @Test(
        "answers a wrong command line with one line, status 64 and nothing written",
        arguments: CommandLineTests.wrongCommandLines)
    func usage(arguments: [String]) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try authbench(arguments)
        #expect(result.status == 64)
        #expect(result.errors.hasPrefix("authbench: "))
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(try files().isEmpty)
        if ["--bogus", "1MB"].contains(arguments.last) {
            #expect(result.errors.contains("(see authbench help run)"), "\(result.errors)")
        }
    }

    static let unusableData: [(arguments: [String], part: String)] = [
        (["run", "./missing.json"], "No such file"), (["run", "comma.json"], "line 1, column"),
        (["run", "key.json"], "colour"), (["run", "sum.json"], "sum to 0.5"),
        (["run", "clients.json"], "clients is 0"),
        (["run", "many.json"], "1000"), (["run", "twice.json"], "twice"),
        (["run", "type.json"], "mix.authenticate has a value of another type: give a number"),
        (["run", "skew.json"], "skew: the value is unknown: give uniform or zipfian"),
        (["run", "fraction.json"], "whole"), (["run", "--out", "notes.txt"], "is a file"),
        (["run", "--out", "/proc/nowhere"], "cannot be written"), (["run", "--sqlite", "."], "is a folder"),
        (["run", "--sqlite", "notes.txt"], "not an SQLite database"),
        (["run", "--sqlite", "no/folder/a.db"], "cannot be made: No such file"),
        (["token", "check", "--alg", "HS256", "--key", "missing.key"], "No such file"),
        (["token", "check", "--alg", "HS256", "--key", "notes.txt"], "13 bytes"),
        (["token", "make", "--alg", "RS256", "--key", "notes.txt"], "no unencrypted RSA key"),
        (["token", "make", "--alg", "HS256", "--new-key", "notes.txt"], "File exists"),
        (["run", "--redis", "redis://127.0.0.1:1"], "Connection refused"),
        (["run", "--redis", "unix:///nowhere.sock"], "No such file"),
    ]

    @Test(
        "answers bad data with one line, status 65 and nothing written",
        arguments: CommandLineTests.unusableData)
    func badData(arguments: [String], part: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let mix = #""name":"x","summary":"y","mix":{"authenticate":1}"#
        try write("{\(mix),}", to: "comma.json")
        try write(#"{\#(mix),"colour":1}"#, to: "key.json")
        try write(#"{"name":"x","summary":"y","mix":{"authenticate":0.5}}"#, to: "sum.json")
        try write(#"{\#(mix),"clients":0}"#, to: "clients.json")
        try write(#"{\#(mix),"clients":1001}"#, to: "many.json")
        try write(#"{\#(mix),"name":"z"}"#, to: "twice.json")
        try write(#"{"name":"x","summary":"y","mix":{"authenticate":"all"}}"#, to: "type.json")
        try write(#"{\#(mix),"clients":1.5}"#, to: "fraction.json")
        try write(#"{\#(mix),"skew":"steep"}"#, to: "skew.json")
        try write("shopping list", to: "notes.txt")
        let before = try files()
        let result = try authbench(arguments)
        #expect(result.status == 65)
        #expect(result.errors.contains(part), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(result.output.isEmpty)
        #expect(try files() == before)
        #expect(
            try Data(contentsOf: folder.appendingPathComponent("notes.txt")) == Data("shopping list".utf8))
    }

    @Test("reports a stdout that takes nothing")
    func fullOutput() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = try Program(["list"], in: folder, output: FileHandle(forWritingAtPath: "/dev/full"))
        let full = program.finish()
        #expect(full.status == 2)
        #expect(full.errors.contains("stdout cannot be written: No space left on device"), "\(full.errors)")
    }

    @Test("leaves a folder of the user's that is called latest alone")
    func latest() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let mine = folder.appendingPathComponent("results/latest")
        try FileManager.default.createDirectory(at: mine, withIntermediateDirectories: true)
        try write("precious", to: "results/latest/mine.txt")
        // A busy machine makes a row not valid (3), which is no fault of the program.
        #expect([0, 3].contains(try authbench(["run", "--strategy", "null"] + Self.short).status))
        #expect(
            try String(contentsOf: mine.appendingPathComponent("mine.txt"), encoding: .utf8) == "precious")
    }

    @Test("removes its keys from a server of the user's, and only those")
    func foreignServer() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = try PrivateRedisServer(folder: folder)
        defer { server.stop() }
        var connection = try RedisConnection(server.endpoint)
        _ = try connection.execute(RedisCommand("SET", "theirs", "x"))
        let url = server.url
        let result = try authbench(
            ["run", "--strategy", "redis", "--redis", url, "--format", "csv"] + Self.short)
        #expect([0, 3].contains(result.status), "\(result.errors)")
        #expect(try connection.execute(RedisCommand("KEYS", "*")).elements == [Array("theirs".utf8)])
    }

    @Test("names the package to install when there is no redis-server, and drops no strategy silently")
    func missingServer() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try authbench(["run"] + Self.short, environment: ["PATH": "/nowhere"])
        #expect(result.status == 2)
        #expect(result.errors.contains("apt-get install redis-server"))
        #expect(try files().isEmpty)
    }

    @Test("measures all strategies on real stores with no wrong decision, and writes every file")
    func wholeRun() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try authbench(["run", "--format", "csv"] + Self.short)
        // A busy machine makes rows not valid (3), never a decision wrong.
        #expect([0, 3].contains(result.status), "\(result.errors)")
        let rows = table(result.output)
        #expect(rows.count == 6)
        for row in rows {
            for count in ["false_accepts", "false_rejects", "errors"] { #expect(row[count] == "0", "\(row)") }
            #expect(row["valid"] == "true" || result.status == 3)
        }
        let latest = folder.appendingPathComponent("results/latest/")
        let names = Set(try FileManager.default.contentsOfDirectory(atPath: latest.path))
        #expect(
            names == [
                "summary.csv", "latency.csv", "throughput.csv", "size.csv", "run.json", "histograms.jsonl",
            ])
        for file in try FileManager.default.subpathsOfDirectory(atPath: latest.path) {
            let bytes = try? Data(contentsOf: latest.appendingPathComponent(file))
            for secret in ["eyJ", "__Host-session=", "PRIVATE KEY"]
            where bytes?.range(of: Data(secret.utf8)) != nil {
                Issue.record("\(file) holds what looks like a credential: \(secret)")
            }
        }
        let throughput = try String(
            contentsOf: latest.appendingPathComponent("throughput.csv"), encoding: .utf8)
        let lines = table(throughput)
        #expect(lines.count == 12)
        #expect(Set(lines.map { $0["trace_sha256"] }).count == 1, "one trace for all strategies and repeats")
        let record = try Data(contentsOf: latest.appendingPathComponent("run.json"))
        let json = try #require(try JSONSerialization.jsonObject(with: record) as? [String: Any])
        #expect(json["status"] as? String == "complete")
        #expect(json["trace_sha256"] as? String == lines[0]["trace_sha256"])
    }

    @Test("tries the checklist on real stores, and prints a row for each requirement")
    func conform() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try authbench(["conform", "--strategy", "redis", "--strategy", "hs", "--format", "csv"])
        #expect(result.status == 0, "\(result.errors)")
        let rows = result.output.split(separator: "\n").dropFirst()
        #expect(rows.count == 2 * 112)
        #expect(rows.contains { $0.hasPrefix("redis-session,SES-11,") && $0.contains(",passed,") })
        #expect(rows.contains { $0.hasPrefix("hs256-jwt,CVE-2020-28042,") && $0.contains(",passed,") })
        #expect(!rows.contains { $0.contains(",failed,") })
        #expect(try files().isEmpty)
    }

    @Test("takes a strategy by the beginning of its name")
    func prefix() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try authbench(
            ["run", "--strategy", "null", "--strategy", "hs", "--format", "csv"] + Self.short)
        let strategies = result.output.split(separator: "\n").dropFirst().map { $0.prefix { $0 != "," } }
        #expect(strategies == ["hs256-jwt", "null-baseline"], "the baseline comes last")
    }

    @Test(
        "a p99 that is blank comes with the time to measure, which is enough",
        arguments: [["--rate", "20000", "--duration", "0.1"], ["--operations", "3000"]])
    func adviceOnP99(options: [String]) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = ["run", "browse", "--strategy", "null", "--population", "320", "--repeats", "1"]
        let short = try authbench(run + options)
        #expect([0, 3].contains(short.status), "\(short.errors)")
        let lines = short.output.split(separator: "\n").map(String.init)
        let advice = try #require(
            lines.first { $0.hasPrefix("p99 needs 9508 authentications") }, "\(short.output)")
        let better = advice.split(separator: " ").suffix(2).map(String.init)
        #expect(better.first == options[options.count - 2], "\(advice)")
        let arguments: [String] = run + options.dropLast(2) + better
        let long = try authbench(arguments)
        #expect([0, 3].contains(long.status), "\(long.errors)")
        #expect(!long.output.contains("p99 needs"), "\(advice): \(long.output)")
        let row = try #require(long.output.split(separator: "\n").first { $0.hasPrefix("null-baseline") })
        // After the columns of what the baseline does not have.
        #expect(!row.split(separator: " ").dropFirst(3).prefix(6).contains("–"), "\(row)")
    }

    @Test("prints the first operations of each client, and a hash that the seed decides")
    func trace() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let options = ["--population", "320", "--clients", "2"]
        let first = try authbench(["trace", "--count", "3"] + options)
        #expect(first.status == 0)
        #expect(first.output.split(separator: "\n").count == 7)
        let again = try authbench(["trace", "--count", "3"] + options)
        let other = try authbench(["trace", "--count", "3", "--seed", "2"] + options)
        #expect(first.errors == again.errors)
        #expect(first.errors != other.errors)
        #expect(first.errors.hasPrefix("trace_sha256 "))
    }

    @Test("lists every strategy and workload")
    func list() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = try authbench(["list"]).output
        for name in [
            "null-baseline", "sqlite-session", "redis-session", "hs256-jwt", "rs256-jwt", "hybrid", "mixed",
            "browse",
            "login-storm", "logout-heavy", "hostile", "services", "preferences", "carts",
        ] { #expect(text.contains("  \(name) "), "\(name)") }
        let json = try authbench(["list", "--format", "json"]).output
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
        #expect(rows.count == builtinStrategies.count + 8)
    }

    @Test("reads the time to the millisecond, as the clock is read")
    func moments() {
        #expect(Moment(argument: "1767225600.5")?.instant == Instant(milliseconds: 1_767_225_600_500))
        #expect(Moment(argument: "0")?.instant == Instant(milliseconds: 0))
        #expect(Moment(argument: "253402300799.999") != nil)
        for text in ["-1", "1.", ".5", "1.2345", "1e3", "1.-5", "253402300800", "+1", "", "1.5.5"] {
            #expect(Moment(argument: text) == nil, "\(text)")
        }
        let date = Date(timeIntervalSince1970: 1_767_225_600.6064)
        #expect(Moment(date).instant == Instant(milliseconds: 1_767_225_600_606))
    }
}
