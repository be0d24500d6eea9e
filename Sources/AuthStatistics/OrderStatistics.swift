/// Quantiles of a sample, with intervals that assume nothing of its distribution.
package enum OrderStatistics {
    /// The smallest value that at least such a share of the sample does not exceed; `nil` for none.
    package static func quantile(_ share: Double, of sorted: [Double]) -> Double? {
        guard !sorted.isEmpty else { return nil }
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    /// The ranks, counted from 1, between whose values the quantile of what was sampled lies with 95 %; `nil` where
    /// the sample is too small to have them.
    ///
    /// How many values are below the quantile is binomial (David and Nagaraja 2003, "Order Statistics", section 7.1).
    package static func ranks(of share: Double, count: Int) -> ClosedRange<Int>? {
        let masses = binomial(count: count, share)
        var (low, below) = (0, 0.0)
        // X(low) exceeds the quantile when fewer than `low` values are below it.
        while low < count, below + masses[low] <= 0.025 {
            below += masses[low]
            low += 1
        }
        var (high, above) = (count + 1, 0.0)
        while high > 0, above + masses[high - 1] <= 0.025 {
            above += masses[high - 1]
            high -= 1
        }
        return low >= 1 && high <= count ? low...high : nil
    }

    /// The binomial probabilities of 0 to `count`, each from its neighbour outwards from the greatest.
    static func binomial(count: Int, _ share: Double) -> [Double] {
        var masses = Array(repeating: 0.0, count: count + 1)
        let mode = min(count, Int(Double(count + 1) * share))
        let odds = share / (1 - share)
        masses[mode] = 1
        for index in stride(from: mode + 1, through: count, by: 1) {
            masses[index] = masses[index - 1] * Double(count - index + 1) / Double(index) * odds
        }
        for index in stride(from: mode - 1, through: 0, by: -1) {
            masses[index] = masses[index + 1] * Double(index + 1) / Double(count - index) / odds
        }
        let sum = masses.reduce(0, +)
        return masses.map { $0 / sum }
    }
}
