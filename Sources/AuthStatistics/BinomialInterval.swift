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
