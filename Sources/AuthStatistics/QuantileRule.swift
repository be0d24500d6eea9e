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

/// Whether a series of slice medians has settled.
package enum SteadyState {
    /// How many slices MSER-5 must leave out so that the rest has settled; `nil` when it has not.
    ///
    /// White (1997), "An effective truncation heuristic for bias reduction in simulation output": of the
    /// means Y of batches of five, leave out the first d that make the sum of (Y - mean)^2 over (n - d)^2
    /// least. A least at the end of the range searched, half of all, says that there is no steady state.
    package static func mser5(_ values: [Double]) -> Int? {
        let batches = stride(from: 0, through: values.count - 5, by: 5).map { start in
            values[start..<(start + 5)].reduce(0, +) / 5
        }
        guard batches.count >= 4 else { return nil }
        let scores = (0...(batches.count / 2)).map { left -> Double in
            let rest = batches[left...]
            let mean = rest.reduce(0, +) / Double(rest.count)
            let squares = rest.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return squares / Double(rest.count * rest.count)
        }
        guard let least = scores.indices.min(by: { scores[$0] < scores[$1] }) else { return nil }
        return least == scores.count - 1 ? nil : least * 5
    }

    /// Whether what MSER-5 leaves is level: the medians of its two halves within 2 % of each other.
    package static func isStationary(_ medians: [Double]) -> Bool {
        guard let left = mser5(medians) else { return false }
        let rest = medians.dropFirst(left)
        let half = rest.count / 2
        guard let first = QuantileRule.median(Array(rest.prefix(half))),
            let second = QuantileRule.median(Array(rest.suffix(half))), second > 0
        else { return false }
        return abs(first / second - 1) <= 0.02
    }
}
