import AuthCore
import AuthStatistics

/// What is compared of a cell, each so that more is worse.
package enum GateMetric: String, Codable, CaseIterable, Sendable {
    /// Wall-clock time per operation where nothing disturbed it: the mean of the faster half of a block's slices.
    case time_ns
    /// The same of the clients' CPU time.
    case cpu_ns
    /// Wall-clock time per operation over all slices, rare slow paths among them: the inverse of throughput.
    case mean_ns
    case p50_ns
    case p99_ns

    /// How much may be lost, and how much must be lost to be called a regression; as shares.
    package var bounds: StagedTest.Tolerance {
        switch self {
        case .time_ns, .cpu_ns: .init(tolerance: 0.05, minimumEffect: 0.03)
        case .mean_ns, .p50_ns: .init(tolerance: 0.08, minimumEffect: 0.05)
        case .p99_ns: .init(tolerance: 0.15, minimumEffect: 0.10)
        }
    }

    /// The requests that a side must have in the first stage for its quantile to be compared.
    package var leastRequests: Int { self == .p99_ns ? 40_000 : 0 }
}

/// One side of one cell in one block: what its slices come to.
struct GateSide {
    private let times_ns: [Double]
    private let cpu_ns: [Double]
    private let operations: Int
    private let wall_ns: Double
    private let service: LatencyHistogram

    init(_ slices: [GateSlice], service: LatencyHistogram) {
        times_ns = slices.map { Double($0.wall_ns) / Double($0.operations) }
        cpu_ns = slices.map { Double($0.cpu_ns) / Double($0.operations) }
        operations = slices.reduce(0) { $0 + $1.operations }
        wall_ns = slices.reduce(0) { $0 + Double($1.wall_ns) }
        self.service = service
    }

    /// The value of a metric; `nil` where there is none.
    func value(_ metric: GateMetric) -> Double? {
        let value: Double? =
            switch metric {
            case .time_ns: Self.lowerHalfMean(times_ns)
            case .cpu_ns: Self.lowerHalfMean(cpu_ns)
            case .mean_ns: operations > 0 ? wall_ns / Double(operations) : nil
            case .p50_ns: service.interpolated_ns(at: 0.5)
            case .p99_ns: service.interpolated_ns(at: 0.99)
            }
        return value.flatMap { $0 > 0 ? $0 : nil }
    }

    /// Noise comes in short bursts that only ever slow down, so the faster half tells the undisturbed cost.
    static func lowerHalfMean(_ values: [Double]) -> Double? {
        let half = values.sorted().prefix((values.count + 1) / 2)
        return half.isEmpty ? nil : half.reduce(0, +) / Double(half.count)
    }
}

extension LatencyHistogram {
    /// A quantile between the bounds of its bucket, by the share of the bucket's times below it.
    ///
    /// Where two sides are divided by each other, whole buckets would make most ratios exactly 1.
    func interpolated_ns(at quantile: Double) -> Double? {
        let rank = quantile * Double(count)
        var seen = 0.0
        for bucket in buckets {
            let own = Double(bucket.count)
            if seen + own >= rank {
                let width = Double(bucket.upper_ns - bucket.lower_ns + 1)
                return Double(bucket.lower_ns) + width * (rank - seen) / own
            }
            seen += own
        }
        return nil
    }
}
