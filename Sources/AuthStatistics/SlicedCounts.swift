/// Histograms of several slices as cumulative counts, so that a quantile of any resample is found by halving.
package struct SlicedCounts {
    private let slices: Int
    /// The values of the buckets, ascending.
    private let values: [Double]
    /// For each bucket how many each slice has in it and in those below.
    private var cumulative: [Int]

    /// - Parameter slices: for each slice the values of its buckets, and how many samples each has.
    package init(_ slices: [[(value: UInt64, count: UInt64)]]) {
        let all = Set(slices.joined().map(\.value)).sorted()
        let places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
        self.slices = slices.count
        values = all.map { Double($0) }
        cumulative = Array(repeating: 0, count: all.count * slices.count)
        for (slice, buckets) in slices.enumerated() {
            for bucket in buckets {
                cumulative[(places[bucket.value] ?? 0) * slices.count + slice] = Int(bucket.count)
            }
            for place in stride(from: 1, to: all.count, by: 1) {
                cumulative[place * slices.count + slice] += cumulative[(place - 1) * slices.count + slice]
            }
        }
    }

    /// A quantile of all samples, each slice taken as often as its weight says; 0 where there is none.
    package func value(at quantile: Double, weights: [Int]) -> Double {
        guard let last = values.indices.last else { return 0 }
        let total = count(upTo: last, weights)
        let rank = max(1, Int((quantile * Double(total)).rounded(.up)))
        var (low, high) = (0, last)
        while low < high {
            let middle = (low + high) / 2
            if count(upTo: middle, weights) >= rank { high = middle } else { low = middle + 1 }
        }
        return values[low]
    }

    private func count(upTo bucket: Int, _ weights: [Int]) -> Int {
        let row = bucket * slices
        var sum = 0
        for slice in 0..<slices { sum &+= weights[slice] &* cumulative[row &+ slice] }
        return sum
    }
}
