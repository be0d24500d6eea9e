import Foundation

/// The standard normal distribution.
package enum Normal {
    /// The value below which such a share lies, by halving the range in which the C library's `erfc` has it.
    package static func quantile(_ share: Double) -> Double {
        var (low, high) = (-40.0, 40.0)
        for _ in 0..<64 {
            let middle = (low + high) / 2
            if erfc(-middle / 2.0.squareRoot()) / 2 < share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}
