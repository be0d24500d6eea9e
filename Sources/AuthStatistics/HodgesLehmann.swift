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
        guard !values.isEmpty else { return nil }
        var averages: [Double] = []
        averages.reserveCapacity(values.count * (values.count + 1) / 2)
        for (index, value) in values.enumerated() {
            for other in values[index...] { averages.append((value + other) / 2) }
        }
        self.averages = averages.sorted()
        distribution = SignedRankDistribution(count: values.count)
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
