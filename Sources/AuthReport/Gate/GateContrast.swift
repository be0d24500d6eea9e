import AuthCore
import AuthStatistics
import Foundation

/// One cell in one block, as each metric sees it: a value for each side, and the log-ratio of head to base.
///
/// A processor of a shared machine goes at two speeds, by what runs beside it, and changes between them every tenth of
/// a second or so. Slices of a few milliseconds that take turns on one processor mostly meet the same speed, so the
/// ratio within a quad is taken first and the median of these afterwards: only quads in which the speed changed are
/// off, and a median does not follow them. (The ratio of the sides' own averages compares mixtures of the speeds.)
struct GateContrast: Sendable {
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
