import AuthCore
import AuthStatistics

/// Several repeats of one strategy as one: the rule by which every figure of a whole run is made, wherever it is shown.
///
/// Only repeats whose numbers may be used are in it; where there is none, all are, and it is not valid. A rate is all
/// operations over all time, a quantile that of all times together. The interval of each is that of the same figure,
/// from its spread over the repeats; of a single repeat from the spread over five stretches of it.
package struct Pooled: Sendable {
    /// How many repeats there are, and how many of them may be used.
    package let repeats: Int
    package let validRepeats: Int
    /// What was decided in all of them: what is wrong stays wrong in a repeat that was disturbed.
    package let decisions: Tally
    private let used: [RepeatFigures]

    package init(_ repeats: [RepeatFigures]) {
        let valid = repeats.filter(\.isValid)
        self.repeats = repeats.count
        validRepeats = valid.count
        decisions = repeats.reduce(into: Tally()) { $0 += $1.tally }
        used = valid.isEmpty ? repeats : valid
    }

    package var isValid: Bool { validRepeats > 0 }

    /// Whether a repeat is among those that the figures are made of.
    package func uses(_ repeatIndex: Int) -> Bool { used.contains { $0.repeatIndex == repeatIndex } }

    /// Completed operations per second.
    package var rate: Double? {
        let (count, time_ns) = (completed, used.reduce(0.0) { $0 + Double($1.wall_ns) })
        return time_ns > 0 ? count * 1e9 / time_ns : nil
    }

    package var rateInterval: Interval? {
        guard used.count > 1 else { return used.first?.rateInterval }
        return rate.flatMap { RepeatFigures.rateInterval($0, used.compactMap(\.rate)) }
    }

    package var cpu_us_per_op: Double? { perOperation(\.cpu_us_per_op) }
    package var storeCPU_us_per_op: Double? { perOperation(\.storeCPU_us_per_op) }

    package var storeRoundTrips_per_op: Double? { perOperation(\.storeRoundTrips_per_op) }

    /// How far away the store was to be; `nil` without a relay.
    package var storeRTTAsked_ns: UInt64? { used.first?.storeRTTAsked_ns }

    /// After the point, of the clients needed.
    static let neededDigits = 6

    /// How many clients wait at once when 1000 operations begin in each second: the rate x the mean service time of all
    /// kinds of operation together (Little's law), renewals being part of the operation before which they come.
    ///
    /// It says what a closed loop's rate cannot: how many requests a service holds at the same load, whatever the number
    /// of clients that were measured. Where they queued for a processor, that is part of their time.
    package var neededClients: Double? {
        var time_ns = 0.0
        for key in keys where key.clock == LatencyClock.service.rawValue {
            for own in sliced(key) {
                time_ns += own.total.sum_ns
            }
        }
        let count = completed
        return count > 0 ? 1000 * time_ns / count / 1e9 : nil
    }

    /// How many renewals stood beside each operation, so that users stay signed in.
    package var renewals_perOperation: Double? {
        completed > 0 ? used.reduce(0) { $0 + Double($1.renewals) } / completed : nil
    }

    private var completed: Double { used.reduce(0) { $0 + Double($1.tally.completed) } }

    /// All time over all operations, of the repeats that know theirs.
    private func perOperation(_ figure: (RepeatFigures) -> Double?) -> Double? {
        var (time_us, count) = (0.0, 0.0)
        for one in used {
            guard let own = figure(one) else { continue }
            time_us += own * Double(one.tally.completed)
            count += Double(one.tally.completed)
        }
        return count > 0 ? time_us / count : nil
    }

    /// The operations and clocks that occurred, in the order of their names.
    package var keys: [RepeatFigures.Key] {
        Set(used.flatMap(\.times.keys)).sorted { ($0.operation, $0.clock) < ($1.operation, $1.clock) }
    }

    private func sliced(_ key: RepeatFigures.Key) -> [SlicedHistogram] { used.compactMap { $0.times[key] } }

    package func times(_ key: RepeatFigures.Key) -> LatencyHistogram {
        LatencyHistogram(merging: sliced(key).map(\.total))
    }

    /// For each of `Assessment.quantiles`.
    package func intervals(_ key: RepeatFigures.Key) -> [Interval?] {
        Self.intervals(of: sliced(key), pooled: times(key))
    }

    /// Intervals of the quantiles of all repeats together, `nil` where there are too few samples.
    static func intervals(of repeats: [SlicedHistogram], pooled: LatencyHistogram) -> [Interval?] {
        let parts = repeats.count > 1 ? repeats.map(\.total) : repeats.first?.stretches ?? []
        return Assessment.quantiles.map { quantile in
            guard let whole = pooled.supported_ns(quantile), !parts.contains(where: { $0.count == 0 })
            else { return nil }
            let own = parts.compactMap { $0.value_ns(at: quantile).map { Double($0) } }
            return StudentInterval.ofWhole(Double(whole), parts: own).map { interval in
                // In whole nanoseconds, away from the figure that is between them; nothing longer is recorded.
                Interval(
                    low: interval.low.rounded(.down),
                    high: min(interval.high.rounded(.up), Double(BucketLayout.longest_ns)))
            }
        }
    }
}

/// What one repeat gives to the figures of a whole run: the same whether it has just been measured or is read from its
/// files.
package struct RepeatFigures: Sendable {
    /// By names, as files have them.
    package struct Key: Hashable, Sendable {
        package var operation: String
        package var clock: String

        package init(operation: String, clock: String) { (self.operation, self.clock) = (operation, clock) }
    }

    package var strategy: String
    package var repeatIndex: Int
    package var isValid: Bool
    /// What was decided, over all operations; renewals beside them are not among the completed.
    package var tally: Tally
    package var renewals: UInt64
    package var wall_ns: UInt64
    /// Whether its slices are equally long.
    package var isByDuration: Bool
    package var cpu_us_per_op: Double?
    package var storeCPU_us_per_op: Double?
    package var storeRoundTrips_per_op: Double?
    package var storeRTTAsked_ns: UInt64?
    package var times: [Key: SlicedHistogram]

    package init(_ assessment: Assessment) {
        self.init(assessment.measurement, assessment.latencies)
        isValid = assessment.measurement.invalidReason == nil
    }

    init(_ measurement: RepeatMeasurement, _ latencies: [Assessment.Latency]) {
        /// As `throughput.csv` has it, from which the same must follow.
        func written(_ value: Double?, _ digits: Int = ThroughputTable.cpuDigits) -> Double? {
            value.flatMap { Double($0.formatted(digits: digits)) }
        }
        strategy = measurement.strategy
        repeatIndex = measurement.repeatIndex
        isValid = true
        tally = measurement.total
        tally.completed = measurement.completed
        renewals = measurement.renewals
        wall_ns = measurement.wall_ns
        isByDuration = measurement.isByDuration
        cpu_us_per_op = written(measurement.cpu_us_per_op)
        storeCPU_us_per_op = written(measurement.storeCPU_us_per_op)
        storeRoundTrips_per_op = written(
            measurement.storeRoundTrips_per_op, ThroughputTable.roundTripDigits)
        storeRTTAsked_ns = measurement.usage.storeDistance?.asked_ns
        times = Dictionary(
            latencies.map { (Key(operation: $0.kind.name, clock: $0.clock.rawValue), $0.times) }
        ) { first, _ in first }
    }

    /// Reads a row of `throughput.csv`, with the times that belong to it.
    init(_ row: TableRow, isByDuration: Bool, times: [Key: SlicedHistogram]) {
        strategy = row["strategy"]
        repeatIndex = Int(row["repeat"]) ?? 0
        isValid = row.flag("valid")
        tally = Tally()
        tally.completed = row.count("operations") ?? 0
        tally.falseAccepts = row.count("false_accepts") ?? 0
        tally.falseRejects = row.count("false_rejects") ?? 0
        tally.staleAccepts = row.count("stale_accepts") ?? 0
        tally.errors = row.count("errors") ?? 0
        renewals = row.count("renewals") ?? 0
        wall_ns = row.count("wall_ns") ?? 0
        self.isByDuration = isByDuration
        cpu_us_per_op = row.number("cpu_us_per_op")
        storeCPU_us_per_op = row.number("store_cpu_us_per_op")
        storeRoundTrips_per_op = row.number("store_round_trips_per_op")
        storeRTTAsked_ns = row.count("store_rtt_asked_ns")
        self.times = times
    }

    var rate: Double? { wall_ns > 0 ? Double(tally.completed) * 1e9 / Double(wall_ns) : nil }

    /// How well the repeat knows its own rate; `nil` where its slices are not equally long.
    package var rateInterval: Interval? {
        guard isByDuration, let rate else { return nil }
        let service = times.filter { $0.key.clock == LatencyClock.service.rawValue }.values.map(\.stretches)
        let counts = (0..<SlicedHistogram.stretchCount).map { stretch in
            service.reduce(0.0) { $0 + ($1.indices.contains(stretch) ? Double($1[stretch].count) : 0) }
        }
        // Renewals stand evenly among the operations.
        let steps = Double(tally.completed) + Double(renewals)
        guard tally.completed > 0 else { return nil }
        let part_s =
            Double(wall_ns) / 1e9 / Double(SlicedHistogram.stretchCount)
            * (steps / Double(tally.completed))
        return Self.rateInterval(rate, counts.map { $0 / part_s })
    }

    /// Two parts that have nothing in common leave open more than any machine does: 1000 clients, each once a nanosecond.
    fileprivate static func rateInterval(_ rate: Double, _ parts: [Double]) -> Interval? {
        StudentInterval.ofWhole(rate, parts: parts).map { Interval(low: $0.low, high: min($0.high, 1000e9)) }
    }
}

extension SlicedHistogram {
    /// Into how many stretches a repeat is cut for the intervals of its own figures.
    ///
    /// Slices that follow each other are alike, here with a correlation of about 0.5. By simulation an interval over
    /// 5 stretches of 8 slices then covers 93 %, over 10 of 4 slices 91 %; without correlation both 95 %.
    static let stretchCount = 5

    /// The slices put together to stretches; none where there are fewer slices than that.
    var stretches: [LatencyHistogram] {
        guard slices.count >= Self.stretchCount else { return [] }
        return (0..<Self.stretchCount).map { index in
            let (start, end) = (
                index * slices.count / Self.stretchCount, (index + 1) * slices.count / Self.stretchCount
            )
            return LatencyHistogram(merging: slices[start..<end])
        }
    }
}

extension ResultReader {
    /// What each row of `throughput.csv` gives to the figures of the run.
    package var repeatFigures: [RepeatFigures] {
        var times: [[String]: [RepeatFigures.Key: SlicedHistogram]] = [:]
        for line in histograms.values {
            let head = line.head
            times[[head.strategy, String(head.repeat)], default: [:]][
                .init(operation: head.operation, clock: head.clock)] = line.times
        }
        return rows(of: "throughput.csv").map { row in
            RepeatFigures(
                row, isByDuration: record?.duration_seconds != nil,
                times: times[[row["strategy"], row["repeat"]]] ?? [:])
        }
    }
}
