import Testing

@testable import AuthStatistics

@Suite("Student's interval")
struct StudentIntervalTests {
    @Test("is that of the book for two to five values, and none for others")
    func known() throws {
        // scipy.stats.t.interval(0.95, 2, loc=2, scale=1 / 3 ** 0.5)
        let three = try #require(StudentInterval.ofMean([1, 2, 3]))
        #expect(abs(three.low - -0.4841) < 0.001 && abs(three.high - 4.4841) < 0.001)
        let five = try #require(StudentInterval.ofMean([1, 2, 3, 4, 5]))
        #expect(abs(five.low - 1.0368) < 0.001 && abs(five.high - 4.9632) < 0.001)
        for count in [0, 1, 6] {
            #expect(StudentInterval.ofMean((0..<count).map { Double($0) }) == nil)
        }
    }
}
