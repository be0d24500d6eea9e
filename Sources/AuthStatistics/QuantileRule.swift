/// How many samples a quantile needs before it may be printed.
package enum QuantileRule {
    /// The smallest count for which the observed mass of the tail lies within ±20 % of the true one with 95 %
    /// confidence.
    ///
    /// The tail's count is binomial, so its relative half-width is 1.96 √(q / ((1 − q) n)); for p99 this
    /// gives 9508, for p99.9 95941. The median has no tail: six samples give its interval finite ends.
    package static func minimumCount(for quantile: Double) -> UInt64 {
        guard quantile > 0.5 else { return 6 }
        let z = 1.959964
        return UInt64(((z / 0.2) * (z / 0.2) * quantile / (1 - quantile)).rounded(.up))
    }

    /// The median of some values, the mean of the two middle ones where their number is even.
    package static func median(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
