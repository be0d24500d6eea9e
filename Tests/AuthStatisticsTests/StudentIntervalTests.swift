import Foundation
import Testing

@testable import AuthStatistics

@Suite("Student's interval")
struct StudentIntervalTests {
    @Test("is that of the book, and none for fewer than two values")
    func known() throws {
        // scipy.stats.t.interval(0.95, 2, loc=2, scale=1 / 3 ** 0.5)
        let three = try #require(StudentInterval.ofMean([1, 2, 3]))
        #expect(abs(three.low - -0.4841) < 0.001 && abs(three.high - 4.4841) < 0.001)
        let five = try #require(StudentInterval.ofMean([1, 2, 3, 4, 5]))
        #expect(abs(five.low - 1.0368) < 0.001 && abs(five.high - 4.9632) < 0.001)
        #expect(StudentInterval.ofMean([]) == nil && StudentInterval.ofMean([1]) == nil)
    }

    @Test(
        "has the points of the t distribution, for few values as for many",
        arguments: [
            (1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (5, 2.5706), (11, 2.2010), (30, 2.0423),
            (9999, 1.9602),
        ])
    func points(degrees: Int, point: Double) {
        #expect(abs(StudentInterval.quantile(degrees: degrees) - point) < 0.0001)
    }

    @Test("of a whole is about the whole, whatever its parts are, and wider for fewer of them")
    func whole() throws {
        // A mean of 1 667 575 within which three repeats of 1.08 to 1.69 million cannot lie.
        let rates = [1_690_904.0, 1_077_087, 1_699_000]
        let interval = try #require(StudentInterval.ofWhole(1_690_904, parts: rates))
        #expect(interval.low < 1_077_087 && interval.high > 1_699_000)
        var random = SeededSource(state: 1)
        for _ in 0..<1000 {
            let parts = (0..<Int.random(in: 2...9, using: &random)).map { _ in exp(random.normal()) }
            let whole = exp(2 * random.normal())
            let interval = try #require(StudentInterval.ofWhole(whole, parts: parts))
            #expect(0 < interval.low && interval.low <= whole && whole <= interval.high)
        }
        let two = try #require(StudentInterval.ofWhole(10, parts: [9, 11]))
        let six = try #require(StudentInterval.ofWhole(10, parts: [9, 11, 9, 11, 9, 11]))
        #expect(two.high - two.low > 10 * (six.high - six.low))
        #expect(StudentInterval.ofWhole(10, parts: [10, 10]) == Interval(low: 10, high: 10))
        #expect(StudentInterval.ofWhole(10, parts: [10]) == nil)
        #expect(StudentInterval.ofWhole(10, parts: [10, 0]) == nil)
    }
}

@Suite("Binomial interval")
struct BinomialIntervalTests {
    @Test("proves a share with many of few trials, and never with none or with what the share itself gives")
    func proof() {
        // scipy.stats.binom.sf(k - 1, n, 0.01): 3e-7 for 20 of 500, 0.395 for 1 of 50.
        #expect(BinomialInterval.proves(20, of: 500, above: 0.01))
        #expect(!BinomialInterval.proves(1, of: 50, above: 0.01))
        for trials: UInt64 in [0, 1, 50, 9508, 100_000_000] {
            #expect(!BinomialInterval.proves(0, of: trials, above: 0.01))
            #expect(!BinomialInterval.proves(trials / 100, of: trials, above: 0.01))
        }
        // 0.0610 and 0.0166 for 4 and 5 of 147: the first below 2.5 % proves.
        #expect(!BinomialInterval.proves(4, of: 147, above: 0.01))
        #expect(BinomialInterval.proves(5, of: 147, above: 0.01))
        #expect(BinomialInterval.proves(1_001_000, of: 100_000_000, above: 0.01) == false)
        #expect(BinomialInterval.proves(1_003_000, of: 100_000_000, above: 0.01))
        #expect(BinomialInterval.proves(3, of: 3, above: 0.01))
    }

    @Test("calls a share that is just 1 % above 1 % no more often than 2.5 times in 100")
    func level() {
        for trials in [10, 100, 1000, 5000] {
            let masses = OrderStatistics.binomial(count: trials, 0.01)
            let proved = (0...trials).filter {
                BinomialInterval.proves(UInt64($0), of: UInt64(trials), above: 0.01)
            }
            #expect(proved.reduce(0) { $0 + masses[$1] } <= 0.025)
            #expect(proved.first.map { masses[($0 - 1)...].reduce(0, +) > 0.025 } == true)
        }
    }
}
