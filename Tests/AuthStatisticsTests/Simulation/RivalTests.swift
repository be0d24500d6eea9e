import Testing

@testable import AuthStatistics

@Suite("Tests of rival gates")
struct RivalTests {
    /// From SciPy 1.17.1, `mannwhitneyu(b, a, alternative="two-sided", method="exact")`.
    @Test(
        "Mann and Whitney's p is SciPy's, on the side that is slower",
        arguments: [(0.5, 0.7393643508194593), (6.5, 0.028805559765312086), (12.5, 0.00032475264673407085)])
    func rankSum(shift: Double, p: Double) {
        let base = (0..<10).map { Double(2 * $0 + 1) }
        let head = base.map { $0 + shift }
        let test = MannWhitney(count: 10)
        #expect(abs(test.pSlower(base, head) - p) < 1e-12)
        #expect(test.pSlower(head, base) == 1)
    }

    /// From statsmodels 0.14, `multipletests(p, method="fdr_bh")`.
    @Test("Benjamini and Hochberg's adjusted p are those of statsmodels")
    func stepUp() {
        let adjusted = Correction.benjaminiHochberg.adjusted([0.02, 0.02, 0.0001, 0.5, 0.013, 0.2])
        for (found, expected) in zip(adjusted, [0.03, 0.03, 0.0006, 0.5, 0.03, 0.24]) {
            #expect(abs(found - expected) < 1e-12)
        }
        #expect(Correction.none.adjusted([0.3, 0.2]) == [0.3, 0.2])
    }

    @Test("the bootstrap's median of an odd number is a value, of an even one between two")
    func bootstrap() {
        var random = SeededSource(state: 1)
        let odd = PercentileBootstrap(ofMedian: true).interval([5, 1, 3], using: &random)
        #expect(odd == Interval(low: 1, high: 5))
        let even = PercentileBootstrap(ofMedian: true, resamples: 4000).interval([0, 1], using: &random)
        #expect(even == Interval(low: 0, high: 1))
        // The mean of 100 resampled bits is binomial: 50 ± 1.96 x 5 of 100.
        let bits = (0..<100).map { Double($0 % 2) }
        let mean = PercentileBootstrap(ofMedian: false).interval(bits, using: &random)
        #expect(0.38...0.42 ~= mean.low && 0.58...0.62 ~= mean.high)
    }

    /// From SciPy 1.17.1, `binomtest(k, n).proportion_ci(method="wilson")`.
    @Test(
        "Wilson's interval is SciPy's",
        arguments: [
            (0, 4000, 0, 0.0009594432897014865), (33, 400, 0.05934587622971528, 0.1135968895394223),
            (5, 5, 0.5655175352168251, 1),
        ])
    func wilson(successes: Int, trials: Int, low: Double, high: Double) throws {
        let interval = try #require(BinomialInterval.wilson(successes, of: trials))
        #expect(abs(interval.low - low) < 1e-9 && abs(interval.high - high) < 1e-9)
        #expect(BinomialInterval.wilson(0, of: 0) == nil)
    }
}

@Suite("Simulated noise")
struct SimulatedNoiseTests {
    @Test("has the spread and the outliers that the model says, and a slow-down shifts it")
    func model() {
        var random = SeededSource(state: 6)
        let calm = NoiseModel(name: "", drift: 0.08, spread: 0.03, outlierShare: 0)
        let ratios = (0..<4000).map { _ in calm.logRatio(using: &random) }
        let square = ratios.map { $0 * $0 }.reduce(0, +) / 4000
        #expect(abs(square - 0.0018) < 0.00018, "the drift of a block cancels")
        let times = calm.times(4000, shift: 0.5, using: &random)
        let meanTime = times.reduce(0, +) / 4000
        #expect(abs(meanTime - 1.655) < 0.015, "e^0.5, and half of the variance")
        let disturbed = NoiseModel(name: "", drift: 0, spread: 0, outlierShare: 0.05)
        let outliers = disturbed.times(20_000, shift: 0, using: &random).filter { $0 != 1 }
        #expect(900...1100 ~= outliers.count)
        #expect(outliers.allSatisfy { 1.0999...1.3001 ~= $0 })
        let mean = outliers.reduce(0, +) / Double(outliers.count)
        #expect(abs(mean - 1.2) < 0.01)
    }

    @Test("recorded blocks come from the case's own series, scaled, on either side")
    func recorded() {
        var random = SeededSource(state: 7)
        let noise = BlockNoise.recorded([[1, 2], [5]], factor: 3)
        #expect(noise.name == "recorded x3")
        let first = Set((0..<200).map { _ in noise.logRatio(item: 2, using: &random) })
        #expect(first == [3, -3, 6, -6])
        let second = Set((0..<50).map { _ in noise.logRatio(item: 3, using: &random) })
        #expect(second == [15, -15])
    }
}
