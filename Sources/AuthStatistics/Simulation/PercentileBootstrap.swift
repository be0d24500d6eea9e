/// The percentile interval of a mean or a median by resampling single values (Efron 1979), as benchmark tools do it.
struct PercentileBootstrap {
    var ofMedian: Bool
    var resamples = 1000

    func interval(_ values: [Double], using random: inout some RandomNumberGenerator) -> Interval {
        let sorted = values.sorted()
        return Interval(
            percentilesOf: (0..<resamples).map { _ in
                var counts = Array(repeating: 0, count: sorted.count)
                for _ in sorted { counts[Int(random.unit() * Double(sorted.count))] += 1 }
                return ofMedian ? median(sorted, counts) : mean(sorted, counts)
            })
    }

    private func mean(_ values: [Double], _ counts: [Int]) -> Double {
        zip(values, counts).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(values.count)
    }

    /// The mean of the two middle ones, which are the same where the number is odd.
    private func median(_ sorted: [Double], _ counts: [Int]) -> Double {
        let places = [(sorted.count + 1) / 2, sorted.count / 2 + 1]
        var middle: [Double] = []
        var passed = 0
        for (value, count) in zip(sorted, counts) {
            passed += count
            while middle.count < 2, places[middle.count] <= passed { middle.append(value) }
        }
        return middle.reduce(0, +) / 2
    }
}

extension Interval {
    /// The 2.5 % and 97.5 % points of resampled values.
    fileprivate init(percentilesOf values: [Double]) {
        let sorted = values.sorted()
        let tail = Int(Double(sorted.count) * 0.025)
        self.init(low: sorted[tail], high: sorted[sorted.count - 1 - tail])
    }
}
