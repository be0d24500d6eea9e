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
            Column("repeat", .count, "The number of the repeat, counted from 1.") {
                .integer(Int64($0.repeatIndex))
            },
            Column("operation", .text, "The kind of operation.") { .text($0.latency.kind.name) },
            Column(
                "clock", .text,
                "`service` is the time from the start of a call to its end. `response` (only with a rate) begins when the request was due, so it contains waiting."
            ) { .text($0.latency.clock.rawValue) },
            Column("n", .count, "How many operations were completed. The histogram has all of them.") {
                .count($0.latency.times.total.count)
            },
            Column("min_ns", .optionalTime, "The shortest time; blank where nothing completed.") {
                .count($0.latency.times.total.min_ns)
            },
            Column(
                "mean_ns", .optionalNumber,
                "The mean. Each time counts as the middle of its bucket in the histogram."
            ) {
                .number($0.latency.times.total.mean_ns, 1)
            },
        ]
            + Assessment.quantiles.enumerated().flatMap { index, value in
                quantile(
                    value, of: "this repeat, from its spread over five stretches of the repeat",
                    \.latency.times.total
                ) { $0.latency.intervals[index] }
            } + [
                quantile("p999_ns", 0.999, \.latency.times.total),
                quantile("p9999_ns", 0.9999, \.latency.times.total),
                Column("max_ns", .optionalTime, "The longest time.") {
                    .count($0.latency.times.total.max_ns)
                },
            ] + identity.parameters { $0.strategy }
    }

    /// A quantile and the ends of its 95 % interval.
    static func quantile<R>(
        _ value: Double, of what: String, _ times: @escaping (R) -> LatencyHistogram,
        _ interval: @escaping (R) -> Interval?
    ) -> [Column<R>] {
        let name = "p\(Int(value * 100))"
        let meaning = "end of the 95 % interval of \(name) of \(what) (docs/data.md)."
        return [
            quantile("\(name)_ns", value, times),
            Column("\(name)_ci95_low_ns", .optionalTime, "The lower \(meaning)") {
                .count(interval($0).map { UInt64($0.low) })
            },
            Column("\(name)_ci95_high_ns", .optionalTime, "The upper \(meaning)") {
                .count(interval($0).map { UInt64($0.high) })
            },
        ]
    }

    static func quantile<R>(
        _ name: String, _ quantile: Double, _ times: @escaping (R) -> LatencyHistogram
    ) -> Column<R> {
        let minimum = QuantileRule.minimumCount(for: quantile)
        return Column(name, .optionalTime, "The quantile that the name says; blank below \(minimum) samples.")
        {
            .count(times($0).supported_ns(quantile))
        }
    }
}
