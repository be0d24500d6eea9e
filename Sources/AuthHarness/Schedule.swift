import AuthCore

/// Which strategy is measured when: each repeat has every strategy once, in a fresh random order.
///
/// A fixed order would give whatever the machine does over time (heat, neighbours, caches) to the same
/// strategy each time.
package struct Schedule: Sendable, Equatable {
    /// Indices of strategies, in the order of one repeat.
    package var repeats: [[Int]]

    package init(strategies: Int, repeats: Int, seed: UInt64) {
        var random = RandomSource(seed: seed, stream: 0x5C4E_D01E)
        self.repeats = (0..<repeats).map { _ in Array(0..<strategies).shuffled(using: &random) }
    }
}
