/// Whether a sample can come from a distribution: by the greatest distance between the shares below a value.
package enum KolmogorovSmirnov {
    /// Calculates the least distance that values within their bounds can have from a distribution: nothing that the
    /// bounds leave open can be held against it.
    ///
    /// With bounds that are equal, the ordinary one-sample statistic.
    ///
    /// - Parameters:
    ///   - lower: a lower bound of each value.
    ///   - upper: an upper bound of each value, in any order.
    ///   - share: the distribution's share of values up to a number.
    /// - Returns: from 0 to 1.
    package static func distance(lower: [Double], upper: [Double], from share: (Double) -> Double) -> Double {
        let count = Double(lower.count)
        var distance = 0.0
        for (index, value) in lower.sorted().enumerated() {
            distance = max(distance, share(value) - Double(index) / count)
        }
        for (index, value) in upper.sorted().enumerated() {
            distance = max(distance, Double(index + 1) / count - share(value))
        }
        return distance
    }

    /// The distance that a sample of the distribution itself exceeds once in twenty times.
    ///
    /// Stephens (1970), "Use of the Kolmogorov-Smirnov, Cramér-von Mises and related statistics without extensive
    /// tables"; within 1 % of the exact value from five samples on, and never more than 1, as no distance is.
    package static func criticalDistance(count: Int) -> Double {
        let root = Double(count).squareRoot()
        return min(1, 1.358 / (root + 0.12 + 0.11 / root))
    }
}
