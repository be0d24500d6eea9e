import AuthStatistics
import Testing

@Suite("Quantile rule")
struct QuantileRuleTests {
    @Test(
        "asks for enough samples to know the tail's mass to ±20 %",
        arguments: [(0.5, 6), (0.9, 865), (0.99, 9508), (0.999, 95_941), (0.9999, 960_269)])
    func minimumCounts(quantile: Double, count: UInt64) {
        #expect(QuantileRule.minimumCount(for: quantile) == count)
    }

    @Test("takes the middle value, or the mean of the two")
    func medians() {
        #expect(QuantileRule.median([3, 1, 2]) == 2)
        #expect(QuantileRule.median([4, 1, 2, 3]) == 2.5)
        #expect(QuantileRule.median([]) == nil)
    }
}
