import Testing

@testable import AuthStatistics

@Suite("Detectable effect")
struct DetectableEffectTests {
    /// From SciPy 1.17.1, `scipy.stats.norm.ppf`.
    @Test(
        "the normal quantile is SciPy's",
        arguments: [
            (0.5, 0), (0.9, 1.2815515655446004), (0.975, 1.959963984540054), (0.99, 2.3263478740408408),
            (0.9995, 3.2905267314919255), (1 - 8e-5, 3.775011939356454), (1e-10, -6.361340902404056),
        ])
    func normalQuantile(share: Double, expected: Double) {
        #expect(abs(Normal.quantile(share) - expected) < 1e-9)
    }

    @Test("the spread of blocks is the scaled median distance from the median")
    func spread() throws {
        #expect(DetectableEffect.sigma_b([1, 2, 3, 4, 100]) == 1.4826)
        #expect(abs(try #require(DetectableEffect.sigma_b([1, 5, 2, 8])) - 2.9652) < 1e-12)
        #expect(DetectableEffect.sigma_b([]) == nil)
    }

    @Test("with six candidates it is 1.13 spreads at 24 blocks and 0.71 at 60")
    func minimum() {
        #expect(abs(DetectableEffect.minimum(sigma_b: 1, blocks: 24, level: 8e-5) - 1.13) < 0.005)
        #expect(abs(DetectableEffect.minimum(sigma_b: 2, blocks: 60, level: 8e-5) - 1.43) < 0.005)
    }

    @Test("is found by a test that need not be very sure, about 95 times in 100")
    func power() {
        var random = SeededSource(state: 9)
        let effect = DetectableEffect.minimum(sigma_b: 0.04, blocks: 16, level: 0.1)
        let found = (0..<500).count { _ in
            SignedRank((0..<16).map { _ in effect + 0.04 * random.normal() }).pGreater <= 0.1
        }
        #expect(455...490 ~= found, "\(found) of 500")
    }
}
