import AuthCore
import AuthStatistics
import Foundation

/// `sweep.csv`: one row for each experiment of a sweep and strategy, calculated from the files of that experiment.
package enum SweepTable {
    /// The quantity that a sweep varies, and the unit of its values.
    package enum Quantity: String, CaseIterable, Sendable {
        case rate, clients, population, payload
        case storeRTT = "store-rtt"
        case cache
        case accessLifetime = "access-lifetime"

        package var unit: String {
            switch self {
            case .rate: "per_second"
            case .clients: "clients"
            case .population: "sessions"
            case .payload: "bytes"
            case .storeRTT: "ns"
            case .cache, .accessLifetime: "ms"
            }
        }
    }

    /// The value at which an experiment measured.
    package struct Point: Codable, Sendable, Equatable {
        /// What was varied, by the name of the option `--over`.
        package var over: String
        /// The value as it stands in the command line.
        package var text: String
        /// The same in the quantity's unit; `null` for a store without relay.
        @OrNull package var value: Double?
        /// `point`, or the stage of a search for a capacity.
        package var stage: String

        package init(_ quantity: Quantity, _ text: String, value: Double?, stage: String = "point") {
            (over, self.text, self.stage) = (quantity.rawValue, text, stage)
            self.value = value
        }

        package static func == (left: Self, right: Self) -> Bool {
            (left.over, left.text, left.stage) == (right.over, right.text, right.stage)
                && left.value == right.value
        }

        package var unit: String { Quantity(rawValue: over)?.unit ?? "" }
    }

    package struct Row: Sendable {
        package var identity: RunIdentity
        package var strategy: String
        package var experiment: String
        package var point: Point
        package var pooled: Pooled
        /// Of `authenticate`.
        package var service: SummaryTable.Row?
        package var response: SummaryTable.Row?
        /// The rows of `throughput.csv`, one a repeat.
        var repeats: [ValidityFacts]
        /// Why repeats may not be used, the first reason.
        package var reason: String
        package var clients: UInt64?
        package var lagP99_ns: UInt64?
        /// The time in which requests were due / the time until all were answered, the least of the repeats.
        package var deliveredShare: Double?
        package var header_bytes: UInt64?
    }

    /// The rows of one result folder.
    package static func rows(_ reader: ResultReader, experiment: String, at point: Point) -> [Row] {
        guard let record = reader.record else { return [] }
        let identity = RunIdentity(
            runID: record.run_id, workload: record.workload.name, traceSHA256: record.trace_sha256)
        let throughput = Dictionary(grouping: reader.rows(of: "throughput.csv")) { $0["strategy"] }
        let sizes = reader.rows(of: "size.csv").filter {
            $0["claim_profile"] == ClaimProfile.rfc9068.rawValue
        }
        let summaries = Dictionary(grouping: SummaryTable.rows(reader.repeatFigures), by: \.strategy)
        return summaries.sorted { $0.key < $1.key }.compactMap { strategy, own in
            guard let first = own.first else { return nil }
            func clock(_ clock: LatencyClock) -> SummaryTable.Row? {
                own.first {
                    $0.key.operation == OperationKind.authenticate.name && $0.key.clock == clock.rawValue
                }
            }
            let rows = throughput[strategy] ?? []
            let due_ns = record.duration_seconds.map { $0 * 1e9 }
            return Row(
                identity: identity, strategy: strategy, experiment: experiment, point: point,
                pooled: first.pooled, service: clock(.service), response: clock(.response),
                repeats: rows.map { ValidityFacts($0, on: record.machine) },
                reason: rows.lazy.map { $0["reason"] }.first { !$0.isEmpty } ?? "",
                clients: rows.first?.count("clients"),
                lagP99_ns: rows.compactMap { $0.count("schedule_lag_p99_ns") }.max(),
                deliveredShare: rows.compactMap { row in
                    guard row.number("target_rate") != nil, let due_ns, let wall_ns = row.number("wall_ns"),
                        wall_ns > 0
                    else { return nil }
                    return min(1, due_ns / wall_ns)
                }.min(),
                header_bytes: sizes.first { $0["strategy"] == strategy }?.count("request_header_bytes"))
        }
    }

    /// All rows of a series, in the order of its experiments.
    ///
    /// - Throws: `ResultError` for an experiment that is damaged.
    package static func rows(_ series: SeriesRecord, in folder: URL) throws(ResultError) -> [Row] {
        var all: [Row] = []
        for entry in series.experiments where entry.status != nil {
            guard let point = entry.point else { continue }
            let readers = try series.results(of: entry.name, in: folder) ?? []
            for reader in readers { all += rows(reader, experiment: entry.name, at: point) }
        }
        return all
    }
}

extension SweepTable.Row {
    /// The share of the requests on which nothing was decided.
    package var errorShare: Double? {
        let all = repeats.reduce(0.0) { $0 + Double($1.completed) + Double($1.errors) }
        return all > 0 ? repeats.reduce(0.0) { $0 + Double($1.errors) } / all : nil
    }

    /// The rate that was asked for; `nil` in a closed loop.
    package var targetRate: Double? { repeats.lazy.compactMap(\.targetRate).first }

    /// What the machine did beside the measurement, the first of it in one phrase; `nil` where it was quiet.
    package var machineFault: String? { repeats.lazy.compactMap(\.machineFault).first }

    /// How those that send the requests failed to be in time; `nil` where they were.
    package var harnessFault: String? { repeats.lazy.compactMap(\.harnessFault).first }
}

extension SweepTable {
    package static var columns: [Column<Row>] {
        identity { $0 } + place + time(.service, \.service) + time(.response, \.response) + rates + costs
            + decisions + RunIdentity(runID: "", workload: "", traceSHA256: "").parameters { $0.strategy }
    }

    /// The columns that every file begins with, by row: a series has several runs.
    static func identity<R>(_ row: @escaping (R) -> Row) -> [Column<R>] {
        let names = RunIdentity(runID: "", workload: "", traceSHA256: "").columns { (row: Row) in row.strategy
        }
        return names.enumerated().map { index, column in
            Column(column.name, column.kind, column.meaning) { one in
                let row = row(one)
                return row.identity.columns { (row: Row) in row.strategy }[index].cell(row)
            }
        }
    }

    private static var place: [Column<Row>] {
        [
            Column("over", .text, "What the sweep varies, as `--over` names it.") { .text($0.point.over) },
            Column("point", .text, "Its value, as the experiment's command line has it.") {
                .text($0.point.text)
            },
            Column(
                "value", .optionalNumber, "The value as a number; blank for `direct`, a store without relay."
            ) {
                .number($0.point.value, 3)
            },
            Column(
                "unit", .text,
                "The unit of `value`: `per_second`, `clients`, `sessions`, `bytes`, `ns` or `ms`."
            ) {
                .text($0.point.unit)
            },
            Column(
                "stage", .text,
                "`point`, or the stage of a search for a capacity: `double`, `bisect` or `confirm`."
            ) {
                .text($0.point.stage)
            },
            Column(
                "experiment", .text, "The experiment in series.json, which has its command line and folder."
            ) {
                .text($0.experiment)
            },
            Column("clients", .optionalCount, "Clients that send requests at once.") { .count($0.clients) },
            Column("repeats", .count, "Repeats that were measured.") { .integer(Int64($0.pooled.repeats)) },
            Column("valid_repeats", .count, "Repeats whose numbers may be used.") {
                .integer(Int64($0.pooled.validRepeats))
            },
            Column("valid", .flag, "Whether the figures may be used, by the rule of summary.csv.") {
                .flag($0.pooled.isValid)
            },
            Column("reason", .text, "Why the first repeat that may not be used may not; blank where all may.")
            {
                .text($0.reason)
            },
        ]
    }

    private static func time(
        _ clock: LatencyClock, _ row: @escaping (Row) -> SummaryTable.Row?
    ) -> [Column<Row>] {
        let rule = "of `authenticate`, as in summary.csv; blank where there are too few"
        func quantile(_ name: String, _ value: Double) -> Column<Row> {
            Column(
                "\(clock.rawValue)_\(name)_ns", .optionalTime,
                "\(name) of the \(clock.rawValue) time \(rule)."
            ) {
                .count(row($0)?.times.supported_ns(value))
            }
        }
        let ends: [(String, String, KeyPath<Interval, Double>)] = [
            ("low", "lower", \.low), ("high", "upper", \.high),
        ]
        return [0.5, 0.99].flatMap { value -> [Column<Row>] in
            let name = "p\(Int(value * 100))"
            let index = Assessment.quantiles.firstIndex(of: value) ?? 0
            return [quantile(name, value)]
                + ends.map { end, word, path in
                    Column(
                        "\(clock.rawValue)_\(name)_ci95_\(end)_ns", .optionalTime,
                        "The \(word) end of the 95 % interval of `\(clock.rawValue)_\(name)_ns`."
                    ) { .count(row($0)?.intervals[index].map { UInt64($0[keyPath: path]) }) }
                }
        } + [quantile("p999", 0.999)]
    }

    private static var rates: [Column<Row>] {
        [
            Column(
                "target_rate", .optionalNumber, "Requests that were due in a second; blank in a closed loop."
            ) {
                .number($0.targetRate, 3)
            },
            Column(
                "operations_per_second", .optionalNumber,
                "Completed operations per second, as in summary.csv."
            ) {
                .number($0.pooled.rate, 1)
            },
            Column("operations_per_second_ci95_low", .optionalNumber, "The lower end of its 95 % interval.") {
                .number($0.pooled.rateInterval?.low, 1)
            },
            Column("operations_per_second_ci95_high", .optionalNumber, "The upper end of its 95 % interval.")
            {
                .number($0.pooled.rateInterval?.high, 1)
            },
            Column(
                "delivered_share", .optionalShare,
                "The time in which requests were due / the time until all were answered, the least of the repeats: 1 where the rate was kept; blank in a closed loop."
            ) { .number($0.deliveredShare, 4) },
            Column(
                "schedule_lag_p99_ns", .optionalTime,
                "How late idle clients were woken, p99, the greatest of the repeats; blank in a closed loop."
            ) { .count($0.lagP99_ns) },
        ]
    }

    private static var costs: [Column<Row>] {
        SummaryTable.cpu(\.pooled) + SummaryTable.waits(\.pooled) + [
            Column(
                "request_header_bytes", .optionalCount,
                "The request's header line with the claims of RFC 9068 and the workload's own, as in size.csv."
            ) { .count($0.header_bytes) }
        ]
    }

    private static var decisions: [Column<Row>] {
        [
            Column("operations", .count, "Completed operations, in all repeats.") { row in
                .count(row.repeats.reduce(0) { $0 + $1.completed })
            },
            Column("errors", .count, "Requests on which nothing was decided, in all repeats.") {
                .count($0.pooled.decisions.errors)
            },
            Column("false_accepts", .count, "Requests accepted that had to be refused, in all repeats.") {
                .count($0.pooled.decisions.falseAccepts)
            },
            Column("false_rejects", .count, "Requests refused that had to be accepted, in all repeats.") {
                .count($0.pooled.decisions.falseRejects)
            },
        ]
    }
}
