import Foundation
import Testing

@testable import AuthBenchCLI

/// `advise` as a user calls it.
@Suite("authbench advise")
struct AdviseCommandTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    private func advise(_ options: [String]) throws -> (status: Int32, output: String, errors: String) {
        let result = try Program(["advise"] + options, in: folder).finish()
        return (result.status, result.output, result.errors)
    }

    @Test("measures what it needs, answers, and the command that it prints gives the same answer again")
    func whole() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let requirements = [
            "--stores", "", "--logout-within", "2h", "--p99-within", "1h", "--request-time", "20ms",
        ]
        let first = try advise(requirements + ["--strategy", "hs256", "--format", "json", "--out", "out"])
        try #require(first.status == 0, "\(first.errors)")
        let folders = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out")
        #expect(folders.contains("latest-advise"))
        #expect(
            first.output.contains("\"hs256-jwt\"") && first.output.contains("exposure.csv, theory_max_ms"))
        let body = try #require(
            try JSONSerialization.jsonObject(with: Data(first.output.utf8)) as? [String: Any])
        let command = try #require(body["command"] as? String)
        let again = try Program(
            after: "authbench() { '\(Program.url.path)' \"$@\"; }; \(command) --format json; exit", [],
            in: folder
        ).finish()
        #expect(again.status == 0 && again.output == first.output, "\(again.errors)")
    }

    @Test(
        "bad input is one line, a status and no folder",
        arguments: [
            ([], 64, "there is no requirement"), (["--latency", "5ms"], 64, "Unknown option"),
            (["--p99-within", "5"], 64, "give a time with its unit"),
            (["--logout-within", "0", "--stores", "", "--services", "3"], 64, "without a store"),
            (["none.json"], 65, "none.json cannot be read"),
            (["bad.json"], 65, "the key \"latency\" is unknown"),
            (["--users", "1", "--results", "nowhere"], 65, "nowhere"),
            (["--users", "1", "--results", "x", "--strategy", "hs256"], 64, "--results measures nothing"),
            (["--users", "1", "--resume", "nowhere"], 65, "nowhere"),
        ] as [([String], Int32, String)])
    func bad(options: [String], status: Int32, reason: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try #"{"latency": "5ms"}"#.write(
            to: folder.appendingPathComponent("bad.json"), atomically: true, encoding: .utf8)
        let result = try advise(options)
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains(reason), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["bad.json"])
    }

    @Test("a series goes on only with what its file asked when it began")
    func resumed() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("r.json")
        func ask(_ json: String) throws { try json.write(to: file, atomically: true, encoding: .utf8) }
        try ask(#"{"p99_within": "1h", "stores": []}"#)
        let first = try advise(["r.json", "--strategy", "hs256", "-q"])
        try #require(first.status == 0, "\(first.errors)")
        let series = folder.appendingPathComponent("results/latest-advise").resolvingSymlinksInPath()
        let before = try FileManager.default.subpathsOfDirectory(atPath: series.path).sorted()
        // Written in another way, it asks the same.
        try ask(#"{"stores": "", "p99_within": "1h"}"#)
        let again = try advise(["--resume", series.path, "-q"])
        func answer(_ output: String) -> Substring? {
            output.firstRange(of: "Repeat it").map { output[..<$0.lowerBound] }
        }
        #expect(again.status == 0 && answer(again.output) == answer(first.output), "\(again.errors)")
        try ask(#"{"p99_within": "2h", "stores": []}"#)
        let other = try advise(["--resume", series.path, "-q"])
        #expect(other.status == 65 && other.errors.split(separator: "\n").count == 1, "\(other.errors)")
        #expect(other.errors.contains("it was begun with p99_within 1h, which is now 2h"), "\(other.errors)")
        #expect(try FileManager.default.subpathsOfDirectory(atPath: series.path).sorted() == before)
    }

    @Test("sign-ins are measured at their rate, and what they cost in a run of their own")
    func signIns() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try advise([
            "--requests-per-second", "200", "--sign-ins-per-day", "864000", "--stores", "", "--users", "600",
            "--strategy", "hs256", "--format", "json", "-q",
        ])
        try #require(result.status == 0, "\(result.errors)")
        // Where the machine was busy, the row at that rate, or all of them, may not be used.
        let findings = ["run.json, workload.mix.login", "not so measured", "no valid row"]
        #expect(findings.contains { result.output.contains($0) })
        let shares = try signInShares()
        // Of 210 requests in a second, 10 are sign-ins.
        #expect(shares.contains { abs($0 - 10.0 / 210) < 0.01 }, "\(shares)")
        #expect(shares.contains { $0 >= 0.3 }, "\(shares)")
        #expect(result.output.contains("\"required\" : \"864000 a day\""))
    }

    /// The share of sign-ins in each run that was made.
    private func signInShares() throws -> [Double] {
        let results = folder.appendingPathComponent("results")
        let runs = try FileManager.default.subpathsOfDirectory(atPath: results.path)
            .filter { $0.hasSuffix("/run.json") }
        return try runs.compactMap { path in
            let data = try Data(contentsOf: results.appendingPathComponent(path))
            let record = try JSONSerialization.jsonObject(with: data) as? [String: Any]
            let mix = (record?["workload"] as? [String: Any])?["mix"] as? [String: Any]
            return mix?["login"] as? Double
        }
    }

    @Test("the example is a file that advise takes")
    func example() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let example = try advise(["--example"])
        #expect(example.status == 0)
        try example.output.write(
            to: folder.appendingPathComponent("r.json"), atomically: true, encoding: .utf8)
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let result = try advise(["r.json", "--results", root.path + "/results/reference"])
        #expect(result.status == 0 && result.output.contains("not so measured"), "\(result.errors)")
    }
}
