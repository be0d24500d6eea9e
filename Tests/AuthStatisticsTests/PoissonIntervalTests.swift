import Testing

@testable import AuthStatistics

/// Against the table of Garwood (1936), as textbooks print it to two or three digits.
@Suite("Poisson interval")
struct PoissonIntervalTests {
    @Test(
        "has the exact ends",
        arguments: [
            (0, 0.0, 3.689), (1, 0.0253, 5.572), (5, 1.623, 11.668), (10, 4.795, 18.390),
            (50, 37.111, 65.919),
        ])
    func exact(_ count: Int, _ low: Double, _ high: Double) {
        let interval = PoissonInterval.exact(count)
        #expect(abs(interval.low - low) < 0.001 && abs(interval.high - high) < 0.001, "\(interval)")
    }
}
