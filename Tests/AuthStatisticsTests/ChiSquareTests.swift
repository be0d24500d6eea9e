import Testing

@testable import AuthStatistics

@Suite("Chi-square")
struct ChiSquareTests {
    /// `scipy.stats.chi2.sf`, version 1.17.1.
    @Test(
        "has the tails of the distribution",
        arguments: [
            (3.841458820694124, 1, 0.05), (10.827566170662733, 1, 0.001), (5.991464547107979, 2, 0.05),
            (2.0, 3, 0.5724067044708798), (11.070497693516351, 5, 0.05), (26.124481558376136, 8, 0.001),
            (30.0, 9, 0.00043872177097947936), (0.5, 8, 0.999866630349486),
        ])
    func tails(value: Double, degrees: Int, expected: Double) {
        #expect(abs(ChiSquare.upperTail(value, degrees: degrees) / expected - 1) < 1e-9)
    }

    /// `scipy.stats.chisquare([44, 56, 100], [50, 50, 100])`.
    @Test("tells counts that fit their shares from others")
    func counts() throws {
        let fair = try #require(ChiSquare.pValue([44, 56, 100], shares: [0.25, 0.25, 0.5]))
        #expect(abs(fair - 0.48675225595997157) < 1e-9)
        #expect(try #require(ChiSquare.pValue([277, 9723], shares: [0.02, 0.98])) < 1e-6)
        #expect(ChiSquare.pValue([1, 99], shares: [0, 1]) == 0)
    }

    @Test("takes rare kinds together, and says nothing where too little came")
    func rare() {
        #expect(ChiSquare.pValue([1, 2, 0, 997], shares: [0.001, 0.002, 0.001, 0.996]) == nil)
        #expect(ChiSquare.pValue([3, 4, 993], shares: [0.003, 0.004, 0.993]) != nil)
        #expect(ChiSquare.pValue([2, 1], shares: [0.5, 0.5]) == nil)
    }
}
