import AuthCore
import AuthStatistics

/// `latency.csv`: one row for each strategy, repeat, operation and clock.
package enum LatencyTable {
    package struct Row {
        package var strategy: String
        package var repeatIndex: Int
        package var latency: Assessment.Latency

        package init(strategy: String, repeatIndex: Int, latency: Assessment.Latency) {
            (self.strategy, self.repeatIndex, self.latency) = (strategy, repeatIndex, latency)
        }
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
        ]
            + Assessment.quantiles.enumerated().flatMap { index, value in
                quantile(
                    value, of: "this repeat, by its spread over five stretches of it", \.latency.times.total
                ) { $0.latency.intervals[index] }
            } + [
                quantile("p999_ns", 0.999, \.latency.times.total),
                quantile("p9999_ns", 0.9999, \.latency.times.total),
                Column("max_ns", .optionalTime, "The longest time.") {
                    .count($0.latency.times.total.max_ns)
                },
            ]
    }

    /// A quantile and the ends of its 95 % interval.
    static func quantile<R>(
        _ value: Double, of what: String, _ times: @escaping (R) -> LatencyHistogram,
        _ interval: @escaping (R) -> Interval?
    ) -> [Column<R>] {
        let name = "p\(Int(value * 100))"
        let meaning = "of the 95 % interval of \(name) of \(what) (Student's t)."
        return [
            quantile("\(name)_ns", value, times),
            Column("\(name)_ci95_low_ns", .optionalTime, "Lower end \(meaning)") {
                .count(interval($0).map { UInt64($0.low) })
            },
            Column("\(name)_ci95_high_ns", .optionalTime, "Upper end \(meaning)") {
                .count(interval($0).map { UInt64($0.high) })
            },
        ]
    }

    static func quantile<R>(
        _ name: String, _ quantile: Double, _ times: @escaping (R) -> LatencyHistogram
    ) -> Column<R> {
        let minimum = QuantileRule.minimumCount(for: quantile)
        return Column(name, .optionalTime, "Quantile; blank below \(minimum) samples.") {
            .count(times($0).supported_ns(quantile))
        }
    }
}
