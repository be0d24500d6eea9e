import AuthCore
import AuthStatistics

/// A measurement with what follows from it: intervals and steadiness.
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
            intervals = Pooled.intervals(of: [times], pooled: times.total)
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
        rate = measurement.isByDuration ? RepeatFigures(measurement, latencies).rateInterval : nil
        isStationary = Self.isStationary(measurement)
    }

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

extension LatencyHistogram {
    /// A quantile, or `nil` where there are too few samples to say: never the maximum in its place.
    package func supported_ns(_ quantile: Double) -> UInt64? {
        count >= QuantileRule.minimumCount(for: quantile) ? value_ns(at: quantile) : nil
    }
}
