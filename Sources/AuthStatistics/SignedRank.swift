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
        self.init(differences, untied: nil)
    }

    /// The same with the distribution at hand that applies when as many differences have neither ties nor zeros.
    init(_ differences: [Double], untied: SignedRankDistribution?) {
        let sorted = differences.filter { $0 != 0 }.sorted { abs($0) < abs($1) }
        var ranks: [Int] = []
        var positive = 0
        var hasTies = false
        while ranks.count < sorted.count {
            let start = ranks.count
            let size = abs(sorted[start])
            let end = sorted[start...].firstIndex { abs($0) != size } ?? sorted.count
            hasTies = hasTies || end > start + 1
            // Ranks start + 1 to end have this mean, doubled.
            let rank = start + 1 + end
            for index in start..<end {
                ranks.append(rank)
                if sorted[index] > 0 { positive += rank }
            }
        }
        let distribution =
            if let untied, untied.count == ranks.count, !hasTies { untied } else {
                SignedRankDistribution(doubledRanks: ranks)
            }
        pGreater = distribution.share(upToDoubled: distribution.greatestDoubledSum - positive)
        pLess = distribution.share(upToDoubled: positive)
    }

    /// How likely a sum so far from the middle on either side is.
    package var pTwoSided: Double { min(1, 2 * min(pGreater, pLess)) }
}

/// How likely each sum of ranks is when each rank is as likely to count as not: the signed-rank statistic of
/// differences that are symmetric about 0.
///
/// Ranks are doubled, so that the mean ranks of ties are whole. Exact for any ranks: one rank after the other is
/// added to the sums so far, instead of trying all 2^n signs.
struct SignedRankDistribution: Sendable {
    /// How many ranks there are.
    let count: Int
    /// The probability of at most each doubled sum from 0 on.
    private let shares: [Double]

    init(doubledRanks: [Int]) {
        var masses = Array(repeating: 0.0, count: doubledRanks.reduce(1, +))
        masses[0] = 1
        var greatest = 0
        for rank in doubledRanks {
            greatest += rank
            for sum in stride(from: greatest, through: rank, by: -1) {
                masses[sum] = (masses[sum] + masses[sum - rank]) / 2
            }
            for sum in 0..<rank { masses[sum] /= 2 }
        }
        count = doubledRanks.count
        var share = 0.0
        shares = masses.map { mass in
            share += mass
            return min(1, share)
        }
    }

    /// That of differences of which no two have the same size.
    init(count: Int) { self.init(doubledRanks: (0..<count).map { 2 * ($0 + 1) }) }

    var greatestDoubledSum: Int { shares.count - 1 }

    /// The probability of a doubled sum up to this one; the distribution is symmetric, so this is also that of
    /// one from the greatest less this on.
    func share(upToDoubled sum: Int) -> Double { shares[sum] }

    /// The greatest k for which sums below k have at most such a probability; 0 when not even that of 0 is so small.
    func rank(ofTail level: Double) -> Int {
        (shares.firstIndex { $0 > level } ?? shares.count) / 2
    }
}

/// The location of symmetric values: the median of their Walsh averages, which are the means of all pairs and of
/// each value with itself; with bounds that belong to the signed-rank test.
///
/// Hodges and Lehmann (1963), "Estimates of location based on rank tests". Efficient under normal noise (95 % of the
/// mean), and up to 29 % of the values may be anything.
package struct HodgesLehmann {
    private let averages: [Double]
    private let distribution: SignedRankDistribution

    /// - Parameter values: at least one; `nil` for none.
    package init?(_ values: [Double]) {
        self.init(values, untied: SignedRankDistribution(count: values.count))
    }

    /// The same with the distribution at hand for as many values.
    init?(_ values: [Double], untied: SignedRankDistribution) {
        guard !values.isEmpty else { return nil }
        var averages: [Double] = []
        averages.reserveCapacity(values.count * (values.count + 1) / 2)
        // Of sorted values each row is sorted, which the sort makes use of.
        let sorted = values.sorted()
        for (index, value) in sorted.enumerated() {
            for other in sorted[index...] { averages.append((value + other) / 2) }
        }
        self.averages = averages.sorted()
        distribution = untied
    }

    package var estimate: Double {
        let middle = averages.count / 2
        return averages.count % 2 == 1 ? averages[middle] : (averages[middle - 1] + averages[middle]) / 2
    }

    /// What the location exceeds with at most a probability of `level`; `nil` with too few values for that.
    ///
    /// The location θ is above the k-th greatest average when fewer than k are above θ, and that many are the sum of
    /// the positive ranks of value - θ. With ties the probability is smaller still.
    package func upperBound(level: Double) -> Double? {
        let rank = distribution.rank(ofTail: level)
        return rank > 0 ? averages[averages.count - rank] : nil
    }

    /// What the location is below with at most a probability of `level`; `nil` with too few values for that.
    package func lowerBound(level: Double) -> Double? {
        let rank = distribution.rank(ofTail: level)
        return rank > 0 ? averages[rank - 1] : nil
    }

    /// Where the location is with at least 95 %; `nil` with fewer than six values.
    package var interval95: Interval? {
        guard let low = lowerBound(level: 0.025), let high = upperBound(level: 0.025) else { return nil }
        return Interval(low: low, high: high)
    }
}

/// How small a slow-down a test of block log-ratios can find.
package enum DetectableEffect {
    /// The spread of log-ratios, as the standard deviation of normal noise: 1.4826 times the median distance from the
    /// median, which bursts on fewer than half of the blocks hardly move.
    package static func sigma_b(_ logRatios: [Double]) -> Double? {
        guard let median = QuantileRule.median(logRatios) else { return nil }
        return QuantileRule.median(logRatios.map { abs($0 - median) }).map { 1.4826 * $0 }
    }

    /// The log-ratio that a one-sided signed-rank test at a level rejects 95 times in 100.
    ///
    /// As of a test of means under normal noise, widened by 1.02 = √(π/3) for the signed-rank test's efficiency.
    /// Ranks saturate, so this is too small by 6 % for 10 blocks at p 0.1, and at p 0.00008 by 20 % for 24 blocks and
    /// by 7 % for 60 (by simulation).
    package static func minimum(sigma_b: Double, blocks: Int, level: Double) -> Double {
        (Normal.quantile(1 - level) + 1.645) * 1.02 * sigma_b / Double(blocks).squareRoot()
    }
}
