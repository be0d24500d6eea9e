import AuthCore
import AuthStatistics

/// `latency.csv`: one row for each strategy, repeat, operation and clock.
package enum LatencyTable {
    package struct Row {
        package var measurement: RepeatMeasurement
        package var operation: OperationMeasurement
    }

    package static func rows(_ measurements: [RepeatMeasurement]) -> [Row] {
        measurements.flatMap { measurement in
            measurement.operations.map { Row(measurement: measurement, operation: $0) }
        }
    }

    package static func columns(_ identity: RunIdentity) -> [Column<Row>] {
        identity.columns { $0.measurement.strategy } + [
            Column("repeat") { .integer(Int64($0.measurement.repeatIndex)) },
            Column("operation") { .text($0.operation.kind.name) },
            // Closed loop: from the actual start of an operation to its end.
            Column("clock") { _ in .text("service") },
            Column("n") { .count($0.operation.service.count) },
            Column("min_ns") { .count($0.operation.service.min_ns) },
            Column("mean_ns") { .number($0.operation.service.mean_ns, 1) },
            quantile("p50_ns", 0.5), quantile("p90_ns", 0.9), quantile("p99_ns", 0.99),
            quantile("p999_ns", 0.999), quantile("p9999_ns", 0.9999),
            Column("max_ns") { .count($0.operation.service.max_ns) },
        ]
    }

    private static func quantile(_ name: String, _ quantile: Double) -> Column<Row> {
        Column(name) { .count($0.operation.service.supported_ns(quantile)) }
    }
}

extension LatencyHistogram {
    /// A quantile, or `nil` where there are too few samples to say: never the maximum in its place.
    package func supported_ns(_ quantile: Double) -> UInt64? {
        count >= QuantileRule.minimumCount(for: quantile) ? value_ns(at: quantile) : nil
    }
}
