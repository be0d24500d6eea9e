import AuthCore
import Foundation
import Testing

@testable import AuthVerdict

@Suite("Paired test of two runs")
struct PairedTestTests {
    /// Cases of two runs: common drift per repeat and side, noise with bursts, and a shift of the whole head.
    private func cases(
        _ count: Int, pairs: Int, slowness: Double = 1, metric: ComparedMetric = .cpu,
        bursts: Double = 0.05, using random: inout RandomSource
    ) -> [PairedCase] {
        func noise(_ spread: Double) -> Double {
            // Twelve uniform numbers are normal enough.
            exp(spread * ((0..<12).reduce(0.0) { sum, _ in sum + .random(in: 0..<1, using: &random) } - 6))
        }
        func value() -> Double {
            let burst = Double.random(in: 0..<1, using: &random) < bursts ? 1.2 : 1
            return 100 * noise(0.02) * burst
        }
        return (0..<count).map { index in
            PairedCase(
                strategy: "s\(index)", operation: "", clients: 8, metric: metric,
                pairs: (0..<pairs).map { _ in
                    metric.isBetterWhenHigher
                        ? (value() * slowness, value()) : (value(), value() * slowness)
                })
        }
    }

    private func verdicts(_ cases: [PairedCase]) -> [VerdictRow.Verdict] {
        PairedTest(cases, workload: "w").rows.map(\.verdict)
    }

    @Test(
        "raises no alarm between runs of one build, and hardly any when a run is as slow as no regression is")
    func falseAlarms() {
        var random = RandomSource(seed: 11)
        func alarms(slowness: Double) -> Int {
            (0..<20).count { _ in
                verdicts(cases(40, pairs: 12, slowness: slowness, using: &random)).contains(.regression)
            }
        }
        #expect(alarms(slowness: 1) == 0)
        // At the minimum effect itself one family in twenty may, as the level says.
        #expect(alarms(slowness: 1.03) <= 2)
    }

    @Test("never passes a case that is worse by more than its tolerance, and proves 15 % nearly always")
    func regressions() {
        var random = RandomSource(seed: 12)
        for metric in [ComparedMetric.cpu, .throughput] {
            var (regressions, passes) = (0, 0)
            for _ in 0..<5 {
                let all = verdicts(cases(20, pairs: 16, slowness: 1.15, metric: metric, using: &random))
                regressions += all.count { $0 == .regression }
                passes += all.count { $0 == .pass }
            }
            #expect(regressions > 95, "\(regressions) of 100")
            #expect(passes == 0)
        }
    }

    @Test("says what it would have found: without bursts a slow-down of that size is found in nine of ten")
    func detectable() {
        var random = RandomSource(seed: 13)
        for pairs in [12, 24] {
            let quiet = PairedTest(cases(100, pairs: pairs, bursts: 0, using: &random), workload: "w").rows
            let typical = quiet.compactMap(\.mde).sorted()[50]
            let slow = cases(100, pairs: pairs, slowness: 1 + typical, bursts: 0, using: &random)
            #expect(verdicts(slow).count { $0 == .regression } > 85, "\(pairs) pairs, \(typical)")
        }
    }

    @Test("pairs too few for any proof are inconclusive, with an interval but without a least change")
    func tooFew() throws {
        var random = RandomSource(seed: 14)
        #expect(PairedTest.pairsNeeded(cases: 1) == 6)
        #expect(PairedTest.pairsNeeded(cases: 100) == 11)
        for pairs in [0, 1, 3, 5, 10] {
            let rows = PairedTest(cases(100, pairs: pairs, slowness: 9, using: &random), workload: "w").rows
            #expect(rows.allSatisfy { $0.verdict == .inconclusive && $0.mde == nil })
            #expect(rows.allSatisfy { ($0.interval != nil) == (pairs > 1) }, "\(pairs)")
            #expect(rows[0].why.contains("--repeats 11"))
        }
    }

    @Test("a case of which repeats are left out does not pass, however alike the rest is")
    func leftOut() {
        var random = RandomSource(seed: 15)
        var some = cases(2, pairs: 30, using: &random)
        some[0].left = "repeat 3 is not valid in the head: throttled"
        #expect(verdicts(some)[0] == .inconclusive)
        some[0].left = nil
        #expect(verdicts(some) == [.pass, .pass])
    }
}
