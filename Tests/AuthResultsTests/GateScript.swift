import AuthCore
import AuthStatistics

@testable import AuthGate
@testable import AuthResults
@testable import AuthVerdict

/// A recording written by hand: cases of one strategy, and blocks whose ratios a closure gives.
struct GateScript {
    var cases: [GateHeader.Case]
    var operations = 5000
    var rules = StagedTest.Rules()
    var end = GateEnd.Reason.decided
    /// How many times the base's time the head takes: by case and block from 1.
    var ratio: (Int, Int) -> Double = { _, _ in 1 }
    /// Why a block is dropped, by block from 1.
    var dropped: (Int) -> String? = { _ in nil }
    /// How far away the store was to be, and how far it was: by case and block from 1.
    var distance: (asked_ns: UInt64, was_ns: (Int, Int) -> UInt64)?
    /// The same program on both sides.
    var isSelfComparison = false

    init(_ operations: [String] = ["authenticate"], sentinel: Bool = true) {
        cases = operations.map {
            .init(
                strategy: "hs256-jwt", operation: $0, operations_per_slice: 5000, trace_sha256: "t",
                quads: 1)
        }
        if sentinel, var last = cases.first {
            last.is_sentinel = true
            cases.append(last)
        }
    }

    /// The lines with the given number of blocks in each stage, those in `cases(of stage)` measured.
    func lines(blocks: [Int], measured: [[Int]]? = nil) -> [GateLine] {
        var header = GateHeader(
            base: .init(file: "base", sha256: "b", version: "1"),
            head: .init(file: "head", sha256: isSelfComparison ? "b" : "h", version: "1"), started_at: "now",
            seed: 7, population: 100, budget_s: 300, rules: rules, cases: cases,
            unpaired: [], cores: 2)
        header.store_rtt_asked_ns = distance?.asked_ns
        header.cases = header.cases.map { item in
            var item = item
            item.operations_per_slice = operations
            item.has_server = item.has_server || distance != nil
            return item
        }
        var lines = [GateLine(header: header)]
        var number = 0
        for (index, count) in blocks.enumerated() {
            for _ in 0..<count {
                number += 1
                for item in measured?[index] ?? Array(cases.indices) {
                    lines.append(GateLine(measurement: measurement(of: item, block: number)))
                }
                var block = GateBlock(
                    stage: index + 1, block: number, spawned_first: .base, wall_ns: 1, calibration_ns: 1000)
                block.dropped = dropped(number)
                lines.append(GateLine(block: block))
            }
        }
        return lines + [GateLine(end: GateEnd(reason: end, wall_ns: 5_000_000_000, sha256: ""))]
    }

    private func measurement(of item: Int, block: Int) -> GateMeasurement {
        var measurement = GateMeasurement(caseIndex: item)
        for role in [GateRole.base, .head, .head, .base] {
            let slice_ns = UInt64(time_ns(role, item, block) * Double(operations))
            measurement.add(
                role, wall_ns: slice_ns, cpu_ns: slice_ns, storeCPU_ns: distance.map { _ in slice_ns })
        }
        if let distance {
            let was_ns = distance.was_ns(item, block)
            (measurement.store_rtt_p50_ns, measurement.store_rtt_p99_ns) = (was_ns, 2 * was_ns)
        }
        for role in GateRole.allCases {
            let bucket = UInt64(BucketLayout.index(of: UInt64(time_ns(role, item, block))))
            measurement[role].buckets = [bucket, UInt64(2 * operations)]
        }
        return measurement
    }

    private func time_ns(_ role: GateRole, _ item: Int, _ block: Int) -> Double {
        100_000 * (role == .head ? ratio(item, block) : 1)
    }

    func report(blocks: [Int], measured: [[Int]]? = nil) throws -> VerdictReport {
        GateEvaluation(try GateRecording(lines(blocks: blocks, measured: measured))).report
    }
}
