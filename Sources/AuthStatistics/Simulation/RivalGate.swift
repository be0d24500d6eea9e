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
    /// The same on fresh blocks of those cases whose first blocks have p ≤ 0.1.
    case screened(blocks: Int, then: Int, level: Double, minimumEffect: Double)

    func verdicts(
        slowdowns: [Double], noise: NoiseModel, using random: inout some RandomNumberGenerator
    ) -> [CaseVerdict] {
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
                return CaseVerdict(isFlagged: ratio > 1 + threshold, blocks: count)
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
                return CaseVerdict(isFlagged: low > 0, blocks: blocks)
            }
        case .signedRank(let blocks, let correction, let level, let minimumEffect):
            let untied = SignedRankDistribution(count: blocks)
            let tests = slowdowns.map { Test(Self.blocks(blocks, $0, noise, &random), untied) }
            return flagged(tests, correction, level, minimumEffect, blocks: blocks)
        case .screened(let first, let second, let level, let minimumEffect):
            var verdicts = slowdowns.map { _ in CaseVerdict(isFlagged: false, blocks: first) }
            let screen = SignedRankDistribution(count: first)
            let untied = SignedRankDistribution(count: second)
            let candidates = slowdowns.indices.filter {
                Test(Self.blocks(first, slowdowns[$0], noise, &random), screen).p <= 0.1
            }
            let tests = candidates.map { Test(Self.blocks(second, slowdowns[$0], noise, &random), untied) }
            let later = flagged(tests, .holm, level, minimumEffect, blocks: first + second)
            for (item, verdict) in zip(candidates, later) { verdicts[item] = verdict }
            return verdicts
        }
    }

    /// One case's test, the effect as a log-ratio.
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
    ) -> [CaseVerdict] {
        zip(tests, correction.adjusted(tests.map(\.p))).map { test, p in
            CaseVerdict(isFlagged: p <= level && test.effect > log1p(minimumEffect), blocks: blocks)
        }
    }

    private static func blocks(
        _ count: Int, _ slowdown: Double, _ noise: NoiseModel, _ random: inout some RandomNumberGenerator
    ) -> [Double] {
        (0..<count).map { _ in log1p(slowdown) + noise.logRatio(using: &random) }
    }
}

/// The rank-sum test of Mann and Whitney (1947) on two samples of one size, exact without ties.
///
/// The normal approximation that many tools take is too cautious far out: with it, runs of 60 cases under Holm's
/// correction at 5 % have a third of the false alarms, and half of the power.
struct MannWhitney {
    private let count: Int
    /// The probability of each number of pairs whose second is greater, from 0 on.
    private let masses: [Double]

    init(count: Int) {
        self.count = count
        // How many choices of so many of the ranks so far have such a sum.
        let sums = 2 * count * count + count + 1
        var choices = Array(repeating: Array(repeating: 0.0, count: sums), count: count + 1)
        choices[0][0] = 1
        for rank in 1...(2 * count) {
            for chosen in stride(from: count, through: 1, by: -1) {
                for sum in rank..<sums { choices[chosen][sum] += choices[chosen - 1][sum - rank] }
            }
        }
        let all = choices[count].reduce(0, +)
        masses = choices[count].dropFirst(count * (count + 1) / 2).map { $0 / all }
    }

    /// The two-sided p where the second sample is the greater one, else 1.
    func pSlower(_ base: [Double], _ head: [Double]) -> Double {
        let pairs = head.reduce(0) { sum, time in sum + base.count { $0 < time } }
        guard 2 * pairs > count * count else { return 1 }
        return min(1, 2 * masses[0...(count * count - pairs)].reduce(0, +))
    }
}

/// The percentile interval of a mean or a median by resampling single values (Efron 1979), as benchmark tools do it.
struct PercentileBootstrap {
    var ofMedian: Bool
    var resamples = 1000

    func interval(_ values: [Double], using random: inout some RandomNumberGenerator) -> Interval {
        let sorted = values.sorted()
        return Interval(
            percentilesOf: (0..<resamples).map { _ in
                var counts = Array(repeating: 0, count: sorted.count)
                for _ in sorted { counts[Int(random.unit() * Double(sorted.count))] += 1 }
                return ofMedian ? median(sorted, counts) : mean(sorted, counts)
            })
    }

    private func mean(_ values: [Double], _ counts: [Int]) -> Double {
        zip(values, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(values.count)
    }

    /// The mean of the two middle ones, which are the same where the number is odd.
    private func median(_ sorted: [Double], _ counts: [Int]) -> Double {
        let places = [(sorted.count + 1) / 2, sorted.count / 2 + 1]
        var middle: [Double] = []
        var passed = 0
        for (value, count) in zip(sorted, counts) {
            passed += count
            while middle.count < 2, places[middle.count] <= passed { middle.append(value) }
        }
        return middle.reduce(0, +) / 2
    }
}

extension Interval {
    /// The 2.5 % and 97.5 % points of resampled values.
    fileprivate init(percentilesOf values: [Double]) {
        let sorted = values.sorted()
        let tail = Int(Double(sorted.count) * 0.025)
        self.init(low: sorted[tail], high: sorted[sorted.count - 1 - tail])
    }
}

/// What is done about many tests in one run.
package enum Correction: Sendable {
    case none
    case holm
    /// Benjamini and Hochberg (1995): keeps the expected share of false ones among the rejections.
    case benjaminiHochberg

    /// p values that can each be held against the level.
    func adjusted(_ p: [Double]) -> [Double] {
        switch self {
        case .none: p
        case .holm: Holm.adjusted(p)
        case .benjaminiHochberg: Self.stepUp(p)
        }
    }

    private static func stepUp(_ p: [Double]) -> [Double] {
        var adjusted = p
        var least = 1.0
        let order = p.indices.sorted { p[$0] < p[$1] }
        for (rank, index) in order.enumerated().reversed() {
            least = min(least, p[index] * Double(p.count) / Double(rank + 1))
            adjusted[index] = least
        }
        return adjusted
    }
}
