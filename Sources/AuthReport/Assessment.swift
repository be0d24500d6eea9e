import AuthCore
import AuthStatistics

/// A measurement with what follows from it: intervals and steadiness.
///
/// Calculated once, because resampling takes longer than writing.
package struct Assessment: Sendable {
    package var measurement: RepeatMeasurement
    package var latencies: [Latency]
    /// Of the completed operations per second; `nil` for a measurement by a count of operations.
    package var rate: Interval?
    /// `nil` where a slice has too few samples to have a median.
    package var isStationary: Bool?

    /// One operation by one clock.
    package struct Latency: Sendable {
        package var kind: OperationKind
        package var clock: LatencyClock
        package var times: SlicedHistogram
        /// For each of `quantiles`, `nil` where there are too few samples for the quantile itself.
        package var intervals: [Interval?]

        package init(kind: OperationKind, clock: LatencyClock, times: SlicedHistogram) {
            self.kind = kind
            self.clock = clock
            self.times = times
            intervals = Assessment.intervals(of: [times], pooled: times.total)
        }
    }

    /// Those that get an interval.
    package static let quantiles = [0.5, 0.9, 0.99]

    package init(_ measurement: RepeatMeasurement) {
        self.measurement = measurement
        latencies = measurement.operations.flatMap { operation in
            var rows = [(LatencyClock.service, operation.service)]
            if let response = operation.response { rows.append((.response, response)) }
            return rows.map { clock, times in
                Latency(kind: operation.kind, clock: clock, times: times)
            }
        }
        rate = Self.rate([measurement])
        isStationary = Self.isStationary(measurement)
    }

    /// Intervals of the quantiles of all repeats together, `nil` where there are too few samples.
    static func intervals(of repeats: [SlicedHistogram], pooled: LatencyHistogram) -> [Interval?] {
        let supported = quantiles.filter { pooled.supported_ns($0) != nil }
        guard !supported.isEmpty, let slices = repeats.first?.slices.count else {
            return quantiles.map { _ in nil }
        }
        let counts = SlicedCounts(repeats.flatMap { $0.slices.map(\.values) })
        var random = seeded
        let intervals = BlockBootstrap(groups: repeats.count, slicesPerGroup: slices)
            .intervals(using: &random) { weights in
                supported.map { counts.value(at: $0, weights: weights) }
            }
        return quantiles.map { quantile in supported.firstIndex(of: quantile).map { intervals[$0] } }
    }

    /// An interval of the completed operations per second, over repeats and the blocks in them.
    static func rate(_ repeats: [RepeatMeasurement]) -> Interval? {
        guard repeats.allSatisfy({ $0.isByDuration && $0.total.completed > 0 }),
            let slices = repeats.first?.completedBySlice.count, slices > 0
        else { return nil }
        let completed = repeats.flatMap(\.completedBySlice)
        var random = seeded
        let wall_s = repeats.flatMap { one in
            repeatElement(Double(one.wall_ns) / 1e9 / Double(slices), count: slices)
        }
        return BlockBootstrap(groups: repeats.count, slicesPerGroup: slices)
            .intervals(using: &random) { weights in
                var (sum, time_s) = (0.0, 0.0)
                for slice in weights.indices {
                    sum += Double(weights[slice]) * completed[slice]
                    time_s += Double(weights[slice]) * wall_s[slice]
                }
                return [sum / time_s]
            }.first
    }

    /// Seeded alike each time, so that the same times always give the same interval.
    private static var seeded: RandomSource { RandomSource(seed: 1) }

    private static func isStationary(_ measurement: RepeatMeasurement) -> Bool? {
        let commonest = measurement.operations.max { $0.service.total.count < $1.service.total.count }
        guard let slices = commonest?.service.slices, !slices.isEmpty else { return nil }
        let medians = slices.compactMap { $0.supported_ns(0.5).map { Double($0) } }
        return medians.count == slices.count ? SteadyState.isStationary(medians) : nil
    }
}

/// From when on a time is counted: the actual or the intended start of the operation.
package enum LatencyClock: String, CaseIterable, Sendable {
    case service, response
}

extension RepeatMeasurement {
    /// Completed operations in each slice.
    var completedBySlice: [Double] {
        guard let first = operations.first else { return [] }
        return first.service.slices.indices.map { slice in
            operations.reduce(0) { $0 + Double($1.service.slices[slice].count) }
        }
    }
}

extension LatencyHistogram {
    /// A quantile, or `nil` where there are too few samples to say: never the maximum in its place.
    package func supported_ns(_ quantile: Double) -> UInt64? {
        count >= QuantileRule.minimumCount(for: quantile) ? value_ns(at: quantile) : nil
    }

    /// The buckets' ends and counts.
    var values: [(value: UInt64, count: UInt64)] { buckets.map { ($0.upper_ns, $0.count) } }
}
