import Testing

@testable import AuthStatistics

@Suite("Holm's correction")
struct HolmTests {
    private func isClose(_ found: [Double], _ expected: [Double]) -> Bool {
        found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 }
    }

    @Test("of an example by hand")
    func byHand() {
        // Sorted: 0.005 x 4, 0.01 x 3, 0.03 x 2, and 0.04 x 1, which may not be below the one before.
        #expect(isClose(Holm.adjusted([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02]))
        #expect(Holm.adjusted([]) == [])
        #expect(Holm.adjusted([0.4, 0.7]) == [0.8, 0.8])
        #expect(Holm.adjusted([0.9, 0.7]) == [1, 1])
    }

    /// From statsmodels 0.14, `multipletests(p, method="holm")`; in the second case with four times p = 1 appended.
    @Test("is that of statsmodels, tests that were not made counting as p = 1")
    func reference() {
        let p = [0.02, 0.02, 0.0001, 0.5, 0.013, 0.2]
        #expect(isClose(Holm.adjusted(p), [0.08, 0.08, 0.0006, 0.5, 0.065, 0.4]))
        #expect(isClose(Holm.adjusted(p, familySize: 10), [0.16, 0.16, 0.001, 1, 0.117, 1]))
        #expect(Holm.adjusted(p, familySize: 2) == Holm.adjusted(p), "never fewer than there are")
    }
}
