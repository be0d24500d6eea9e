/// The interval of a mean after Student (1908), for so few values that no interval by ranks exists.
package enum StudentInterval {
    /// The 97.5 % points of the t distribution with 1 to 4 degrees of freedom.
    private static let quantiles = [12.706, 4.303, 3.182, 2.776]

    /// Calculates the 95 % interval of the mean of two to five values; `nil` for any other number of them.
    package static func ofMean(_ values: [Double]) -> Interval? {
        let degrees = values.count - 1
        guard quantiles.indices.contains(degrees - 1) else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let halfWidth =
            quantiles[degrees - 1] * (squares / Double(degrees)).squareRoot()
            / Double(values.count).squareRoot()
        return Interval(low: mean - halfWidth, high: mean + halfWidth)
    }
}
