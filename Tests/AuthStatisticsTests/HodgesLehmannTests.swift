import Testing

@testable import AuthStatistics

@Suite("Hodges-Lehmann estimate")
struct HodgesLehmannTests {
    @Test("is the median of all pairs, a value paired with itself too")
    func estimates() throws {
        #expect(HodgesLehmann([]) == nil)
        #expect(try #require(HodgesLehmann([3])).estimate == 3)
        // Averages 1, 2, 3, 5.5, 6.5, 10 of 1, 3, 10.
        #expect(try #require(HodgesLehmann([10, 1, 3])).estimate == 4.25)
        // Averages 0, 1, 2, 2, 3, 4, 3, 4, 5, 6 of 0, 2, 4, 6.
        #expect(try #require(HodgesLehmann([0, 2, 4, 6])).estimate == 3)
    }

    /// The greatest value of θ that the test of the values less θ does not reject, tried at each pair's average.
    ///
    /// The statistic only changes there, so just below the bound it is not rejected and just above it is.
    private func isBoundary(_ bound: Double, _ values: [Double], level: Double) -> Bool {
        let isRejected = { (theta: Double) in SignedRank(values.map { $0 - theta }).pLess <= level }
        return !isRejected(bound - 1e-9) && isRejected(bound + 1e-9)
    }

    @Test(
        "bounds are where the test begins to reject",
        arguments: [(7, 0.01), (10, 0.01), (24, 0.01), (60, 0.01), (10, 0.025), (24, 0.0005)])
    func bounds(count: Int, level: Double) throws {
        var random = SeededSource(state: UInt64(count))
        for _ in 0..<3 {
            let values = (0..<count).map { _ in 0.02 + 0.05 * random.normal() }
            let upper = try #require(HodgesLehmann(values)?.upperBound(level: level))
            #expect(isBoundary(upper, values, level: level))
            let lower = try #require(HodgesLehmann(values)?.lowerBound(level: level))
            #expect(isBoundary(-lower, values.map { -$0 }, level: level))
        }
    }

    @Test("too few values have no bounds")
    func tooFew() {
        #expect(HodgesLehmann([1, 2, 3, 4, 5, 6])?.upperBound(level: 0.01) == nil)
        #expect(HodgesLehmann([1, 2, 3, 4, 5, 6, 7])?.upperBound(level: 0.01) == 7)
        #expect(HodgesLehmann([1, 2, 3, 4, 5])?.interval95 == nil)
        #expect(HodgesLehmann([1, 2, 3, 4, 5, 6])?.interval95 == Interval(low: 1, high: 6))
    }

    @Test("cover the truth as often as their level says, in heavy-tailed noise too", arguments: [7, 12])
    func coverage(count: Int) throws {
        var random = SeededSource(state: 77)
        var (belowUpper, within) = (0, 0)
        for _ in 0..<1500 {
            let values = (0..<count).map { _ in
                random.normal() * (Double.random(in: 0..<1, using: &random) < 0.1 ? 10 : 1)
            }
            let location = try #require(HodgesLehmann(values))
            if try #require(location.upperBound(level: 0.01)) > 0 { belowUpper += 1 }
            let interval = try #require(location.interval95)
            if interval.low < 0, 0 < interval.high { within += 1 }
        }
        // Exact, so at least 99 % and 95 %, and little more: at n = 7 they are 99.2 % and 95.3 %. Four standard errors.
        #expect(1470...1500 ~= belowUpper, "\(belowUpper)")
        #expect(1391...1460 ~= within, "\(within)")
    }
}
