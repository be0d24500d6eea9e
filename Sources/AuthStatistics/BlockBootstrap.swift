/// Intervals by resampling stretches of neighbouring slices, never single requests: requests that follow each
/// other are alike, and slices that follow each other are a little.
///
/// The circular block bootstrap of Politis and Romano (1992); with several groups, such as repeats, the groups
/// are drawn first and then blocks within each.
package struct BlockBootstrap {
    /// Slices drawn together; near the cube root of their number (Lahiri 2003, section 7.2).
    package static let blockLength = 4

    private let groups: Int
    private let slicesPerGroup: Int
    private let resamples: Int

    package init(groups: Int = 1, slicesPerGroup: Int, resamples: Int = 1000) {
        self.groups = groups
        self.slicesPerGroup = slicesPerGroup
        self.resamples = resamples
    }

    /// Calculates 95 % percentile intervals of several statistics.
    ///
    /// `statistics` gets how often each slice is in a resample, the slices of the first group first, and
    /// gives one value for each statistic.
    package func intervals(
        using random: inout some RandomNumberGenerator, of statistics: ([Int]) -> [Double]
    ) -> [Interval] {
        var values: [[Double]] = []
        for _ in 0..<resamples {
            for (index, value) in statistics(weights(&random)).enumerated() {
                if index == values.count { values.append([]) }
                values[index].append(value)
            }
        }
        return values.map { Interval(percentilesOf: $0) }
    }

    private func weights(_ random: inout some RandomNumberGenerator) -> [Int] {
        var weights = Array(repeating: 0, count: groups * slicesPerGroup)
        for _ in 0..<groups {
            let first = (groups == 1 ? 0 : Int.random(in: 0..<groups, using: &random)) * slicesPerGroup
            var left = slicesPerGroup
            while left > 0 {
                let start = Int.random(in: 0..<slicesPerGroup, using: &random)
                for offset in 0..<min(left, Self.blockLength) {
                    weights[first + (start + offset) % slicesPerGroup] += 1
                }
                left -= Self.blockLength
            }
        }
        return weights
    }
}

/// A 95 % confidence interval.
package struct Interval: Sendable, Equatable {
    package var low: Double
    package var high: Double

    package init(low: Double, high: Double) {
        self.low = low
        self.high = high
    }

    /// The 2.5 % and 97.5 % points of resampled values.
    init(percentilesOf values: [Double]) {
        let sorted = values.sorted()
        let tail = Int(Double(sorted.count) * 0.025)
        low = sorted[tail]
        high = sorted[sorted.count - 1 - tail]
    }
}
