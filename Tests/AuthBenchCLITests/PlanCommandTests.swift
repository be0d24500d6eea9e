import AuthResults
import Foundation
import Testing

@testable import AuthBenchCLI

private let recordings = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Recordings")
private let away = recordings.appendingPathComponent("plan/away").path
private let inProcess = recordings.appendingPathComponent("plan/in-process").path
/// Exposures of the same machine.
private let exposureFolder = recordings.appendingPathComponent(
    "claims/exposure/20261127T063833.005Z-exposure-mixed"
).path

/// `plan` as a user calls it.
@Suite("authbench plan")
struct PlanCommandTests {
    private func plan(_ options: [String]) throws -> (status: Int32, output: String, errors: String) {
        let result = try Program(["plan"] + options, in: FileManager.default.temporaryDirectory).finish()
        return (result.status, result.output, result.errors)
    }

    @Test("the rows of a series are a plan, the same each time, whose CSV has the columns of the schema")
    func rows() throws {
        let options = [away, "--requests-per-second", "1e6", "--format"]
        let first = try plan(options + ["csv"])
        #expect(first.status == 0, "\(first.errors)")
        #expect(try plan(options + ["csv"]).output == first.output)
        let table = try CSVTable(first.output)
        #expect(table.header == Schema.plan.fields.map(\.name))
        let strategies = table.rows(of: "plan.csv").map { $0["strategy"] }
        #expect(strategies.sorted() == ["denylist-redis", "postgres-session", "redis-session"])
        for row in table.rows(of: "plan.csv") {
            for field in Schema.plan.fields { #expect(field.kind.accepts(row[field.name]), "\(field.name)") }
            #expect(row["extrapolated"].contains("verifiers: ") && row["valid"] == "true")
        }
        let text = try plan(options + ["table", "--strategy", "redis-session"])
        #expect(text.output.contains("busiest shard*") && !text.output.contains("denylist-redis"))
        for line in text.output.split(separator: "\n").prefix(20) { #expect(line.count <= 80, "\(line)") }
    }

    @Test("the exposures of another folder replace theory")
    func exposures() throws {
        let options = [
            inProcess, "--requests-per-second", "5000", "--strategy", "hs256", "--format", "csv",
        ]
        func row(_ more: [String]) throws -> TableRow {
            try #require(try CSVTable(plan(options + more).output).rows(of: "plan.csv").first)
        }
        let (theory, measured) = (try row([]), try row([exposureFolder]))
        #expect(
            theory["exposure_source"] == "theory" && theory["extrapolated"].contains("exposure: by theory"))
        #expect(
            theory["store"] == "none" && theory["store_shards"].isEmpty && theory["store_connections"].isEmpty
        )
        #expect(measured["exposure_source"] == "measured" && !measured["extrapolated"].contains("exposure"))
        #expect(theory["p99_ns"] == measured["p99_ns"])
    }

    @Test("folders of two machines are refused")
    func otherMachine() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "plan-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: URL(fileURLWithPath: exposureFolder), to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("run.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let other = text.replacing(#/"cpu_model" : "[^"]*"/#, with: #""cpu_model" : "another""#)
        #expect(other != text)
        try other.write(to: file, atomically: true, encoding: .utf8)
        let result = try plan([away, folder.path, "--requests-per-second", "9"])
        #expect(result.status == 65 && result.errors.contains("another machine"), "\(result.errors)")
    }

    @Test(
        "bad input is one line and a status",
        arguments: [
            (["--requests-per-second", "5"], 64, "Missing expected argument"),
            ([away], 64, "requests-per-second"),
            ([away, "--requests-per-second", "0"], 64, "give 0.01 to 10000000"),
            ([away, "--requests-per-second=-5"], 64, "give 0.01 to 10000000"),
            ([away, "--requests-per-second", "1e8"], 64, "give 0.01 to 10000000"),
            ([away, "--requests-per-second", "nan"], 64, "give 0.01 to 10000000"),
            ([away, "--requests-per-second", "9", "--strategy", "cookies"], 64, "cookies"),
            (
                [away, "--requests-per-second", "9", "--strategy", "hs256"], 5,
                "no folder has a run of hs256-jwt"
            ),
            ([away, "--requests-per-second", "9", "--utilization", "1"], 64, "give 0.01 to 0.95"),
            ([away, "--requests-per-second", "9", "--p99-within", "5"], 64, "give a time with its unit"),
            ([away, "--requests-per-second", "9", "--store-rtt", "far"], 64, "--store-rtt is \"far\""),
            ([away, "--requests-per-second", "9", "--store-away", "2h"], 64, "give a time with its unit"),
            ([away, "--requests-per-second", "9", "--node-cores", "0"], 64, "give 1 to 1024"),
            (["nowhere", "--requests-per-second", "9"], 65, "nowhere"),
            (["", "--requests-per-second", "9"], 64, "is empty"),
            ([exposureFolder, "--requests-per-second", "9"], 5, "no folder has a run"),
        ] as [([String], Int32, String)])
    func bad(options: [String], status: Int32, reason: String) throws {
        let result = try plan(options)
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains(reason), "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(result.output.isEmpty)
    }
}
