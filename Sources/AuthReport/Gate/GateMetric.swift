import AuthStatistics

/// What is compared of a cell, each so that more is worse.
package enum GateMetric: String, Codable, CaseIterable, Sendable {
    /// Wall-clock time per operation, a burst of noise aside: the median over pairs of slices.
    case time_ns
    /// The same of the clients' CPU time.
    case cpu_ns
    /// Wall-clock time per operation over all slices, bursts and rare slow paths among them: the inverse of throughput.
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
