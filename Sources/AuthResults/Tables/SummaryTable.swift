import AuthCore
import AuthStatistics

/// `summary.csv`: the figures of the whole run, one row for each strategy, operation and clock.
///
/// It has the one definition of each figure; tables, figures and the report show these.
package enum SummaryTable {
    package struct Row {
        package var strategy: String
        package var key: RepeatFigures.Key
        package var pooled: Pooled
        package var times: LatencyHistogram
        /// For each of `Assessment.quantiles`.
        package var intervals: [Interval?]
    }

    /// In the order of their names.
    package static func rows(_ repeats: [RepeatFigures]) -> [Row] {
        Dictionary(grouping: repeats, by: \.strategy).sorted { $0.key < $1.key }.flatMap { strategy, own in
            let pooled = Pooled(own.sorted { $0.repeatIndex < $1.repeatIndex })
            return pooled.keys.map { key in
                Row(
                    strategy: strategy, key: key, pooled: pooled, times: pooled.times(key),
                    intervals: pooled.intervals(key))
            }
        }
    }

    package static func columns(_ identity: RunIdentity) -> [Column<Row>] {
        identity.columns { $0.strategy } + place + latency + rates + decisions + distance
            + identity.parameters { $0.strategy }
    }

    /// Those that are printed, without what says which run it is.
    package static var printed: [Column<Row>] {
        [Column(printed: "strategy") { .text($0.strategy) }] + place + latency + rates + decisions + distance
    }

    private static var place: [Column<Row>] {
        [
            Column("operation", .text, "The kind of operation.") { .text($0.key.operation) },
            Column("clock", .text, "`service` or `response`, as in latency.csv.") { .text($0.key.clock) },
            Column("repeats", .count, "Repeats that were measured.") {
                .integer(Int64($0.pooled.repeats))
            },
            Column("valid_repeats", .count, "Repeats whose numbers may be used.") {
                .integer(Int64($0.pooled.validRepeats))
            },
            Column(
                "valid", .flag,
                "Whether the figures may be used. They come from the valid repeats, or from all repeats where none is valid."
            ) { .flag($0.pooled.isValid) },
        ]
    }

    private static var latency: [Column<Row>] {
        [
            Column("n", .count, "How many operations these repeats completed.") { .count($0.times.count) },
            Column("mean_ns", .optionalNumber, "The mean, from the middles of the histogram's buckets.") {
                .number($0.times.mean_ns, 1)
            },
        ]
            + Assessment.quantiles.enumerated().flatMap { index, quantile in
                LatencyTable.quantile(
                    quantile, of: "all repeats together, from its spread over the repeats", \.times
                ) { $0.intervals[index] }
            } + [
                LatencyTable.quantile("p999_ns", 0.999, \.times),
                LatencyTable.quantile("p9999_ns", 0.9999, \.times),
                Column("max_ns", .optionalTime, "The longest time.") { .count($0.times.max_ns) },
            ]
    }

    /// Of the strategy, so that they stand in each of its rows alike.
    private static var rates: [Column<Row>] {
        [
            Column(
                "operations_per_second", .optionalNumber,
                "Completed operations of all kinds, divided by the time of these repeats. It is the same in all rows of a strategy."
            ) { .number($0.pooled.rate, 1) },
            Column(
                "operations_per_second_ci95_low", .optionalNumber,
                "The lower end of the 95 % interval of `operations_per_second`, from its spread over the repeats (docs/data.md)."
            ) { .number($0.pooled.rateInterval?.low, 1) },
            Column(
                "operations_per_second_ci95_high", .optionalNumber,
                "The upper end of the 95 % interval of `operations_per_second`."
            ) {
                .number($0.pooled.rateInterval?.high, 1)
            },
        ] + cpu(\.pooled) + [
            Column(
                "renewals_per_op", .optionalNumber,
                "How many renewals an operation needs beside it, so that users stay signed in; the other figures per operation include them. 0 where the workload has a share of renewals."
            ) { .number($0.pooled.renewals_perOperation, Pooled.neededDigits) }
        ]
    }

    /// Of the strategy too.
    private static var distance: [Column<Row>] {
        [
            Column(
                "store_rtt_asked_ns", .optionalTime,
                "How far away the store was to be (`--store-rtt`): the time of a round trip. Blank without a relay."
            ) { .count($0.pooled.storeRTTAsked_ns) }
        ] + waits(\.pooled)
    }

    /// What an operation costs, in this file and in those of other tables of whole runs.
    static func cpu<Row>(_ pooled: @escaping (Row) -> Pooled) -> [Column<Row>] {
        [
            Column(
                "cpu_us_per_op", .optionalNumber,
                "CPU time of authbench's own process for one operation, in µs."
            ) { .number(pooled($0).cpu_us_per_op, ThroughputTable.cpuDigits) },
            Column(
                "store_cpu_us_per_op", .optionalNumber,
                "CPU time of the store's own process for one operation, in µs: 0 without such a process, blank where it is unknown."
            ) { .number(pooled($0).storeCPU_us_per_op, ThroughputTable.cpuDigits) },
        ]
    }

    /// How an operation waits for its store, likewise.
    static func waits<Row>(_ pooled: @escaping (Row) -> Pooled) -> [Column<Row>] {
        [
            Column(
                "store_round_trips_per_op", .optionalNumber,
                "How often one operation waits for a store in another process. It is the same in all rows of a strategy."
            ) { .number(pooled($0).storeRoundTrips_per_op, ThroughputTable.roundTripDigits) },
            Column(
                "needed_clients_at_1000_per_second", .optionalNumber,
                "How many clients wait at once, on average, when 1000 operations begin in each second: 1000 x the mean service time of all operations in s (Little's law)."
            ) { .number(pooled($0).neededClients, Pooled.neededDigits) },
        ]
    }

    /// Counted over all repeats and operations of the strategy, valid or not, so that they stand in each of its rows alike.
    private static var decisions: [Column<Row>] {
        [
            Column(
                "false_accepts", .count,
                "Requests accepted that had to be refused, in all repeats. This count and the next three are the same in all rows of a strategy."
            ) { .count($0.pooled.decisions.falseAccepts) },
            Column("false_rejects", .count, "Requests refused that had to be accepted, in all repeats.") {
                .count($0.pooled.decisions.falseRejects)
            },
            Column(
                "stale_accepts", .count,
                "Requests accepted after a logout by a strategy that promises no more, in all repeats."
            ) {
                .count($0.pooled.decisions.staleAccepts)
            },
            Column("errors", .count, "Requests on which nothing was decided, in all repeats.") {
                .count($0.pooled.decisions.errors)
            },
        ]
    }
}
