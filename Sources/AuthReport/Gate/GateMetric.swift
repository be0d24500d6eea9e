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
    /// CPU time of the store's own process per operation, as `time_ns`; only where there is one.
    case store_cpu_ns

    /// How much may be lost, and how much must be lost to be called a regression; as shares.
    package var bounds: StagedTest.Tolerance {
        switch self {
        case .time_ns, .cpu_ns: .init(tolerance: 0.05, minimumEffect: 0.03)
        case .mean_ns, .p50_ns: .init(tolerance: 0.08, minimumEffect: 0.05)
        case .p99_ns: .init(tolerance: 0.15, minimumEffect: 0.10)
        case .store_cpu_ns: .init(tolerance: 0.10, minimumEffect: 0.06)
        }
    }

    /// The requests that a side must have in the first stage for its quantile to be compared.
    package var leastRequests: Int { self == .p99_ns ? 40_000 : 0 }
}

/// How closely a cell is looked at.
package enum GateRank: String, Codable, CaseIterable, Sendable {
    /// What a service does most: one client on one processor, every metric, the closest bounds.
    case main
    /// Refusals, touches and sign-outs: fewer slices, and wider bounds, because what is looked for is a path that became
    /// expensive.
    case side
    /// Several clients on all processors, for what they do to each other: a lock shared by all doubles the time.
    ///
    /// Which thread runs where is the scheduler's choice, so a block's ratio scatters by 5 to 20 % where that of one bound
    /// client scatters by 1 to 3 %; hence the wide bounds, and the other ranks.
    case parallel

    func has(_ metric: GateMetric) -> Bool {
        switch self {
        case .main: true
        case .side: metric == .time_ns || metric == .cpu_ns || metric == .store_cpu_ns
        case .parallel: metric == .time_ns
        }
    }

    /// Whether commands and memory are compared: several clients retry, and grow caches, as it happens.
    var isCounted: Bool { self != .parallel }

    /// `nil` for those of the metric.
    var bounds: StagedTest.Tolerance? {
        switch self {
        case .main: nil
        case .side: .init(tolerance: 0.12, minimumEffect: 0.08)
        case .parallel: .init(tolerance: 0.40, minimumEffect: 0.25)
        }
    }
}
