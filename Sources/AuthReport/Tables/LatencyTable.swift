import AuthCore
import AuthStatistics

/// `latency.csv`: one row for each strategy, repeat, operation and clock.
package enum LatencyTable {
    package struct Row {
        package var strategy: String
        package var repeatIndex: Int
        package var latency: Assessment.Latency
    }

    package static func rows(_ assessments: [Assessment]) -> [Row] {
        assessments.flatMap { assessment in
            let measurement = assessment.measurement
            return assessment.latencies.map {
                Row(strategy: measurement.strategy, repeatIndex: measurement.repeatIndex, latency: $0)
            }
        }
    }

    package static func columns(_ identity: RunIdentity) -> [Column<Row>] {
        identity.columns { $0.strategy } + [
            Column("repeat", .count, "Which repeat, counted from 1.") {
                .integer(Int64($0.repeatIndex))
            },
            Column("operation", .text, "The kind of operation.") { .text($0.latency.kind.name) },
            Column(
                "clock", .text,
                "`service`: from the actual start to completion; `response` (open loop only): from the intended start, so that waiting is in it."
            ) { .text($0.latency.clock.rawValue) },
            Column("n", .count, "Completed operations, all of which are in the histogram.") {
                .count($0.latency.times.total.count)
            },
            Column("min_ns", .optionalTime, "The shortest time; blank where nothing completed.") {
                .count($0.latency.times.total.min_ns)
            },
            Column("mean_ns", .optionalNumber, "The mean, from the middles of the histogram's buckets.") {
                .number($0.latency.times.total.mean_ns, 1)
            },
        ] + Assessment.quantiles.enumerated().flatMap(quantileWithInterval) + [
            quantile("p999_ns", 0.999), quantile("p9999_ns", 0.9999),
            Column("max_ns", .optionalTime, "The longest time.") { .count($0.latency.times.total.max_ns) },
        ]
    }

    private static func quantileWithInterval(_ index: Int, _ value: Double) -> [Column<Row>] {
        let name = "p\(Int(value * 100))"
        let meaning =
            "of the 95 % interval of \(name), by resampling blocks of slices (circular block bootstrap)."
        return [
            quantile("\(name)_ns", value),
            Column("\(name)_ci95_low_ns", .optionalTime, "Lower end \(meaning)") {
                .count($0.latency.intervals[index].map { UInt64($0.low) })
            },
            Column("\(name)_ci95_high_ns", .optionalTime, "Upper end \(meaning)") {
                .count($0.latency.intervals[index].map { UInt64($0.high) })
            },
        ]
    }

    private static func quantile(_ name: String, _ quantile: Double) -> Column<Row> {
        let minimum = QuantileRule.minimumCount(for: quantile)
        return Column(name, .optionalTime, "Quantile; blank below \(minimum) samples.") {
            .count($0.latency.times.total.supported_ns(quantile))
        }
    }
}
