import Foundation

/// The noise of a machine as the gates are compared under it; all sizes are shares of a run's time.
///
/// Every number is made for the comparison and each is somewhat worse than measured on a 2-core virtual machine.
package struct NoiseModel: Sendable, Equatable {
    package var name: String
    /// From run to run, or from block to block; both builds have the same within a block.
    package var drift: Double
    /// Of each run for itself.
    package var spread: Double
    /// How many runs something else disturbs, and how much longer they take.
    package var outlierShare: Double
    package var outlierSize: ClosedRange<Double>
    /// Between two sessions, for gates that compare with a stored number; the same for all cases of a run.
    package var session: Double

    package init(
        name: String, drift: Double = 0.08, spread: Double = 0.03, outlierShare: Double = 0.05,
        outlierSize: ClosedRange<Double> = 0.10...0.30, session: Double = 0
    ) {
        self.name = name
        self.drift = drift
        self.spread = spread
        self.outlierShare = outlierShare
        self.outlierSize = outlierSize
        self.session = session
    }

    package static let usual = Self(name: "usual")
    package static let otherSession = Self(name: "other session", session: 0.03)
    package static let calm = Self(name: "calm", spread: 0.015)
    package static let bad = Self(name: "bad", spread: 0.08, outlierShare: 0.15, outlierSize: 0.30...0.70)
    package static let veryBad = Self(
        name: "very bad", spread: 0.15, outlierShare: 0.20, outlierSize: 0.30...0.70)

    /// ln(head / base) of one block of two builds that are equal.
    func logRatio(using random: inout some RandomNumberGenerator) -> Double {
        disturbance(using: &random) - disturbance(using: &random)
    }

    /// By how much one session differs from the usual one, as a log-ratio.
    func sessionShift(using random: inout some RandomNumberGenerator) -> Double {
        session * random.normal()
    }

    /// The times of one build's runs, each in its own moment, where the undisturbed one is 1 without a shift.
    func times(_ count: Int, shift: Double, using random: inout some RandomNumberGenerator) -> [Double] {
        (0..<count).map { _ in
            exp(shift + drift * random.normal() + disturbance(using: &random))
        }
    }

    /// What befalls a run alone, as a log-ratio.
    private func disturbance(using random: inout some RandomNumberGenerator) -> Double {
        let noise = spread * random.normal()
        guard random.unit() < outlierShare else { return noise }
        let width = outlierSize.upperBound - outlierSize.lowerBound
        return noise + log1p(outlierSize.lowerBound + width * random.unit())
    }
}

extension RandomNumberGenerator {
    /// A number in [0, 1) with 53 random bits.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number of the standard normal distribution (Box and Muller 1958).
    mutating func normal() -> Double {
        (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit())
    }
}

/// Where the log-ratios of equal builds come from.
package enum BlockNoise: Sendable {
    case model(NoiseModel)
    /// Block log-ratios of each series of a recording of equal builds, scaled by a factor.
    case recorded([[Double]], factor: Double)

    package var name: String {
        switch self {
        case .model(let model): model.name
        case .recorded(_, let factor): "recorded x\(Int(factor))"
        }
    }

    /// One block of a case; a recorded one is drawn from the case's series, and a coin says which side was the head.
    func logRatio(item: Int, using random: inout some RandomNumberGenerator) -> Double {
        switch self {
        case .model(let model): return model.logRatio(using: &random)
        case .recorded(let series, let factor):
            let blocks = series[item % series.count]
            let block = factor * blocks[Int(random.unit() * Double(blocks.count))]
            return random.unit() < 0.5 ? block : -block
        }
    }
}
