import Foundation

/// How long a thing still lives that is met at a random moment of its life, when lives are uniform on [a, b].
///
/// Those who live longer are met more often, so the density is (1 - F(x)) / mean for lives with the distribution F
/// (Cox 1962, "Renewal Theory", section 5.2): flat up to the shortest life, then falling to 0 at the longest.
package struct ResidualLife: Sendable, Equatable {
    private let shortest: Double
    private let longest: Double

    package init(shortest: Double, longest: Double) {
        self.shortest = shortest
        self.longest = longest
    }

    private var meanLife: Double { (shortest + longest) / 2 }
    private var width: Double { longest - shortest }

    package var maximum: Double { longest }

    package var mean: Double {
        (shortest * shortest + shortest * longest + longest * longest) / 3 / (2 * meanLife)
    }

    /// The share of rests that are at most so long.
    package func share(upTo rest: Double) -> Double {
        if rest <= 0 { return 0 }
        if rest <= shortest { return rest / meanLife }
        if rest >= longest { return 1 }
        let beyond = longest - rest
        return (shortest + (width * width - beyond * beyond) / (2 * width)) / meanLife
    }

    package func quantile(_ share: Double) -> Double {
        let area = share * meanLife
        guard area > shortest, width > 0 else { return area }
        return longest - max(0, width * width - 2 * width * (area - shortest)).squareRoot()
    }
}

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

    /// The probability that a sample of the distribution itself is at least so far from it.
    ///
    /// Kolmogorov's limit with the correction of Stephens (1970), as for `criticalDistance`.
    package static func pValue(distance: Double, count: Int) -> Double {
        let root = Double(count).squareRoot()
        let scaled = (root + 0.12 + 0.11 / root) * distance
        // Below it the series does not converge, and the probability is 1 in all digits that count.
        guard scaled > 0.2 else { return 1 }
        let terms = (1...100).map { index in
            let term = exp(-2 * Double(index * index) * scaled * scaled)
            return index.isMultiple(of: 2) ? -term : term
        }
        return min(1, max(0, 2 * terms.reduce(0, +)))
    }
}

/// Quantiles of a sample, with intervals that assume nothing of its distribution.
package enum OrderStatistics {
    /// The smallest value that at least such a share of the sample does not exceed; `nil` for none.
    package static func quantile<Value>(_ share: Double, of sorted: [Value]) -> Value? {
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

    /// The probability that so many values of a sample, or more, are on one side of a quantile of what was sampled.
    ///
    /// Two-sided: twice that of the less probable side (`ranks` says why it is binomial).
    ///
    /// - Parameters:
    ///   - share: which quantile, 0.5 for the median.
    ///   - below: how many values are less than the quantile.
    ///   - above: how many are more; a value that may be on either side counts on none.
    ///   - count: how many values there are.
    /// - Returns: at most 1.
    package static func pValue(of share: Double, below: Int, above: Int, count: Int) -> Double {
        let many = binomial(count: count, share)[below...].reduce(0, +)
        let few = binomial(count: count, 1 - share)[above...].reduce(0, +)
        return min(1, 2 * min(many, few))
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
