/// How small a slow-down a test of block log-ratios can find.
package enum DetectableEffect {
    /// The spread of log-ratios, as the standard deviation of normal noise: 1.4826 times the median distance from the
    /// median, which bursts on fewer than half of the blocks hardly move.
    package static func sigma_b(_ logRatios: [Double]) -> Double? {
        guard let median = QuantileRule.median(logRatios) else { return nil }
        return QuantileRule.median(logRatios.map { abs($0 - median) }).map { 1.4826 * $0 }
    }

    /// The log-ratio that a one-sided signed-rank test at a level rejects 95 times in 100.
    ///
    /// As of a test of means under normal noise, widened by 1.02 = √(π/3) for the signed-rank test's efficiency.
    package static func minimum(sigma_b: Double, blocks: Int, level: Double) -> Double {
        (Normal.quantile(1 - level) + 1.645) * 1.02 * sigma_b / Double(blocks).squareRoot()
    }
}
