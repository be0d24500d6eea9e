import AuthCore
import Foundation
import Testing

@testable import AuthResults

@Suite("Report")
struct ReportTests {
    private let identity = RunIdentity(runID: "r", workload: "w", traceSHA256: "abc")

    private func measurement(
        _ strategy: String = "hs256-jwt", samples: UInt64 = 10_000, rate: Double = 1000,
        falseAccepts: UInt64 = 0
    ) -> RepeatMeasurement {
        var tally = Tally()
        tally.completed = samples
        tally.accepted = samples
        tally.falseAccepts = falseAccepts
        var usage = Usage()
        usage.cpu_ns = samples * 1500
        let service = SlicedHistogram(
            (0..<5).map { slice in
                LatencyHistogram([.init(index: 1000, count: samples * (slice + 1) / 5 - samples * slice / 5)])
            })
        return RepeatMeasurement(
            strategy: strategy, repeatIndex: 1, runOrder: 1, clients: 2,
            operations: [.init(kind: .authenticate, service: service, tally: tally)],
            wall_ns: UInt64(Double(samples) / rate * 1e9), usage: usage)
    }

    @Test("quotes what RFC 4180 says must be quoted, and nothing else")
    func quoting() {
        let columns = [
            Column<String>(printed: "a,b") { .text($0) }, Column<String>(printed: "n") { _ in .integer(1) },
        ]
        #expect(
            CSV.text(columns, ["plain", "a,b", "a\"b", "a\nb"])
                == "\"a,b\",n\nplain,1\n\"a,b\",1\n\"a\"\"b\",1\n\"a\nb\",1\n")
    }

    @Test(
        "writes numbers with a point and without an exponent",
        arguments: [
            (1.0, 2, "1.00"), (0.005, 2, "0.01"), (-1.5, 1, "-1.5"), (1_234_567.891, 1, "1234567.9"),
            (0.1, 0, "0"),
            (-0.001, 1, "0.0"), (9.999, 2, "10.00"),
        ])
    func numbers(value: Double, digits: Int, text: String) {
        #expect(value.formatted(digits: digits) == text)
    }

    @Test("leaves a quantile blank where there are too few samples, never the maximum in its place")
    func blankQuantiles() throws {
        let few = CSV.text(
            LatencyTable.columns(identity), LatencyTable.rows([Assessment(measurement(samples: 9507))]))
        let enough = CSV.text(
            LatencyTable.columns(identity), LatencyTable.rows([Assessment(measurement(samples: 9508))]))
        let rest = String(repeating: ",", count: RunIdentity.parameters.count) + "\n"
        #expect(few.contains(",1000,1000,1000,1000,1000,1000,,,,,,1000\(rest)"), "\(few)")
        #expect(enough.contains(",1000,1000,1000,1000,1000,1000,1000,1000,1000,,,1000\(rest)"), "\(enough)")
    }

    @Test("puts run, strategy, workload and trace first in every file")
    func commonColumns() {
        let first = "schema_version,run_id,strategy,workload,trace_sha256,"
        #expect(CSV.text(LatencyTable.columns(identity), []).hasPrefix(first))
        #expect(CSV.text(ThroughputTable.columns(identity), []).hasPrefix(first))
        #expect(CSV.text(SizeTable.columns(identity), []).hasPrefix(first))
    }

    @Test("what an identifier sets stands in columns of its own, the last ones of every file")
    func parameters() {
        let names = RunIdentity.parameters.map { "parameter_" + $0.replacing("-", with: "_") }
        for schema in Schema.all where schema.fields.contains(where: { $0.name == "strategy" }) {
            #expect(schema.fields.suffix(names.count).map(\.name) == names, "\(schema.file)")
        }
        var cached = measurement()
        cached.strategy = "redis-session@cache=5s,on-failure=accept"
        let text = CSV.text(
            ThroughputTable.columns(identity), ThroughputTable.rows([Assessment(cached)], baseline: nil))
        let (header, row) = (text.split(separator: "\n")[0], text.split(separator: "\n")[1])
        let cells = row.replacing("\"redis-session@cache=5s,on-failure=accept\"", with: "id").split(
            separator: ",", omittingEmptySubsequences: false)
        let own = Dictionary(uniqueKeysWithValues: zip(header.split(separator: ","), cells))
        #expect(own["parameter_cache"] == "5s" && own["parameter_on_failure"] == "accept")
        #expect(own["parameter_stale"] == "" && own["parameter_store"] == "")
    }

    @Test("marks a measurement with wrong decisions or errors as invalid and says why")
    func validity() {
        #expect(measurement().invalidReason == nil)
        #expect(measurement(falseAccepts: 3).invalidReason == "3 false accepts")
        var failing = measurement()
        failing.operations[0].tally.errors = 2
        for text in ["down", "slow"] { failing.errors.note(text) }
        #expect(failing.invalidReason == "2 errors: 1 x down; 1 x slow")
        #expect(measurement(samples: 0).invalidReason == "nothing completed")
    }

    @Test("sums up each strategy that was measured, and knows which is the baseline")
    func summary() throws {
        let lines = Summary.lines(
            [measurement("baseline", rate: 9000), measurement("a", rate: 1000)].map(Assessment.init),
            costReports: [], strategies: ["baseline", "a", "absent"], baseline: "baseline")
        #expect(lines.map(\.strategy) == ["baseline", "a"] && lines.map(\.isBaseline) == [true, false])
        #expect(lines[1].cpu_us_per_op == 1.5)
        let names = Summary.columns.map(\.name)
        #expect(!names.contains("times_slower"), "no ratio is made of a closed loop's rate")
    }

    @Test("sums up with the size of the profile that is measured, and writes a row of size.csv for each")
    func profiles() throws {
        let descriptor = StrategyDescriptor(
            id: "a", title: "", transport: .bearer, revocation: .atExpiry)
        let sizes = ClaimProfile.allCases.enumerated().map { index, profile in
            let token = String(repeating: "k", count: 4000 + index)
            let credential = Credential(headerLine: Array("Authorization: Bearer \(token)".utf8))
            return CredentialSize(strategy: descriptor, profile: profile, credential: credential)
        }
        var costReport = CostReport(strategy: "a", sizes: sizes, growth: nil, commands: StoreCommands())
        costReport.revocation = (.atExpiry, .wholeSeconds(3_600_000), 3_600_000)
        let lines = Summary.lines(
            [Assessment(measurement("a"))], costReports: [costReport], strategies: ["a"])
        #expect(lines.map(\.credential_bytes) == [4002])
        let rows = CSV.text(SizeTable.columns(identity), SizeTable.rows([costReport])).split(separator: "\n")
        let columns =
            ",claim_profile,credential_bytes,request_header_bytes,response_header_bytes,renewal_bytes,"
            + "http2_first_bytes,http2_repeat_bytes,fits_cookie_4096,fits_header_8192,store_bytes_per_session,store_commands_per_login,"
            + "store_commands_per_authenticate,store_commands_per_touching_authenticate,"
            + "store_commands_per_renew,store_commands_per_logout,exposure_theory_p50_ms,exposure_theory_max_ms"
        #expect(rows[0].contains(columns + ",parameter_"))
        #expect(rows.count == 1 + 8)
        #expect(
            rows[1].contains(
                ",tiny,4000,4022,0,0,3509,1,true,true,,0.00,0.00,,0.00,0.00,1799750.0,3600000.0,,"),
            "\(rows[1])")
    }

    @Test("aligns the table within 120 columns and reddens a wrong line only when asked")
    func table() {
        let lines = Summary.lines(
            [
                measurement("a-strategy-name", samples: 5_000_000, rate: 12_345_678),
                measurement("b", rate: 1_000_000, falseAccepts: 1),
            ].map(Assessment.init), costReports: [], strategies: ["a-strategy-name", "b"])
        let text = TextTable.text(lines, isColored: false).split(separator: "\n").map(String.init)
        #expect(
            text[3...4] == [
                "not valid: b, repeat 1: 1 false accepts",
                "not valid: b: no repeat is valid, do not use its figures",
            ])
        let widths = Set(text.prefix(3).map(\.count))
        #expect(widths.count == 1 && (widths.first ?? 0) <= 120, "\(text)")
        #expect(text.dropFirst(3).allSatisfy { $0.count <= 80 }, "\(text)")
        #expect(!text.joined().contains("\u{1B}"))
        let colored = TextTable.text(lines, isColored: true).split(separator: "\n")
        #expect(colored.indices.filter { colored[$0].contains("\u{1B}[31m") } == [2])
    }

    @Test(
        "writes times with their unit",
        arguments: [
            (999, "999 ns"), (1000, "1.00 µs"), (123_456, "123 µs"), (1_500_000, "1.50 ms"),
            (2_000_000_000, "2.00 s"),
        ])
    func times(value_ns: UInt64, text: String) {
        #expect(TextTable.time(value_ns) == text)
    }

    @Test("writes the folder whole, and points latest at it")
    func folder() throws {
        let parent = FileManager.default.temporaryDirectory.appendingPathComponent(
            "test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: parent) }
        let ids = ["20261121T084500.123Z-w", "20261121T084500.124Z-w"]
        for id in ids {
            let folder = try ResultFolder(
                in: parent, identity: .init(runID: id, workload: "w", traceSHA256: "abc"))
            try folder.write([Assessment(measurement())], costReports: [], baseline: nil)
            #expect(folder.becomeLatest() == nil)
        }
        let latest = parent.appendingPathComponent("latest")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: latest.path) == ids[1])
        let names = try FileManager.default.contentsOfDirectory(atPath: latest.path + "/").sorted()
        #expect(names == ["histograms.jsonl", "latency.csv", "size.csv", "summary.csv", "throughput.csv"])
        let data = try Data(contentsOf: latest.appendingPathComponent("histograms.jsonl"))
        let line = try #require(data.split(separator: UInt8(ascii: "\n")).first)
        let json = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
        #expect(json["lower_ns"] as? [Int] == [1000] && json["upper_ns"] as? [Int] == [1000])
        #expect(json["count"] as? [Int] == [10_000])
        #expect(json["trace_sha256"] as? String == "abc")
    }

    @Test("a second run of the same millisecond gets an identifier of its own, in its rows as well")
    func sameMillisecond() throws {
        let parent = FileManager.default.temporaryDirectory.appendingPathComponent(
            "test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: parent) }
        let identity = RunIdentity(runID: "20261121T084500.123Z-w", workload: "w", traceSHA256: "abc")
        let folders = try (0..<2).map { _ in try ResultFolder(in: parent, identity: identity) }
        for folder in folders {
            try folder.write([Assessment(measurement())], costReports: [], baseline: nil)
        }
        #expect(folders[1].url.lastPathComponent == "20261121T084500.123Z-w-2")
        let rows = try String(
            contentsOf: folders[1].url.appendingPathComponent("latency.csv"), encoding: .utf8)
        #expect(rows.contains(",20261121T084500.123Z-w-2,"))
        for folder in folders.reversed() { #expect(folder.becomeLatest() == nil) }
        let latest = parent.appendingPathComponent("latest").path
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: latest) == identity.runID)
        folders[1].made.removeAll()
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: parent.path).sorted() == [
                identity.runID, "latest",
            ])
    }

    @Test("a row goes with its histograms or not at all, and a latest that is no link stays and is told of")
    func wholeOrNot() throws {
        let parent = FileManager.default.temporaryDirectory.appendingPathComponent(
            "test-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: parent) }
        let identity = RunIdentity(runID: "20261121T084500.123Z-w", workload: "w", traceSHA256: "abc")
        let folder = try ResultFolder(in: parent, identity: identity)
        // A folder in the way of the last file of all, as a disk that is full just then.
        let obstacle = folder.url.appendingPathComponent("size.csv.part")
        try FileManager.default.createDirectory(at: obstacle, withIntermediateDirectories: false)
        #expect(throws: (any Error).self) {
            try folder.write([Assessment(measurement())], costReports: [], baseline: nil)
        }
        let left = try FileManager.default.subpathsOfDirectory(atPath: folder.url.path).sorted()
        #expect(left == ["size.csv.part"])
        try FileManager.default.createDirectory(
            at: parent.appendingPathComponent("latest"), withIntermediateDirectories: false)
        let reason = folder.becomeLatest()
        #expect(reason.map { "\($0)".contains("is a folder, not a link, and stays as it is") } == true)
    }

    @Test("a narrow terminal gets a table that fits, and what went wrong in any case")
    func width() {
        let good = Summary.lines([Assessment(measurement())], costReports: [], strategies: ["hs256-jwt"])
        let wide = TextTable.text(good, isColored: false).split(separator: "\n")
        #expect(wide[0].contains("wrong") && !wide[2].contains("left out"))
        let narrow = TextTable.text(good, isColored: false, width: 60).split(separator: "\n")
        #expect(narrow[0].count <= 60 && !narrow[0].contains("wrong"))
        #expect(narrow[2].hasPrefix("left out, as the terminal is narrow: errs, wrong"), "\(narrow)")
        #expect(!narrow.contains { $0.contains("  trips  ") }, "what is left out is not explained: \(narrow)")
        let bad = Summary.lines(
            [Assessment(measurement(falseAccepts: 1))], costReports: [], strategies: ["hs256-jwt"])
        #expect(TextTable.text(bad, isColored: false, width: 40).split(separator: "\n")[0].contains("wrong"))
    }

    @Test("a run whose own baseline moved says so, and no other")
    func baselineMoved() {
        func text(_ wall_ns: [UInt64]) -> String {
            let all = wall_ns.enumerated().map { index, wall_ns in
                var one = measurement()
                (one.repeatIndex, one.wall_ns) = (index + 1, wall_ns)
                return Assessment(one)
            }
            return TextTable.text(
                Summary.lines(all, costReports: [], strategies: ["hs256-jwt"], baseline: "hs256-jwt"),
                isColored: false
            )
        }
        #expect(!text([1_000_000_000, 1_100_000_000]).contains("the machine changed"))
        #expect(text([1_000_000_000, 5_500_000_000]).contains("differs 5.5 times between repeats"))
        #expect(!text([1_000_000_000]).contains("the machine changed"))
    }

    @Test("writes the same cells as JSON, blank ones as null")
    func json() throws {
        let columns: [Column<Int>] = [
            Column(printed: "n") { .integer(Int64($0)) },
            Column(printed: "x") { _ in .number(0.1, digits: 3) },
            Column(printed: "none") { _ in .blank }, Column(printed: "ok") { _ in .flag(true) },
        ]
        let text = try JSONRows.text(columns, [7])
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        #expect(rows.count == 1)
        #expect(rows[0]["n"] as? Int == 7)
        #expect(rows[0]["x"] as? Double == 0.1)
        #expect(rows[0]["none"] is NSNull)
        #expect(rows[0]["ok"] as? Bool == true)
    }
}
