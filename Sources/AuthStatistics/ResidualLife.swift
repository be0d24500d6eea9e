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
