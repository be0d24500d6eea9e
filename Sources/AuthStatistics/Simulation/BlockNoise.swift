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

    /// One block of a cell; a recorded one is drawn from the cell's series, and a coin says which side was the head.
    func logRatio(cell: Int, using random: inout some RandomNumberGenerator) -> Double {
        switch self {
        case .model(let model): return model.logRatio(using: &random)
        case .recorded(let series, let factor):
            let blocks = series[cell % series.count]
            let block = factor * blocks[Int(random.unit() * Double(blocks.count))]
            return random.unit() < 0.5 ? block : -block
        }
    }
}
