import AuthResults
import AuthVerdict
import Foundation
import Testing

/// Folders that `run` wrote, as they are and changed in one place.
@Suite("Validate")
struct ValidateTests {
    private static let short = [
        "--population", "320", "--clients", "2", "--operations", "4000", "--warm-up", "0", "--repeats", "2",
        "-q", "--strategy", "null", "--strategy", "hs256",
    ]

    /// Runs once and hands over the result folder.
    private func withRun(_ options: [String] = [], _ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let result = try Program(["run"] + Self.short + options, in: folder).finish()
        try #require([0, 3].contains(result.status), "\(result.errors)")
        try body(folder.appendingPathComponent("results/latest").resolvingSymlinksInPath())
    }

    @Test(
        "accepts what run writes, closed and open loop, and what was stopped",
        arguments: [[], ["--rate", "20000"], ["--rate", "20000", "--arrival", "constant"]])
    func sound(options: [String]) throws {
        try withRun(options) { folder in
            #expect(Validation(folder).faults == [])
            #expect(Validation(folder).histogramCount > 20)
            let result = try Program(["validate", folder.path], in: folder).finish()
            #expect(result.status == 0 && result.output.isEmpty, "\(result.output)")
        }
    }

    /// One change of one file; the text must change, and must then be refused.
    private struct Mutation {
        var name: String
        var file: String
        var change: (String) -> String?
    }

    /// Changes the field of a column in a row, counted from 0.
    private func field(
        _ file: String, _ column: String, row: Int = 0, _ change: @escaping (String) -> String
    ) -> Mutation {
        Mutation(name: "\(column) of row \(row)", file: file) { text in
            guard var table = try? CSVTable(text), let place = table.header.firstIndex(of: column) else {
                return nil
            }
            table.rows[row][place] = change(table.rows[row][place])
            return table.text
        }
    }

    private func replace(_ file: String, _ old: String, by new: String) -> Mutation {
        Mutation(name: "\(old) by \(new)", file: file) { text in
            text.range(of: old).map { text.replacingCharacters(in: $0, with: new) }
        }
    }

    private func lines(
        _ name: String, _ file: String, _ change: @escaping ([Substring]) -> [Substring]
    ) -> Mutation {
        Mutation(name: name, file: file) { text in
            change(text.split(separator: "\n")).joined(separator: "\n") + "\n"
        }
    }

    private func plusOne(_ field: String) -> String { String((Int(field) ?? 0) + 1) }

    private var mutations: [Mutation] {
        let (latency, throughput, size) = ("latency.csv", "throughput.csv", "size.csv")
        let summary = "summary.csv"
        let histogram = "histograms.jsonl"
        return [
            replace(latency, "p50_ns", by: "median_ns"), field(latency, "n", plusOne),
            field(latency, "p50_ns", row: 1, plusOne), field(latency, "p50_ci95_high_ns", row: 1, plusOne),
            field(latency, "p50_ns", row: 1) { _ in "" }, field(latency, "min_ns") { _ in "-5" },
            field(latency, "mean_ns") { _ in "NaN" }, field(latency, "max_ns") { $0 + ".5" },
            field(latency, "operation") { _ in "authorise" }, field(latency, "clock") { _ in "response" },
            lines("a row less", latency) { $0.dropLast() },
            lines("a row twice", latency) { $0 + $0.suffix(1) },
            Mutation(name: "cut off", file: latency) { String($0.dropLast(20)) },
            Mutation(name: "a quote that does not end", file: latency) { $0 + "\"" },
            field(summary, "p50_ns", row: 1, plusOne), field(summary, "valid_repeats", plusOne),
            field(summary, "operations_per_second") { $0 + "1" },
            field(summary, "cpu_us_per_op") { _ in "1" },
            field(summary, "needed_clients_at_1000_per_second") { $0 + "1" },
            field(summary, "operations_per_second_ci95_high") { _ in "1.0" },
            lines("a row less", summary) { $0.dropLast() },
            field(throughput, "achieved_rate_ci95_low") { _ in "1.0" },
            field(throughput, "trace_sha256") { "0" + $0.dropFirst() },
            field(throughput, "run_id", row: 2) { $0 + "x" },
            field(throughput, "schema_version") { _ in "1" },
            field(throughput, "workload") { _ in "other" }, field(throughput, "operations", plusOne),
            field(throughput, "achieved_rate") { $0 + "0" }, field(throughput, "valid") { _ in "yes" },
            field(throughput, "reason") { _ in "a whim" }, field(throughput, "accepted") { _ in "999999" },
            field(throughput, "clipped_times", plusOne), field(throughput, "late_wakes") { _ in "1" },
            field(throughput, "run_order") { _ in "9" }, field(throughput, "repeat") { _ in "3" },
            field(throughput, "false_accepts") { _ in "1" }, field(throughput, "target_rate") { _ in "5" },
            field(throughput, "store_cpu_source") { _ in "guess" },
            field(throughput, "steal_share") { _ in "1.5" },
            lines("a row less", throughput) { $0.dropLast() },
            lines("a field more", throughput) { $0.dropLast() + [($0.last ?? "") + ",1"] },
            field(size, "claim_profile") { _ in "gigantic" },
            field(size, "fits_header_8192") { $0 == "true" ? "false" : "true" },
            field(size, "http2_repeat_bytes", row: 9) { _ in "99999" },
            field(size, "exposure_theory_p50_ms") { _ in "99999999999.0" },
            field(throughput, "store_round_trips_per_op") { _ in "1.5000" },
            field(size, "credential_bytes") { _ in "99999" }, lines("a row less", size) { $0.dropLast() },
            Mutation(name: "empty", file: size) { _ in "" },
            replace("run.json", #""status" : "complete""#, by: #""status" : "running""#),
            replace("run.json", #""trace_sha256" : ""#, by: #""trace_sha256" : "ff"#),
            replace("run.json", #""order""#, by: #""row""#),
            Mutation(name: "cut off", file: "run.json") { String($0.dropLast(9)) },
            replace(histogram, "\"repeat\":1", by: "\"repeat\":2"),
            replace(histogram, "\"strategy\":\"hs256-jwt\"", by: "\"strategy\":\"null-baseline\""),
            replace(histogram, "\"lower_ns\":[", by: "\"lower_ns\":[1"),
            replace(histogram, "\"slices\":[[", by: "\"slices\":[[0,1,"),
            lines("a line less", histogram) { $0.dropLast() },
            lines("a line twice", histogram) { $0 + $0.suffix(1) },
            Mutation(name: "cut off", file: histogram) { String($0.dropLast(9)) },
        ]
    }

    @Test("refuses every folder that was changed in one place")
    func mutated() throws {
        try withRun { folder in
            #expect(mutations.count >= 20)
            for mutation in mutations {
                let url = folder.appendingPathComponent(mutation.file)
                let original = try String(contentsOf: url, encoding: .utf8)
                let changed = try #require(mutation.change(original), "\(mutation.file): \(mutation.name)")
                #expect(changed != original, "\(mutation.file): \(mutation.name)")
                try changed.write(to: url, atomically: true, encoding: .utf8)
                let faults = Validation(folder).faults
                #expect(!faults.isEmpty, "\(mutation.file): \(mutation.name)")
                #expect(faults.allSatisfy { !$0.contains("\n") })
                try original.write(to: url, atomically: true, encoding: .utf8)
            }
            #expect(Validation(folder).faults == [], "every change was undone")
        }
    }

    @Test("refuses a valid row that says what makes it invalid, and a folder of another schema in one line")
    func contradicted() throws {
        let parent = FileManager.default.temporaryDirectory.appendingPathComponent(
            "test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: parent) }
        var run = CraftedRun("one")
        run.repeats = 2
        let folder = try run.write(in: parent)
        #expect(Validation(folder).faults == [])
        let url = folder.appendingPathComponent("throughput.csv")
        let original = try String(contentsOf: url, encoding: .utf8)
        for (column, value, isFault) in [
            ("standstill_ns", "500000000", true), ("standstill_ns", "30000000", false),
            ("foreign_cpu_share", "0.66000", true), ("foreign_cpu_share", "0.10000", false),
            ("clipped_times", "1", true), ("valid", "false", true), ("little_residual", "0.50000", true),
            ("steal_share", "0.90000", true), ("idle_clients", "7", true),
            ("throttled_ns", "900000000", true),
            ("swapped_in_pages", "1000", true),
            ("store_loss", "Redis was restarted", true),
        ] {
            let mutation = field("throughput.csv", column) { _ in value }
            try #require(mutation.change(original)).write(to: url, atomically: true, encoding: .utf8)
            let faults = Validation(folder).faults.filter { $0.hasPrefix("throughput.csv, line 2: ") }
            #expect(faults.isEmpty != isFault, "\(column) \(value): \(faults)")
        }
        try original.write(to: url, atomically: true, encoding: .utf8)
        let record = folder.appendingPathComponent("run.json")
        let text = try String(contentsOf: record, encoding: .utf8)
        let old = text.replacing("\"schema_version\" : 5", with: "\"schema_version\" : 2")
        #expect(old != text)
        try old.write(to: record, atomically: true, encoding: .utf8)
        let faults = Validation(folder).faults
        #expect(faults.count == 1 && faults[0].hasPrefix("run.json: schema_version is 2, not 5"), "\(faults)")
    }

    @Test("refuses a folder with a file missing or one too many, with one line each and status 65")
    func files() throws {
        try withRun { folder in
            for name in [
                "run.json", "summary.csv", "latency.csv", "throughput.csv", "size.csv", "histograms.jsonl",
            ] {
                let (url, aside) = (
                    folder.appendingPathComponent(name), folder.appendingPathComponent("aside")
                )
                try FileManager.default.moveItem(at: url, to: aside)
                let result = try Program(["validate", folder.path], in: folder).finish()
                #expect(result.status == 65)
                #expect(result.output.contains(name), "\(result.output)")
                #expect(result.errors.split(separator: "\n").count == 1)
                try FileManager.default.moveItem(at: aside, to: url)
            }
        }
        #expect(Validation(URL(fileURLWithPath: "/nowhere")).faults.count == 1)
    }
}
