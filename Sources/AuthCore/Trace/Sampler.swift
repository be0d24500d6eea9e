/// Draws an index with given weights by searching their running sums.
struct Sampler: Sendable {
    private var sums: [Double]

    /// Weights need not sum to 1.
    init(weights: some Sequence<Double>) {
        var sum = 0.0
        sums = weights.map { weight in
            sum += weight
            return sum
        }
    }

    func draw(_ random: inout RandomSource) -> Int {
        let target = random.unit() * (sums.last ?? 0)
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension Workload.Skew {
    /// A sampler over ranks 0 ..< count.
    ///
    /// The weights are quotients, no powers, so that every C library gives the same trace.
    func sampler(count: Int) -> Sampler {
        switch self {
        case .uniform: Sampler(weights: repeatElement(1.0, count: count))
        case .zipfian: Sampler(weights: (1...count).lazy.map { 1 / Double($0) })
        }
    }
}
