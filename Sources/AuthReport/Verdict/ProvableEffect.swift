import AuthCore
import AuthStatistics

/// How great an effect the exact signed-rank test proves 95 times in 100, in standard deviations of one pair.
///
/// With hardly more pairs than the level needs, nearly every sign must agree, and the formula for large
/// samples promises too much: 57 % were found where it says 95. So the test itself is tried on seeded normal noise:
/// an effect is proved when it exceeds what the lower bound of noise alone falls short of.
enum ProvableEffect {
    private static let trials = 400
    /// From here on the formula is as good, and trials take long.
    private static let manyPairs = 60

    /// Calculates it for so many pairs; `nil` where no effect of any size can be proved.
    static func deviations(pairs: Int, level: Double) -> Double? {
        guard pairs < manyPairs else {
            return DetectableEffect.minimum(sigma_b: 1, blocks: pairs, level: level)
        }
        var random = RandomSource(seed: 1)
        let bounds = (0..<trials).compactMap { _ in
            let noise = (0..<pairs).map { _ in
                Normal.quantile(.random(in: Double.leastNonzeroMagnitude..<1, using: &random))
            }
            return HodgesLehmann(noise)?.lowerBound(level: level)
        }
        return bounds.count == trials ? -bounds.sorted()[trials / 20] : nil
    }
}
