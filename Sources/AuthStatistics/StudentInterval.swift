import Foundation

/// A 95 % confidence interval.
package struct Interval: Sendable, Equatable {
    package var low: Double
    package var high: Double

    package init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }
}

/// Intervals after Student (1908): they hold their 95 % for two values as for a hundred, by being wider for two.
package enum StudentInterval {
    /// Calculates the 95 % interval of the mean of two values or more; `nil` for fewer.
    package static func ofMean(_ values: [Double]) -> Interval? {
        guard values.count > 1 else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let halfWidth = halfWidth(values.map { $0 - mean })
        return Interval(low: mean - halfWidth, high: mean + halfWidth)
    }

    /// Calculates the 95 % interval of a positive figure of a whole, from the same figure of its parts.
    ///
    /// This is sectioning (Asmussen and Glynn 2007, "Stochastic Simulation", section III.5): the spread of the parts
    /// about the whole, not about their own mean, says how well the whole is known, so that the whole is in its
    /// interval always. It holds for rates and for quantiles, whose bias in small parts only widens it. The spread is
    /// that of logarithms, because rates and times vary by factors, and an end is never negative.
    ///
    /// - Parameters:
    ///   - whole: the figure of all parts together.
    ///   - parts: of parts that are equally large and independent of each other, nearly: repeats, or long stretches.
    /// - Returns: `nil` for fewer than two parts, and where a figure is 0.
    package static func ofWhole(_ whole: Double, parts: [Double]) -> Interval? {
        guard parts.count > 1, whole > 0, parts.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
        let factor = exp(halfWidth(parts.map { log($0 / whole) }))
        return Interval(low: whole / factor, high: whole * factor)
    }

    private static func halfWidth(_ distances: [Double]) -> Double {
        let degrees = distances.count - 1
        let variance = distances.reduce(0) { $0 + $1 * $1 } / Double(degrees)
        return quantile(degrees: degrees) * (variance / Double(distances.count)).squareRoot()
    }

    /// The 97.5 % point of the t distribution, by halving the range in which the angle atan(t / √degrees) lies.
    static func quantile(degrees: Int) -> Double {
        var (low, high) = (0.0, Double.pi / 2)
        for _ in 0..<64 {
            let middle = (low + high) / 2
            if share(within: middle, degrees: degrees) < 0.95 { low = middle } else { high = middle }
        }
        return tan(low) * Double(degrees).squareRoot()
    }

    /// The probability between -t and t (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
    private static func share(within angle: Double, degrees: Int) -> Double {
        let (sine, cosine) = (sin(angle), cos(angle))
        let isOdd = degrees % 2 == 1
        var term = isOdd ? cosine : 1
        var sum = degrees == 1 ? 0 : term
        for step in stride(from: isOdd ? 2 : 1, through: degrees - 3, by: 2) {
            term *= Double(step) / Double(step + 1) * cosine * cosine
            sum += term
        }
        return isOdd ? 2 / Double.pi * (angle + sine * sum) : sine * sum
    }
}

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
