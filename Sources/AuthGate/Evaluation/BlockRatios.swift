import AuthCore
import AuthStatistics
import Foundation

/// One case in one block, as each metric sees it: a value for each side, and the log-ratio of head to base.
///
/// A processor of a shared machine goes at two speeds, by what runs beside it, and changes between them every tenth of
/// a second or so. Slices of a few milliseconds that take turns on one processor mostly meet the same speed, so the
/// ratio within a quad is taken first and the median of these afterwards: only quads in which the speed changed are
/// off, and a median does not follow them. (The ratio of the sides' own averages compares mixtures of the speeds.)
struct BlockRatios: Sendable {
    private let times_ns: [GateMetric: [GateRole: [Double]]]
    /// ln(head / base) of each quad.
    private let quads: [GateMetric: [Double]]
    private let service: [GateRole: LatencyHistogram]

    init(_ measurement: GateMeasurement, operations: Int) {
        let order = measurement.order.map { $0 == GateRole.base.letter ? GateRole.base : .head }
        var times_ns: [GateMetric: [GateRole: [Double]]] = [:]
        var quads: [GateMetric: [Double]] = [:]
        for (metric, values) in [
            (GateMetric.time_ns, measurement.wall_ns), (.cpu_ns, measurement.cpu_ns),
            (.store_cpu_ns, measurement.store_cpu_ns),
        ] where values.count == order.count {
            for (role, value) in zip(order, values) {
                times_ns[metric, default: [:]][role, default: []].append(Double(value) / Double(operations))
            }
            for first in stride(from: 0, to: order.count - 3, by: 4) {
                var sums: [GateRole: Double] = [:]
                for index in first..<first + 4 { sums[order[index], default: 0] += Double(values[index]) }
                quads[metric, default: []].append(log((sums[.head] ?? 0) / (sums[.base] ?? 0)))
            }
        }
        self.times_ns = times_ns
        self.quads = quads
        service = Dictionary(
            uniqueKeysWithValues: GateRole.allCases.compactMap { role in
                LatencyHistogram(flat: measurement[role].buckets).map { (role, $0) }
            })
    }

    /// ln(head / base) of the block; `nil` where there is none.
    func logRatio(_ metric: GateMetric) -> Double? {
        let ratio: Double?
        switch metric {
        case .time_ns, .cpu_ns, .store_cpu_ns: ratio = quads[metric].flatMap { QuantileRule.median($0) }
        case .mean_ns, .p50_ns, .p99_ns:
            guard let base = value(metric, of: .base), let head = value(metric, of: .head) else { return nil }
            ratio = log(head / base)
        }
        return ratio.flatMap { $0.isFinite ? $0 : nil }
    }

    /// The value of one side, for people; `nil` where there is none.
    func value(_ metric: GateMetric, of role: GateRole) -> Double? {
        switch metric {
        case .time_ns, .cpu_ns, .store_cpu_ns: times_ns[metric]?[role].flatMap { QuantileRule.median($0) }
        case .mean_ns:
            times_ns[.time_ns]?[role].flatMap { $0.isEmpty ? nil : $0.reduce(0, +) / Double($0.count) }
        case .p50_ns: service[role]?.interpolated_ns(at: 0.5)
        case .p99_ns: service[role]?.interpolated_ns(at: 0.99)
        }
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

/// What is compared of a case, each so that more is worse.
package enum GateMetric: String, Codable, CaseIterable, Sendable {
    /// Wall-clock time per operation, a burst of noise aside: the median over pairs of slices.
    case time_ns
    /// The same of the process's CPU time, or of the server's where one is compared over HTTP.
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

/// How closely a case is looked at.
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
