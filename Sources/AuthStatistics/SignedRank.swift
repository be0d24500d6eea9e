/// The signed-rank test of Wilcoxon (1945), "Individual comparisons by ranking methods", with exact p values.
///
/// Differences of 0 are dropped, as Wilcoxon did: they speak for neither side, and given how many there are, all
/// signs of the others are still equally likely. Differences of one size share the mean of their ranks, and p is
/// that of all signs of these very ranks; so it is exact with ties too.
package struct SignedRank {
    /// How likely so great a sum of positive ranks is when differences are symmetric about 0.
    package let pGreater: Double
    /// How likely so small a one is.
    package let pLess: Double

    package init(_ differences: [Double]) {
        let sorted = differences.filter { $0 != 0 }.sorted { abs($0) < abs($1) }
        var ranks: [Int] = []
        var positive = 0
        while ranks.count < sorted.count {
            let start = ranks.count
            let size = abs(sorted[start])
            let end = sorted[start...].firstIndex { abs($0) != size } ?? sorted.count
            // Ranks start + 1 to end have this mean, doubled.
            let rank = start + 1 + end
            for index in start..<end {
                ranks.append(rank)
                if sorted[index] > 0 { positive += rank }
            }
        }
        let distribution = SignedRankDistribution(doubledRanks: ranks)
        pGreater = distribution.share(upToDoubled: distribution.greatestDoubledSum - positive)
        pLess = distribution.share(upToDoubled: positive)
    }

    /// How likely a sum so far from the middle on either side is.
    package var pTwoSided: Double { min(1, 2 * min(pGreater, pLess)) }
}
