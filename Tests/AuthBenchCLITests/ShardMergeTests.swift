import AuthCore
import AuthResults
import AuthVerdict
import Foundation
import Testing

@testable import Backends

/// Shards with times that are known, without a run.
@Suite("Merge of shards")
struct ShardMergeTests {
    private static let strategies = ["redis-session", "hs256-jwt"]

    /// The same times for whoever asks: of all shards together, or of one.
    private static func samples(_ place: Int, _ repeatIndex: Int, shard: Int) -> [UInt64] {
        var random = RandomSource(seed: UInt64(place * 100 + repeatIndex), stream: UInt64(shard))
        // As different as shards can be: one is ten times as slow as another.
        return (0..<(400 * shard)).map { _ in UInt64(1000 * shard + random.below(100_000 * shard)) }
    }

    private func shard(
        _ index: Int, of count: Int, _ change: (inout CraftedRun) -> Void = { _ in }
    ) -> CraftedRun {
        var run = CraftedRun("shard-\(index)")
        (run.shard, run.strategies, run.repeats) = ((index, count), Self.strategies, 3)
        run.times = { Self.samples($0, $1, shard: index) }
        change(&run)
        return run
    }

    private func merge(_ disk: Disk, _ runs: [CraftedRun]) throws -> Program.Result {
        let place = "runs-\(UUID().uuidString)"
        let folders = try runs.enumerated().map { index, run in
            try run.write(in: disk.url("\(place)/\(index)")).path
        }
        return try disk.program(["merge", "--shards", "--out", "merged"] + folders).finish()
    }

    private func merged(_ disk: Disk) throws -> ResultReader {
        let name = try #require(try disk.names(in: "merged").first)
        return ResultReader(disk.url("merged/\(name)"))
    }

    @Test("the whole's histograms are those of all samples, count for count, and so are its quantiles")
    func histograms() throws {
        let disk = try Disk()
        let result = try merge(disk, [3, 1, 2].map { shard($0, of: 3) })
        #expect(result.status == 0, "\(result.errors)")
        let whole = try merged(disk)
        #expect(Validation(whole.url).faults == [])
        #expect(whole.histograms.count == 6)
        for line in whole.histograms.values {
            let place = try #require(Self.strategies.firstIndex(of: line.head.strategy))
            let samples = (1...3).flatMap { Self.samples(place, line.head.repeat, shard: $0) }
            let all = LatencyHistogram(
                merging: samples.map {
                    LatencyHistogram([.init(index: BucketLayout.index(of: $0), count: 1)])
                })
            #expect(line.times.total == all, "\(line.key)")
            let row = try #require(
                whole.rows(of: "latency.csv").first {
                    $0["strategy"] == line.head.strategy && $0["repeat"] == String(line.head.repeat)
                })
            #expect(row["n"] == "2400" && row["p50_ns"] == all.value_ns(at: 0.5).map { String($0) })
            #expect(row["p90_ns"] == all.value_ns(at: 0.9).map { String($0) })
        }
    }

    @Test(
        "operations, clients and decisions are summed, rates too, and what spoils a shard spoils the repeat")
    func sums() throws {
        let disk = try Disk()
        let runs = (1...3).map { index in
            shard(index, of: 3) { run in
                if index == 2 { (run.errors, run.stolenShare) = (7, 0.3) }
            }
        }
        #expect(try merge(disk, runs).status == 0)
        let whole = try merged(disk)
        #expect(Validation(whole.url).faults == [])
        for row in whole.rows(of: "throughput.csv") {
            #expect(row["operations"] == "2400" && row["clients"] == "6" && row["wall_ns"] == "1000000000")
            #expect(row["achieved_rate"] == "2400.0")
            let isSpoilt = row["strategy"] == "redis-session" && row["repeat"] == "1"
            #expect(row.flag("valid") != isSpoilt)
            #expect(row["errors"] == (isSpoilt ? "7" : "0"))
            #expect(row["reason"].hasPrefix("shard 2 of 3: 7 errors") == isSpoilt)
            #expect(row["schedule_lag_p99_ns"].isEmpty, "no quantile is made of quantiles")
        }
        let record = try #require(whole.record)
        let shards = try #require(record.shards)
        #expect(record.shard == nil && record.machine.cores == 2 && record.repeats == 3)
        #expect(shards.map(\.run_id) == ["shard-1", "shard-2", "shard-3"])
        for (index, shard) in shards.enumerated() {
            let share = Double(index + 1) / 6
            #expect(shard.parts.allSatisfy { $0.share == share })
        }
        #expect(shards[1].parts.filter { $0.reason != nil }.count == 1)
        #expect(shards.allSatisfy { $0.machine.cpu_model == "crafted" && $0.shard.windows.count == 6 })
    }

    @Test("a merged folder is like any other: compared with another, but not merged further")
    func further() throws {
        let disk = try Disk()
        for name in ["one", "two"] {
            let run = try merge(
                disk, (1...2).map { index in shard(index, of: 2) { $0.meeting = name } })
            #expect(run.status == 0, "\(run.errors)")
        }
        let names = try disk.names(in: "merged").map { disk.url("merged/\($0)").path }
        #expect(names.count == 2)
        let compared = try disk.program(["compare"] + names).finish()
        #expect([0, 3].contains(compared.status), "\(compared.errors)")
        #expect(try disk.program(["validate", names[0]]).finish().status == 0)
        let again = try disk.program(["merge", "--out", "again"] + names).finish()
        #expect(again.status == 65 && again.errors.contains("put together from shards"), "\(again.errors)")
        let parts = try (1...2).map { try shard($0, of: 2).write(in: disk.url("parts")).path }
        let plain = try disk.program(["merge", "--out", "again"] + parts).finish()
        #expect(plain.status == 65 && plain.errors.contains("merge --shards"), "\(plain.errors)")
    }

    @Test("what does not fit is refused with status 65 and named, and nothing is written")
    func refused() throws {
        let disk = try Disk()
        func pair(_ change: (inout CraftedRun) -> Void) -> [CraftedRun] {
            [shard(1, of: 2), shard(2, of: 2, change)]
        }
        let cases: [(part: String, runs: [CraftedRun])] = [
            ("trace_sha256 is", pair { $0.trace = String(repeating: "cd", count: 32) }),
            ("sqlite is 4, not 3", pair { $0.sqliteVersion = "4" }),
            ("duration_seconds is 2.0, not 1.0", pair { $0.duration_s = 2 }),
            ("repeats is 2, not 3", pair { $0.repeats = 2 }),
            ("was not measured together", pair { $0.meeting = "two" }),
            (
                "have only 80 % of the time of hs256-jwt, repeat 1 in common, and shard 2 of 2 began last",
                pair { $0.lateness_ns = 200_000_000 }
            ),
            ("have only 0 %", pair { $0.lateness_ns = 2_000_000_000 }),
            ("holds no shard of a run", pair { $0.shard = nil }),
            ("is shard 2 of 3, and", pair { $0.shard = (2, 3) }),
            ("is shard 1 of 2 as", pair { $0.shard = (1, 2) }),
            ("shard 2 of 3 is missing", [shard(1, of: 3), shard(3, of: 3)]),
            ("shard 2 of 2 is missing", [shard(1, of: 2)]),
        ]
        for (part, runs) in cases {
            let result = try merge(disk, runs)
            #expect(
                result.status == 65 && result.errors.contains(part),
                "\(part): \(result.status) \(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }
        #expect(!FileManager.default.fileExists(atPath: disk.url("merged").path))
    }

    @Test("windows that are apart by less than a tenth are taken")
    func nearlyTogether() throws {
        let disk = try Disk()
        let runs = [shard(1, of: 2), shard(2, of: 2) { $0.lateness_ns = 90_000_000 }]
        #expect(try merge(disk, runs).status == 0)
    }

    @Test("validate finds a merged row that its shards do not make")
    func tampered() throws {
        let disk = try Disk()
        #expect(try merge(disk, (1...2).map { shard($0, of: 2) }).status == 0)
        let file = try merged(disk).url.appendingPathComponent("run.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing("\"operations\" : 400", with: "\"operations\" : 401").utf8).write(to: file)
        let faults = try Validation(merged(disk).url).faults
        #expect(faults.count == 6 && faults[0].contains("but the shards of run.json have 1201"), "\(faults)")
    }

    @Test("every column has a rule for shards")
    func rules() {
        let identity = RunIdentity(runID: "", workload: "", traceSHA256: "")
        let calculated: Set = [
            "schema_version", "run_id", "strategy", "workload", "trace_sha256", "repeat", "run_order",
            "clients",
            "achieved_rate", "achieved_rate_ci95_low", "achieved_rate_ci95_high", "wall_ns", "operations",
            "renewals", "accepted", "refused", "errors", "false_accepts", "false_rejects", "stale_accepts",
            "clipped_times", "stationary",
        ]
        for name in ThroughputTable.columns(identity).map(\.name) where !name.hasPrefix("parameter_") {
            #expect(
                calculated.contains(name) != (ShardRow.rules[name] != nil),
                "\(name): how is it made of several shards?")
        }
    }
}
