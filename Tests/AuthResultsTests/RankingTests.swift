import AuthCore
import Foundation
import Testing

@testable import AuthResults

/// The order of the table and what its new columns say, of lines with known figures.
@Suite("Ranking")
struct RankingTests {
    /// Lines in their right order, which `plot/tests/test_table.py` reads too: program and report rank alike.
    private static func examples() throws -> [[String: String]] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Recordings/ranking.csv")
        let table = try CSVTable(String(contentsOf: file, encoding: .utf8))
        return table.rows.map { Dictionary(uniqueKeysWithValues: zip(table.header, $0)) }
    }

    private func line(
        _ strategy: String, cpu_us: Double = 2, storeCPU_us: Double? = 0, source: StoreCPUSource = .none,
        exposure_ms: Double? = 0, asked_ns: UInt64? = nil, falseAccepts: UInt64 = 0, time_ns: UInt64 = 1000,
        trips: Int = 0
    ) throws -> Summary {
        let count: UInt64 = 10_000
        var (tally, usage) = (Tally(), Usage())
        (tally.completed, tally.accepted, tally.falseAccepts) = (count, count, falseAccepts)
        usage.cpu_ns = UInt64(cpu_us * 1000 * Double(count))
        usage.storeCPU_ns = storeCPU_us.map { UInt64($0 * 1000 * Double(count)) }
        usage.storeDistance = asked_ns.map { StoreDistance(asked_ns: $0, p50_ns: $0) }
        let times = LatencyHistogram([.init(index: BucketLayout.index(of: time_ns), count: count)])
        var measurement = RepeatMeasurement(
            strategy: strategy, repeatIndex: 1, runOrder: 1, clients: 8,
            operations: [.init(kind: .authenticate, service: SlicedHistogram([times]), tally: tally)],
            wall_ns: 1_000_000_000, usage: usage)
        measurement.storeCPUSource = source
        measurement.storeRoundTrips = trips
        var report = CostReport(strategy: strategy, sizes: [], growth: nil, commands: StoreCommands())
        report.revocation = exposure_ms.map { ms in
            ms == 0
                ? (.immediate, CredentialLifetime(1), 0) : (.atExpiry, CredentialLifetime(Int64(2 * ms)), 0)
        }
        return try #require(
            Summary.lines(
                [Assessment(measurement)], costReports: [report], strategies: [strategy],
                baseline: "null-baseline"
            ).first)
    }

    @Test(
        "exposure first, then CPU; unusable lines after the others, the baseline last, a strategy's lines together"
    )
    func order() throws {
        let examples = try Self.examples()
        let lines = try examples.map { row in
            try line(
                row["strategy"] ?? "", cpu_us: Double(row["cpu_us_per_op"] ?? "") ?? 0,
                storeCPU_us: Double(row["store_cpu_us_per_op"] ?? ""), source: .privateServer,
                exposure_ms: Double(row["exposure_ms"] ?? ""),
                asked_ns: UInt64(row["store_rtt_asked_ns"] ?? ""),
                falseAccepts: row["usable"] == "true" ? 0 : 1)
        }
        func names(_ lines: [Summary]) -> [String] {
            lines.map { "\($0.strategy) \($0.storeRTTAsked_ns ?? 0)" }
        }
        #expect(lines.count == 13)
        // Equal ones stay as they came.
        #expect(names(Summary.ranked(Array(lines[3...] + lines[..<3]))) == names(lines))
        func unequal(_ lines: [Summary]) -> [String] { names(lines).filter { !$0.hasPrefix("equal") } }
        #expect(unequal(Summary.ranked(lines.reversed())) == unequal(lines))
    }

    private func cells(_ lines: [Summary], width: Int? = nil) -> [[String: String]] {
        let text = TextTable.text(lines, isColored: false, width: width).split(separator: "\n").map(
            String.init)
        let titles = text[0].split(separator: #/  +/#).map(String.init)
        return text[1...lines.count].map { row in
            Dictionary(uniqueKeysWithValues: zip(titles, row.split(separator: #/  +/#).map(String.init)))
        }
    }

    @Test("the table says where the store is, what theory is, and what is not known")
    func words() throws {
        let rows = cells([
            try line(
                "near", cpu_us: 16.28, storeCPU_us: 14.85, source: .privateServer, time_ns: 149_000,
                trips: 10_600),
            try line("far", storeCPU_us: 3, source: .privateServer, asked_ns: 1_000_000, time_ns: 1_090_000),
            try line(
                "farther", storeCPU_us: 3, source: .privateServer, asked_ns: 200_000, time_ns: 52_000_000),
            try line("close", source: .privateServer, asked_ns: 50_000), try line("relay", asked_ns: 0),
            try line("own", storeCPU_us: nil, source: .foreignServer, exposure_ms: nil),
            try line("file", source: .inProcess, exposure_ms: 438_000),
            try line("token", exposure_ms: 1_800_000, time_ns: 1_000),
            try line("null-baseline", exposure_ms: 1),
        ])
        #expect(
            rows.map { $0["store"] } == [
                "next door", "1 ms away", "0.2 ms away", "50 µs away", "0 ms away", "your own", "in process",
                "none", "none",
            ])
        #expect(rows.map { $0["exposure"] } == ["0", "0", "0", "0", "0", "–", "~7.3 min", "~30 min", "–"])
        #expect(rows[0]["CPU µs"] == "31.13" && rows[5]["CPU µs"] == "2.00 + ?")
        #expect(rows[0]["trips"] == "1.06" && rows[7]["trips"] == "0")
        #expect([0, 1, 2, 7].map { rows[$0]["needs"] } == ["0.15", "1.1", "52", "<0.01"])
        #expect(rows[0]["ops/s of 8"] == "10 000")
    }

    @Test("a legend explains the columns that a newcomer cannot know, and only those that are there")
    func legend() throws {
        let lines = [try line("a"), try line("null-baseline")]
        let text = TextTable.text(lines, isColored: false)
        #expect(text.contains("Sorted by exposure, then by CPU µs"))
        for word in ["exposure", "CPU µs", "trips", "needs", "ops/s"] {
            #expect(
                text.split(separator: "\n").contains {
                    $0.hasPrefix("  \(word)  ") || $0.hasPrefix("  \(word) ")
                })
        }
        #expect(text.contains("what 8 clients did, each waiting for its answers: no ranking"))
        #expect(
            !TextTable.text(lines, isColored: false, width: 90).contains("no ranking"), "without its column")
        #expect(!TextTable.text([lines[1]], isColored: false).contains("Sorted"), "nothing is sorted")
    }

    @Test(
        "the JSON and CSV of the table have the distance, the round trips, the clients needed and the theory")
    func columns() throws {
        let far = try line("far", asked_ns: 1_000_000, time_ns: 1_100_000, trips: 10_600)
        let token = try line("token", exposure_ms: 1_800_000)
        func values(_ line: Summary) -> [String] {
            Summary.columns.suffix(5).map { $0.cell(line).text }
        }
        #expect(values(far).prefix(2) == ["1000000", "1.0600"] && values(far)[2].hasPrefix("1.10"))
        #expect(values(far).suffix(2) == ["0.0", "0.0"])
        #expect(values(token)[0] == "" && values(token).suffix(2) == ["1800000.0", "3600000.0"])
    }
}
