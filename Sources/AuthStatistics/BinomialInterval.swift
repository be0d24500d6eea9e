import Foundation

/// Where a probability is after some trials.
package enum BinomialInterval {
    /// The 95 % interval of Wilson (1927), "Probable inference, the law of succession, and statistical inference":
    /// near its level for all counts, also for none of many.
    package static func wilson(_ successes: Int, of trials: Int) -> Interval? {
        guard trials > 0 else { return nil }
        let (n, share) = (Double(trials), Double(successes) / Double(trials))
        let z = Normal.quantile(0.975)
        let center = share + z * z / (2 * n)
        let width = z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        let scale = 1 + z * z / n
        return Interval(low: max(0, (center - width) / scale), high: min(1, (center + width) / scale))
    }

    /// Whether so many successes prove that the probability is above a share: whether the lower end of the exact 95 %
    /// interval (Clopper and Pearson 1934) is.
    ///
    /// - Parameters:
    ///   - successes: how many there were.
    ///   - trials: among so many.
    ///   - share: between 0 and 1.
    /// - Returns: whether as many or more would come with at most 2.5 %, were the share the true one.
    package static func proves(_ successes: UInt64, of trials: UInt64, above share: Double) -> Bool {
        let (k, n) = (Double(successes), Double(trials))
        guard successes <= trials, k > n * share else { return false }
        let ways: Double = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
        let odds: Double = share / (1 - share)
        var mass: Double = exp(ways + k * log(odds) + n * log(1 - share))
        var (tail, next) = (mass, k)
        // Above the mean each mass is smaller than the one before.
        while next < n, mass > tail * 1e-12 {
            mass *= (n - next) / (next + 1) * odds
            next += 1
            tail += mass
        }
        return tail <= 0.025
    }
}

/// Pearson's test of counts against the shares that they should have (1900).
package enum ChiSquare {
    /// Calculates the probability that counts drawn with the given shares are at least as far off as these.
    ///
    /// The approximation holds where at least five are expected, so the rarest kinds are taken together until they are.
    ///
    /// - Parameters:
    ///   - counts: how often each kind came.
    ///   - shares: the share of each kind; they sum to 1.
    /// - Returns: the probability; `nil` where fewer than two kinds are left, 0 where something came that has no share.
    package static func pValue(_ counts: [UInt64], shares: [Double]) -> Double? {
        let sum = counts.reduce(0.0) { $0 + Double($1) }
        if zip(counts, shares).contains(where: { $0 > 0 && $1 <= 0 }) { return 0 }
        var cells: [(seen: Double, expected: Double)] = []
        var rare = (seen: 0.0, expected: 0.0)
        for (count, share) in zip(counts, shares).sorted(by: { $0.1 < $1.1 }) where share > 0 {
            rare = (rare.seen + Double(count), rare.expected + share * sum)
            guard rare.expected >= 5 else { continue }
            cells.append(rare)
            rare = (0, 0)
        }
        guard cells.count >= 2 else { return nil }
        cells[cells.count - 1].seen += rare.seen
        cells[cells.count - 1].expected += rare.expected
        let statistic = cells.reduce(0) {
            $0 + ($1.seen - $1.expected) * ($1.seen - $1.expected) / $1.expected
        }
        return upperTail(statistic, degrees: cells.count - 1)
    }

    /// The probability that a chi-square variable exceeds a value: for whole degrees of freedom a finite sum
    /// (Abramowitz and Stegun 1964, formulas 26.4.4 and 26.4.5).
    static func upperTail(_ value: Double, degrees: Int) -> Double {
        guard value > 0 else { return 1 }
        if degrees % 2 == 0 {
            var (term, sum) = (1.0, 1.0)
            for index in stride(from: 2, to: degrees, by: 2) {
                term *= value / Double(index)
                sum += term
            }
            return exp(-value / 2) * sum
        }
        var (term, sum) = (value.squareRoot(), 0.0)
        for index in stride(from: 1, to: degrees, by: 2) {
            sum += term
            term *= value / Double(index + 2)
        }
        let density = exp(-value / 2) / (2 * Double.pi).squareRoot()
        return min(1, erfc((value / 2).squareRoot()) + 2 * density * sum)
    }
}

/// What a count of independent events says about how many there are on average.
package enum PoissonInterval {
    /// The exact 95 % interval of the mean (Garwood 1936, "Fiducial limits for the Poisson distribution").
    package static func exact(_ count: Int) -> Interval {
        let low = count == 0 ? 0 : mean { 1 - share(upTo: count - 1, of: $0) > 0.025 }
        return Interval(low: low, high: mean { share(upTo: count, of: $0) < 0.025 })
    }

    /// The least mean for which something holds that holds for every greater one.
    private static func mean(where holds: (Double) -> Bool) -> Double {
        var (low, high) = (0.0, 1.0)
        while !holds(high) { high *= 2 }
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle }
        }
        return high
    }

    /// The probability of at most so many events.
    static func share(upTo count: Int, of mean: Double) -> Double {
        guard count >= 0 else { return 0 }
        let log = Foundation.log(mean)
        return min(1, (0...count).reduce(0) { $0 + exp(Double($1) * log - mean - lgamma(Double($1) + 1)) })
    }
}
