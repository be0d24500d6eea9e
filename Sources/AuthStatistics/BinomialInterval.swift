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
}
