/// What is done about many tests in one run.
package enum Correction: Sendable {
    case none
    case holm
    /// Benjamini and Hochberg (1995): keeps the expected share of false ones among the rejections.
    case benjaminiHochberg

    /// p values that can each be held against the level.
    func adjusted(_ p: [Double]) -> [Double] {
        switch self {
        case .none: p
        case .holm: Holm.adjusted(p)
        case .benjaminiHochberg: Self.stepUp(p)
        }
    }

    private static func stepUp(_ p: [Double]) -> [Double] {
        var adjusted = p
        var least = 1.0
        let order = p.indices.sorted { p[$0] < p[$1] }
        for (rank, index) in order.enumerated().reversed() {
            least = min(least, p[index] * Double(p.count) / Double(rank + 1))
            adjusted[index] = least
        }
        return adjusted
    }
}
