/// Whether a series of slice medians has settled.
package enum SteadyState {
    /// How many slices MSER-5 must leave out so that the rest has settled; `nil` when it has not.
    ///
    /// White (1997), "An effective truncation heuristic for bias reduction in simulation output": of the
    /// means Y of batches of five, leave out the first d that make the sum of (Y - mean)^2 over (n - d)^2
    /// least. A least at the end of the range searched, half of all, says that there is no steady state.
    package static func mser5(_ values: [Double]) -> Int? {
        let batches = stride(from: 0, through: values.count - 5, by: 5).map { start in
            values[start..<(start + 5)].reduce(0, +) / 5
        }
        guard batches.count >= 4 else { return nil }
        let scores = (0...(batches.count / 2)).map { left -> Double in
            let rest = batches[left...]
            let mean = rest.reduce(0, +) / Double(rest.count)
            let squares = rest.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return squares / Double(rest.count * rest.count)
        }
        guard let least = scores.indices.min(by: { scores[$0] < scores[$1] }) else { return nil }
        return least == scores.count - 1 ? nil : least * 5
    }

    /// Whether what MSER-5 leaves is level: the medians of its two halves within 2 % of each other.
    package static func isStationary(_ medians: [Double]) -> Bool {
        guard let left = mser5(medians) else { return false }
        let rest = medians.dropFirst(left)
        let half = rest.count / 2
        guard let first = QuantileRule.median(Array(rest.prefix(half))),
            let second = QuantileRule.median(Array(rest.suffix(half))), second > 0
        else { return false }
        return abs(first / second - 1) <= 0.02
    }
}
