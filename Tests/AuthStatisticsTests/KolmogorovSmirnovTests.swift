import Testing

@testable import AuthStatistics

@Suite("Kolmogorov-Smirnov")
struct KolmogorovSmirnovTests {
    private func uniform(_ value: Double) -> Double { min(1, max(0, value)) }

    private func sample(_ count: Int) -> [Double] { (0..<count).map { _ in Double.random(in: 0..<1) } }

    private func distance(_ sample: [Double]) -> Double {
        KolmogorovSmirnov.distance(lower: sample, upper: sample, from: uniform)
    }

    @Test("is the greatest distance, found by looking everywhere")
    func bruteForce() {
        for count in [1, 2, 5, 40] {
            let sample = sample(count)
            var greatest = 0.0
            for step in 0...200_000 {
                let place = Double(step) / 200_000
                let below = Double(sample.count { $0 <= place }) / Double(count)
                greatest = max(greatest, abs(below - place))
            }
            #expect(abs(distance(sample) - greatest) < 1e-4)
        }
        #expect(distance([0.5]) == 0.5)
    }

    @Test("with bounds is never more than with any values inside them")
    func bounds() {
        for _ in 0..<200 {
            let values = sample(30)
            let lower = values.map { $0 - Double.random(in: 0..<0.1) }
            let upper = values.map { $0 + Double.random(in: 0..<0.1) }
            let least = KolmogorovSmirnov.distance(lower: lower, upper: upper, from: uniform)
            #expect(least <= distance(values) + 1e-12)
        }
        // What no values inside the bounds can explain remains.
        let far = (0..<100).map { _ in Double.random(in: 0.6..<0.7) }
        let least = KolmogorovSmirnov.distance(
            lower: far.map { $0 - 0.05 }, upper: far.map { $0 + 0.05 }, from: uniform)
        #expect(least >= 0.2)
        let upper = [0.4, Double.infinity]
        #expect(KolmogorovSmirnov.distance(lower: [0.2, 0.6], upper: upper, from: uniform) < 0.3)
    }

    @Test("the critical distance is exceeded once in twenty times", arguments: [10, 100])
    func critical(count: Int) {
        let critical = KolmogorovSmirnov.criticalDistance(count: count)
        let exceeded = (0..<10_000).count { _ in distance(sample(count)) > critical }
        // Six standard errors.
        #expect(370...630 ~= exceeded, "\(exceeded)")
    }

    @Test("the critical distance has the probability of one in twenty", arguments: [10, 100, 4000])
    func probability(count: Int) {
        let distance = KolmogorovSmirnov.criticalDistance(count: count)
        #expect(abs(KolmogorovSmirnov.pValue(distance: distance, count: count) - 0.05) < 0.0005)
    }

    /// From SciPy 1.17.1, `kstwo.sf(d, n)`: the exact distribution, of which ours is within 4 % in its far tail.
    @Test(
        "far distances are as improbable as SciPy says",
        arguments: [
            (0.1, 100, 0.25269), (0.2, 100, 0.00055519), (0.1, 400, 0.00061918), (0.05, 2000, 0.000087431),
        ])
    func tail(distance: Double, count: Int, expected: Double) {
        let p = KolmogorovSmirnov.pValue(distance: distance, count: count)
        #expect(abs(p / expected - 1) < 0.06, "\(p)")
    }

    @Test("no distance is quite probable")
    func none() { #expect(KolmogorovSmirnov.pValue(distance: 0, count: 50) == 1) }
}
