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
