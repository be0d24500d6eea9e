import AuthCore
import AuthStatistics
import Foundation
import Testing

@testable import AuthGate
@testable import AuthResults

@Suite("Gate")
struct GateTests {
    /// Noise that is the same in each run: evenly spread up to so many per cent, and never twice the same.
    private func noise(_ block: Int, _ percent: Double) -> Double {
        exp(percent / 100 * Double(block * 44 % 71 - 35) / 35)
    }

    @Test("two equal builds pass in the first stage")
    func pass() throws {
        var script = GateScript(["authenticate", "login"])
        script.ratio = { noise($1 + $0, 0.5) }
        let report = try script.report(blocks: [10])
        #expect(report.verdict == .pass)
        #expect(report.rows.count == 12)
        #expect(report.rows.allSatisfy { $0.verdict == .pass && ($0.stage ?? 1) == 1 && $0.n == 10 })
    }

    @Test("a slow-down of one case is called, and only there")
    func regression() throws {
        var script = GateScript(["authenticate", "login"])
        script.ratio = { (item, block) in noise(block, 0.5) * (item == 1 ? 1.06 : 1) }
        let open = GateEvaluation(try GateRecording(script.lines(blocks: [10])))
        #expect(open.cases(wanting: 2) == [1])
        let report = try script.report(blocks: [10, 24], measured: [[0, 1, 2], [1, 2]])
        #expect(report.verdict == .regression)
        let called = report.rows.filter { $0.verdict == .regression }
        #expect(Set(called.map(\.operation)) == ["login"])
        #expect(Set(called.map(\.metric)).isSuperset(of: ["time_ns", "cpu_ns"]))
        let change = try #require(called.first?.change)
        #expect(abs(change - 0.06) < 0.01)
    }

    @Test("blocks too noisy to say anything end inconclusive, not green")
    func noisy() throws {
        var script = GateScript()
        script.ratio = { noise($1, 40) }
        let report = try script.report(blocks: [10, 24, 36])
        #expect(report.verdict == .inconclusive)
        #expect(report.rows.contains { $0.why.hasPrefix("too noisy") })
    }

    @Test(
        "a store that was nearer or farther than asked by more than 5 %, or 50 µs, drops the block, whichever case it was",
        arguments: [
            (1_000_000, 1_050_000, true), (1_000_000, 1_050_001, false), (1_000_000, 949_999, false),
            (10_000_000, 10_500_000, true), (10_000_000, 9_499_999, false), (0, 300_000, true),
        ] as [(UInt64, UInt64, Bool)])
    func distance(asked_ns: UInt64, was_ns: UInt64, isGood: Bool) throws {
        let asked = try StoreRTT("\(asked_ns / 1000)us") { GateError.failed($0) }
        var (near, far) = (GateMeasurement(caseIndex: 0), GateMeasurement(caseIndex: 1))
        near.store_rtt_p50_ns = asked_ns
        far.store_rtt_p50_ns = was_ns
        let cases = GateScript(["authenticate", "login"]).cases
        let reason = GateDisturbance.reason(
            [GateMeasurement(caseIndex: 2), near, far], asked: asked, cases: cases)
        #expect((reason == nil) == isGood)
        #expect(isGood || reason?.hasPrefix("in hs256-jwt login the store was ") == true)
        #expect(
            GateDisturbance.reason([GateMeasurement(caseIndex: 2), near], asked: asked, cases: cases) == nil)
    }

    @Test(
        "a gate says how far away the store was to be and was; more than a quarter of blocks at another distance are inconclusive"
    )
    func distances() throws {
        var script = GateScript()
        script.ratio = { noise($1 + $0, 0.5) }
        #expect(try !script.report(blocks: [10]).notes.contains { $0.name == "store" })
        script.distance = (1_000_000, { (_, block) in 1_000_000 + UInt64(block) * 1000 })
        let report = try script.report(blocks: [10])
        #expect(report.verdict == .pass)
        #expect(
            report.notes.first { $0.name == "store" }?.value
                == "1.00 ms away asked (--store-rtt), 1.01 ms reached; p99 at most 2.02 ms")
        script.dropped = { $0 % 3 == 0 ? "the store was 1.20 ms away, not 1.00 ms" : nil }
        let disturbed = try script.report(blocks: [12])
        #expect(disturbed.verdict == .inconclusive)
        #expect(disturbed.reasons.contains { $0.contains("1.20 ms away") }, "\(disturbed.reasons)")
    }

    @Test("what the budget cut short is inconclusive and says so")
    func budget() throws {
        var script = GateScript()
        script.end = .budget
        script.ratio = { noise($1, 0.5) * 1.06 }
        let report = try script.report(blocks: [10, 5])
        #expect(report.verdict == .inconclusive)
        #expect(report.rows.allSatisfy { $0.verdict != .regression })
        #expect(report.rows.contains { $0.why.contains("stage 2 got no blocks: the budget of 300 s") })
    }

    @Test("a gate that finds a program unlike itself believes nothing else")
    func sentinel() throws {
        var script = GateScript()
        script.ratio = { (item, block) in noise(block, 0.5) * (item == 0 ? 1.06 : 1.02) }
        let report = try script.report(blocks: [10, 24])
        #expect(report.verdict == .inconclusive)
        #expect(report.reasons.first?.contains("the gate is biased: hs256-jwt authenticate") == true)
    }

    @Test("dropped blocks count for neither side, and too many leave no verdict")
    func dropped() throws {
        var script = GateScript()
        script.ratio = { $1 == 3 ? 100 : noise($1, 0.5) }
        script.dropped = { $0 == 3 ? "stood still" : nil }
        #expect(try script.report(blocks: [11]).verdict == .pass)
        script.dropped = { $0 <= 4 ? "stood still" : nil }
        script.end = .disturbed
        let report = try script.report(blocks: [11])
        #expect(report.verdict == .inconclusive)
        #expect(report.reasons.contains { $0.contains("4 of 11 blocks were dropped") })
    }

    @Test("a p99 of too few requests is shown as not gated")
    func fewRequests() throws {
        var script = GateScript()
        script.operations = 1999
        let rows = try script.report(blocks: [10]).rows
        #expect(rows.filter { $0.verdict == .notGated }.map(\.metric) == ["p99_ns"])
        script.operations = 2000
        #expect(try script.report(blocks: [10]).rows.allSatisfy { $0.verdict == .pass })
    }

    @Test("a gate without a case has measured nothing")
    func nothing() throws {
        var script = GateScript()
        script.cases = [script.cases[1]]
        #expect(try script.report(blocks: [10]).verdict == .nothing)
    }

    @Test("a processor that changes its speed between quads does not change the ratio")
    func speeds() {
        // Twice as slow in the last half, and once within a quad: the head takes 10 % more throughout.
        let speeds = [1.0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]
        var measurement = GateMeasurement(caseIndex: 0)
        for (index, speed) in speeds.enumerated() {
            let role: GateRole = [0, 3].contains(index % 4) ? .base : .head
            let slice_ns = UInt64(1e6 * speed * (role == .head ? 1.1 : 1))
            measurement.add(role, wall_ns: slice_ns, cpu_ns: slice_ns)
        }
        let ratios = BlockRatios(measurement, operations: 1000)
        for metric in [GateMetric.time_ns, .cpu_ns] {
            #expect(abs((ratios.logRatio(metric) ?? 0) - log(1.1)) < 1e-9)
        }
        #expect(ratios.value(.mean_ns, of: .base) == 1500)
        #expect(ratios.logRatio(.p50_ns) == nil)
    }

    @Test("quantiles lie between the bounds of their bucket by rank")
    func interpolation() {
        let histogram = LatencyHistogram([.init(index: 100, count: 10), .init(index: 200, count: 10)])
        #expect(histogram.interpolated_ns(at: 0.25) == 100.5)
        #expect(histogram.interpolated_ns(at: 0.5) == 101)
        #expect(histogram.interpolated_ns(at: 0.75) == 200.5)
    }

    @Test("a standstill is dropped only when it hit both sides")
    func standstill() {
        func measurement(_ slow: [GateRole]) -> GateMeasurement {
            var measurement = GateMeasurement(caseIndex: 0)
            for index in 0..<8 {
                for role in GateRole.allCases {
                    let slice_ns: UInt64 = index == 0 && slow.contains(role) ? 1001 : 10
                    measurement.add(role, wall_ns: slice_ns, cpu_ns: 1)
                }
            }
            return measurement
        }
        var block = GateBlock(stage: 1, block: 1, spawned_first: .base, wall_ns: 1, calibration_ns: 1)
        func reason(_ slow: [GateRole]) -> String? {
            GateDisturbance.reason(block, measurements: [measurement(slow)], measured_ns: 1_000_000)
        }
        #expect(reason([.head]) == nil)
        #expect(reason([.base, .head])?.contains("stood still") == true)
        block.throttled_ns = 10_001
        #expect(reason([])?.contains("throttled") == true)
        (block.throttled_ns, block.steal_share) = (10_000, 0.11)
        #expect(reason([])?.contains("hypervisor") == true)
        (block.steal_share, block.swapped_in_pages) = (0.1, 1)
        #expect(reason([])?.contains("swap") == true)
        block.swapped_in_pages = 0
        #expect(reason([]) == nil)
    }
}
