/// How likely each sum of ranks is when each rank is as likely to count as not: the signed-rank statistic of
/// differences that are symmetric about 0.
///
/// Ranks are doubled, so that the mean ranks of ties are whole. Exact for any ranks: one rank after the other is
/// added to the sums so far, instead of trying all 2^n signs.
struct SignedRankDistribution {
    /// The probability of each doubled sum from 0 on.
    private let masses: [Double]

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
        self.masses = masses
    }

    /// That of differences of which no two have the same size.
    init(count: Int) { self.init(doubledRanks: (0..<count).map { 2 * ($0 + 1) }) }

    var greatestDoubledSum: Int { masses.count - 1 }

    /// The probability of a doubled sum up to this one; the distribution is symmetric, so this is also that of
    /// one from the greatest less this on.
    func share(upToDoubled sum: Int) -> Double {
        min(1, masses[0...sum].reduce(0, +))
    }

    /// The greatest k for which sums below k have at most such a probability; 0 when not even that of 0 is so small.
    func rank(ofTail level: Double) -> Int {
        var (rank, below) = (0, 0.0)
        while 2 * rank < masses.count {
            below += masses[2 * rank]
            guard below <= level else { break }
            rank += 1
        }
        return rank
    }
}
