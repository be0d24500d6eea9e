import AuthResults
import AuthVerdict
import Foundation
import Testing

@Suite("Compare")
struct CompareTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    /// Compares a base with a candidate, and hands over the rows as CSV.
    private func rows(_ change: (inout CraftedRun) -> Void) throws -> [[String: String]] {
        let base = try CraftedRun("base").write(in: folder)
        var candidate = CraftedRun("candidate")
        change(&candidate)
        let head = try candidate.write(in: folder)
        let arguments = ["compare", base.path, head.path, "--format", "csv"]
        let table = try CSVTable(try Program(arguments, in: folder).finish().output)
        return table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0)) }
    }

    @Test("finds a slow-down of a known size in every metric of its strategy, and in no other")
    func slower() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let rows = try rows { $0.slowness = ["hs256-jwt": 1.2] }
        let regressions = rows.filter { $0["verdict"] == "regression" }
        #expect(Set(regressions.map { $0["strategy"] }) == ["hs256-jwt"])
        #expect(
            Set(regressions.map { $0["metric"] }) == ["throughput", "cpu_us_per_op", "p50_ns", "p99_ns"])
        for row in regressions {
            let change = try #require(row["change_percent"].flatMap(Double.init))
            let low = try #require(row["ci95_low_percent"].flatMap(Double.init))
            let high = try #require(row["ci95_high_percent"].flatMap(Double.init))
            #expect(low < change && change < high)
            let expected = row["metric"] == "throughput" ? -16.7 : 20
            #expect(low < expected && expected < high && high - low < 3, "\(row)")
            #expect(row["n"] == "10")
        }
        #expect(rows.filter { $0["strategy"] == "null-baseline" }.allSatisfy { $0["verdict"] == "advisory" })
        let passed = rows.filter { $0["strategy"] == "sqlite-session" && $0["metric"] != "size.csv" }
        #expect(passed.count == 4 && passed.allSatisfy { $0["verdict"] == "pass" })
        #expect(passed.allSatisfy { $0["mde_percent"].flatMap(Double.init) ?? 0 > 3 }, "\(passed)")
    }

    @Test("has nothing to say of a strategy that only one run has")
    func oneSided() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let rows = try rows { $0.strategies = ["hs256-jwt", "rs256-jwt", "null-baseline"] }
        let notGated = rows.filter { $0["verdict"] == "not gated" }
        #expect(notGated.map { $0["strategy"] } == ["rs256-jwt", "sqlite-session"])
        #expect(notGated.map { $0["why"]?.prefix(4) } == ["new:", "gone"])
    }

    @Test("a disturbed repeat can prove a regression with the others, but no pass")
    func disturbed() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let rows = try rows {
            $0.stolenShare = 0.5
            $0.slowness = ["sqlite-session": 1.5]
        }
        let own = rows.filter { $0["strategy"] == "sqlite-session" && $0["metric"] != "size.csv" }
        #expect(own.allSatisfy { $0["verdict"] == "regression" && $0["n"] == "9" }, "\(own)")
    }

    /// Sets a field of the first row of `size.csv`.
    private func set(_ column: String, to value: String, in run: URL) throws {
        let url = run.appendingPathComponent("size.csv")
        var table = try CSVTable(String(contentsOf: url, encoding: .utf8))
        let place = try #require(table.header.firstIndex(of: column))
        table.rows[0][place] = value
        try table.text.write(to: url, atomically: true, encoding: .utf8)
    }

    @Test("sizes are compared to the byte, and what varies by nature has its allowance")
    func sizes() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let base = try CraftedRun("base").write(in: folder)
        let head = try CraftedRun("candidate").write(in: folder)
        let cases = [
            ("renewal_bytes", "0", "1", 1), ("renewal_bytes", "1", "0", 0),
            ("store_commands_per_renew", "2.00", "2.01", 1), ("http2_first_bytes", "100", "112", 0),
            ("http2_first_bytes", "100", "113", 1), ("store_bytes_per_session", "200.0", "209.9", 0),
            ("store_bytes_per_session", "200.0", "211.0", 1), ("store_bytes_per_session", "", "211.0", 0),
        ]
        for (column, before, after, status) in cases {
            let files = [base, head].map { $0.appendingPathComponent("size.csv") }
            let originals = try files.map { try Data(contentsOf: $0) }
            try set(column, to: before, in: base)
            try set(column, to: after, in: head)
            let result = try Program(["compare", base.path, head.path], in: folder).finish()
            #expect(result.status == Int32(status), "\(column) \(before) \(after): \(result.errors)")
            for (file, original) in zip(files, originals) { try original.write(to: file) }
        }
    }

    @Test("every format goes to a file as to stdout, and the file appears whole")
    func formats() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let base = try CraftedRun("base").write(in: folder).path
        let head = try CraftedRun("candidate").write(in: folder).path
        for format in VerdictFormat.allCases.map(\.rawValue) {
            let arguments = ["compare", base, head, "--format", format]
            let shown = try Program(arguments, in: folder).finish()
            let written = try Program(arguments + ["--out", "report"], in: folder).finish()
            #expect(shown.status == 0 && written.status == 0, "\(shown.errors)\(written.errors)")
            #expect(written.output.isEmpty && !shown.output.isEmpty)
            let text = try String(contentsOf: folder.appendingPathComponent("report"), encoding: .utf8)
            #expect(text == shown.output)
        }
        let limited = try Program(limitedTo: 1, ["compare", base, head, "--out", "large"], in: folder)
            .finish()
        #expect(limited.status == 65, "\(limited.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("large").path))
    }

    @Test("two real runs of one program compare, whatever the machine makes of them")
    func real() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = [
            "run", "--population", "320", "--operations", "4000", "--warm-up", "0", "--repeats", "2", "-q",
            "--strategy", "hs256", "--strategy", "null",
        ]
        for _ in 0..<2 { #expect([0, 3].contains(try Program(run, in: folder).finish().status)) }
        let results = folder.appendingPathComponent("results")
        let names = try FileManager.default.contentsOfDirectory(atPath: results.path)
        let folders = names.filter { $0 != "latest" }.sorted().map { "results/\($0)" }
        let result = try Program(["compare"] + folders, in: folder).finish()
        #expect(result.status == 3, "\(result.output)\(result.errors)")
        #expect(result.output.contains("2 pairs prove nothing") || result.output.contains("is not valid in"))
        #expect(result.output.contains("the harness's own cost"))
        #expect(result.output.contains("figures of bytes and commands are alike"))
        #expect(result.output.hasSuffix("`authbench gate` measures two builds in turns\n"))
    }
}
