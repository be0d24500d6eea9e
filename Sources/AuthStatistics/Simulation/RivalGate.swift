import Foundation

/// Gates as others build them, each on a fixed number of runs or blocks.
package enum RivalGate: Sendable {
    /// The mean of some runs of the head is longer than that of the base by more than a share.
    case means(runs: Int, threshold: Double)
    /// Mann and Whitney's test, two-sided, on runs that are not paired, and medians that differ by more than a share.
    case rankSum(runs: Int, Correction, level: Double, minimumEffect: Double)
    /// The 95 % percentile bootstrap interval of the mean or the median of block log-ratios lies above 0.
    case bootstrap(blocks: Int, ofMedian: Bool)
    /// The one-sided signed-rank test, and an estimate of more than a share.
    case signedRank(blocks: Int, Correction, level: Double, minimumEffect: Double)
    /// The same on fresh blocks of those cells whose first blocks have p ≤ 0.1.
    case screened(blocks: Int, then: Int, level: Double, minimumEffect: Double)

    func verdicts(
        slowdowns: [Double], noise: NoiseModel, using random: inout some RandomNumberGenerator
    ) -> [CellVerdict] {
        let sessions = (base: noise.sessionShift(using: &random), head: noise.sessionShift(using: &random))
        func runs(_ count: Int, _ slowdown: Double) -> (base: [Double], head: [Double]) {
            let base = noise.times(count, shift: sessions.base, using: &random)
            return (base, noise.times(count, shift: sessions.head + log1p(slowdown), using: &random))
        }
        switch self {
        case .means(let count, let threshold):
            return slowdowns.map { slowdown in
                let times = runs(count, slowdown)
                let ratio = times.head.reduce(0, +) / times.base.reduce(0, +)
                return CellVerdict(isFlagged: ratio > 1 + threshold, blocks: count)
            }
        case .rankSum(let count, let correction, let level, let minimumEffect):
            let test = MannWhitney(count: count)
            let tests = slowdowns.map { slowdown -> Test in
                let times = runs(count, slowdown)
                let medians = [times.head, times.base].map { log(QuantileRule.median($0) ?? 1) }
                return Test(p: test.pSlower(times.base, times.head), effect: medians[0] - medians[1])
            }
            return flagged(tests, correction, level, minimumEffect, blocks: count)
        case .bootstrap(let blocks, let ofMedian):
            return slowdowns.map { slowdown in
                let values = Self.blocks(blocks, slowdown, noise, &random)
                let low = PercentileBootstrap(ofMedian: ofMedian).interval(values, using: &random).low
                return CellVerdict(isFlagged: low > 0, blocks: blocks)
            }
        case .signedRank(let blocks, let correction, let level, let minimumEffect):
            let untied = SignedRankDistribution(count: blocks)
            let tests = slowdowns.map { Test(Self.blocks(blocks, $0, noise, &random), untied) }
            return flagged(tests, correction, level, minimumEffect, blocks: blocks)
        case .screened(let first, let second, let level, let minimumEffect):
            var verdicts = slowdowns.map { _ in CellVerdict(isFlagged: false, blocks: first) }
            let screen = SignedRankDistribution(count: first)
            let untied = SignedRankDistribution(count: second)
            let candidates = slowdowns.indices.filter {
                Test(Self.blocks(first, slowdowns[$0], noise, &random), screen).p <= 0.1
            }
            let tests = candidates.map { Test(Self.blocks(second, slowdowns[$0], noise, &random), untied) }
            let later = flagged(tests, .holm, level, minimumEffect, blocks: first + second)
            for (cell, verdict) in zip(candidates, later) { verdicts[cell] = verdict }
            return verdicts
        }
    }

    /// One cell's test, the effect as a log-ratio.
    private struct Test {
        var p: Double
        var effect: Double

        init(p: Double, effect: Double) {
            self.p = p
            self.effect = effect
        }

        init(_ logRatios: [Double], _ untied: SignedRankDistribution) {
            p = SignedRank(logRatios, untied: untied).pGreater
            effect = HodgesLehmann(logRatios, untied: untied)?.estimate ?? 0
        }
    }

    private func flagged(
        _ tests: [Test], _ correction: Correction, _ level: Double, _ minimumEffect: Double, blocks: Int
    ) -> [CellVerdict] {
        zip(tests, correction.adjusted(tests.map(\.p))).map { test, p in
            CellVerdict(isFlagged: p <= level && test.effect > log1p(minimumEffect), blocks: blocks)
        }
    }

    private static func blocks(
        _ count: Int, _ slowdown: Double, _ noise: NoiseModel, _ random: inout some RandomNumberGenerator
    ) -> [Double] {
        (0..<count).map { _ in log1p(slowdown) + noise.logRatio(using: &random) }
    }
}
