/// The correction of Holm (1979), "A simple sequentially rejective multiple test procedure": the chance of any false
/// rejection among all tests stays below the level, however the tests depend on each other.
package enum Holm {
    /// Calculates the p values that can each be held against the level of the whole family.
    ///
    /// - Parameters:
    ///   - p: of the tests that were made.
    ///   - familySize: how many could have been made; those that were not count as p = 1. At least the number of p,
    ///     which it is when left out.
    /// - Returns: the adjusted p values in the order given.
    package static func adjusted(_ p: [Double], familySize: Int? = nil) -> [Double] {
        let size = max(p.count, familySize ?? 0)
        var adjusted = p
        var greatest = 0.0
        for (rank, index) in p.indices.sorted(by: { p[$0] < p[$1] }).enumerated() {
            greatest = max(greatest, min(1, Double(size - rank) * p[index]))
            adjusted[index] = greatest
        }
        return adjusted
    }
}
