import Testing

@testable import AuthStatistics

/// SplitMix64, seeded, so that a test always sees the same draws.
struct SeededSource: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Of the standard normal distribution, by summing twelve even ones.
    mutating func normal() -> Double {
        (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
    }
}

@Suite("Block bootstrap")
struct BlockBootstrapTests {
    @Test("takes as many slices as there are, neighbours together")
    func weights() {
        var random = SeededSource(state: 1)
        var sums: Set<Int> = []
        _ = BlockBootstrap(slicesPerGroup: 40, resamples: 50).intervals(using: &random) { weights in
            sums.insert(weights.reduce(0, +))
            // With blocks of four, a slice whose neighbours were not drawn was not drawn either.
            for slice in weights.indices where weights[slice] > 0 {
                let (before, after) = (weights[(slice + 39) % 40], weights[(slice + 1) % 40])
                #expect(before > 0 || after > 0)
            }
            return [0]
        }
        #expect(sums == [40])
    }

    @Test("draws groups first, and whole groups' worth of slices from each")
    func groups() {
        var random = SeededSource(state: 2)
        var drawn: Set<[Int]> = []
        _ = BlockBootstrap(groups: 3, slicesPerGroup: 8, resamples: 200).intervals(using: &random) {
            weights in
            drawn.insert((0..<3).map { weights[($0 * 8)..<($0 * 8 + 8)].reduce(0, +) / 8 })
            return [0]
        }
        #expect(drawn.count == 10, "every way to draw three of three with replacement")
        #expect(drawn.allSatisfy { $0.reduce(0, +) == 3 })
    }

    @Test("covers the true mean of independent slices about 95 times in 100")
    func coverage() {
        var random = SeededSource(state: 3)
        var covered = 0
        for _ in 0..<400 {
            let values = (0..<40).map { _ in 10 + random.normal() }
            let interval = BlockBootstrap(slicesPerGroup: 40, resamples: 200)
                .intervals(using: &random) { weights in
                    [zip(weights, values).reduce(0) { $0 + Double($1.0) * $1.1 } / 40]
                }[0]
            if interval.low <= 10, 10 <= interval.high { covered += 1 }
        }
        // Ten blocks are few: the percentile interval is a little too narrow.
        #expect(340...390 ~= covered, "\(covered) of 400")
    }

    @Test("a quantile of a resample is that of all samples written out")
    func quantiles() {
        var random = SeededSource(state: 4)
        for _ in 0..<50 {
            let slices = (0..<6).map { _ in
                (0..<Int.random(in: 0...5, using: &random)).map { _ in
                    (
                        value: UInt64.random(in: 0..<30, using: &random),
                        count: UInt64.random(in: 1...4, using: &random)
                    )
                }
            }.map { slice in
                Dictionary(slice.map { ($0.value, $0.count) }) { $1 }.map { (value: $0, count: $1) }
            }
            let counts = SlicedCounts(slices)
            let weights = (0..<6).map { _ in Int.random(in: 0...3, using: &random) }
            let all = zip(slices, weights).flatMap { slice, weight in
                slice.flatMap { [UInt64](repeating: $0.value, count: Int($0.count) * weight) }
            }.sorted()
            guard !all.isEmpty else { continue }
            for quantile in [0.01, 0.5, 0.9, 0.99, 1] {
                let rank = max(1, Int((quantile * Double(all.count)).rounded(.up)))
                #expect(counts.value(at: quantile, weights: weights) == Double(all[rank - 1]))
            }
        }
    }
}

@Suite("Steady state")
struct SteadyStateTests {
    private func noise(_ count: Int, _ level: (Int) -> Double) -> [Double] {
        var random = SeededSource(state: 5)
        return (0..<count).map { level($0) * (1 + 0.005 * random.normal()) }
    }

    @Test("is seen in level noise")
    func level() {
        let values = noise(40) { _ in 100 }
        #expect(SteadyState.mser5(values) != nil)
        #expect(SteadyState.isStationary(values))
    }

    @Test("begins after a start that is slower, which MSER-5 leaves out")
    func warmUp() {
        let values = noise(40) { $0 < 10 ? 150 : 100 }
        #expect(SteadyState.mser5(values) == 10)
        #expect(SteadyState.isStationary(values))
    }

    @Test("is not seen in a trend, nor in a step near the end")
    func trends() {
        let trend = noise(40) { 100 + Double($0) }
        #expect(SteadyState.mser5(trend) == nil, "the least is at the border")
        #expect(!SteadyState.isStationary(trend))
        #expect(!SteadyState.isStationary(noise(40) { $0 < 25 ? 100 : 110 }))
    }

    @Test("scores as the definition says")
    func score() {
        // Batch means 5, 1, 1, 1 with n = 4: d = 0 gives 12/16, d = 1 gives 0 and is no border.
        let values = [5, 5, 5, 5, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1].map(Double.init(_:))
        #expect(SteadyState.mser5(values) == 5)
        #expect(SteadyState.mser5(Array(values.prefix(19))) == nil, "fewer than four batches")
    }
}
