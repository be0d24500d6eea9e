import AuthCore
import Testing

@Suite("Store growth")
struct StoreGrowthTests {
    private func growth(_ points: [(Int, UInt64)]) -> StoreGrowth {
        points.reduce(into: StoreGrowth()) { $0.add(sessions: $1.0, bytes: $1.1) }
    }

    @Test("is the slope, whatever the store takes for itself")
    func slope() {
        let exact = growth([(5000, 1_500_000), (10_000, 2_000_000), (20_000, 3_000_000)])
        #expect(abs((exact.bytesPerSession ?? 0) - 100) < 1e-9)
        // By hand: mean 10 000 sessions and 20 bytes; (5000 x 10 + 5000 x 20) / (2 x 5000^2).
        let bent = growth([(5000, 10), (10_000, 10), (15_000, 40)])
        #expect(bent.bytesPerSession == 0.003)
    }

    @Test("says nothing with too few sessions or points")
    func tooFew() {
        #expect(growth([(1000, 10), (2000, 20), (9999, 30)]).bytesPerSession == nil)
        #expect(growth([(10_000, 10), (20_000, 20)]).bytesPerSession == nil)
        #expect(growth([(20_000, 10), (20_000, 20), (20_000, 30)]).bytesPerSession == nil)
    }
}
