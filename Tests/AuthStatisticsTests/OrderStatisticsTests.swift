import Testing

@testable import AuthStatistics

@Suite("Order statistics")
struct OrderStatisticsTests {
    @Test("the binomial probabilities are those counted over all outcomes", arguments: [0.5, 0.99, 0.1])
    func binomial(share: Double) {
        let masses = OrderStatistics.binomial(count: 10, share)
        var counted = Array(repeating: 0.0, count: 11)
        for outcome in 0..<1024 {
            let ones = outcome.nonzeroBitCount
            counted[ones] += (0..<10).reduce(1.0) { $0 * (outcome >> $1 & 1 == 1 ? share : 1 - share) }
        }
        for index in 0...10 { #expect(abs(masses[index] - counted[index]) < 1e-12) }
        #expect(abs(OrderStatistics.binomial(count: 5000, share).reduce(0, +) - 1) < 1e-9)
    }

    @Test("a sample too small for an interval has none")
    func tooSmall() {
        #expect(OrderStatistics.ranks(of: 0.5, count: 5) == nil)
        #expect(OrderStatistics.ranks(of: 0.5, count: 6) == 1...6)
        #expect(OrderStatistics.ranks(of: 0.99, count: 300) == nil)
        #expect(OrderStatistics.ranks(of: 0.99, count: 400) != nil)
        #expect(OrderStatistics.ranks(of: 0.5, count: 0) == nil)
    }

    /// From SciPy 1.17.1: the greatest low with `binom.cdf(low - 1, n, q) <= 0.025`, and the least high with
    /// `binom.sf(high - 1, n, q) <= 0.025`.
    @Test(
        "the ranks are those of SciPy's binomial distribution",
        arguments: [(0.5, 20, 6...15), (0.5, 201, 87...115), (0.99, 500, 490...500), (0.9, 1000, 881...919)])
    func ranks(share: Double, count: Int, expected: ClosedRange<Int>) {
        #expect(OrderStatistics.ranks(of: share, count: count) == expected)
    }

    @Test(
        "the interval has the quantile in it with at least 95 %",
        arguments: [(0.5, 20), (0.5, 201), (0.99, 500)])
    func coverage(share: Double, count: Int) throws {
        let ranks = try #require(OrderStatistics.ranks(of: share, count: count))
        let hits = (0..<4000).count { _ in
            let sorted = (0..<count).map { _ in Double.random(in: 0..<1) }.sorted()
            return sorted[ranks.lowerBound - 1]...sorted[ranks.upperBound - 1] ~= share
        }
        // Five standard errors below 95 %; a wider interval than the next narrower one would be found at 99.6 %.
        #expect(3731...3990 ~= hits, "\(hits)")
    }

    @Test("a quantile is a value of the sample")
    func quantile() {
        let sorted = [1.0, 2, 3, 4]
        #expect(OrderStatistics.quantile(0.5, of: sorted) == 2)
        #expect(OrderStatistics.quantile(0.51, of: sorted) == 3)
        #expect(OrderStatistics.quantile(0.99, of: sorted) == 4)
        #expect(OrderStatistics.quantile(0.5, of: []) == nil)
    }

    /// From SciPy 1.17.1: `2 * min(binom.sf(below - 1, n, q), binom.sf(above - 1, n, 1 - q))`, at most 1.
    @Test(
        "how probable the counts on both sides of a quantile are, SciPy says too",
        arguments: [
            (0.5, 60, 40, 100, 0.05688793364098089), (0.99, 399, 1, 400, 0.1809560825100511),
            (0.99, 380, 20, 400, 1.4942260277163798e-08), (0.5, 200, 200, 400, 1),
        ])
    func sides(share: Double, below: Int, above: Int, count: Int, expected: Double) {
        let p = OrderStatistics.pValue(of: share, below: below, above: above, count: count)
        #expect(abs(p - expected) < 1e-9 * expected, "\(p)")
    }
}
