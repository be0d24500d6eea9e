import AuthCore
import AuthStatistics
import Backends

/// Whether the machine was the same throughout a run, by the strategy that does nothing: what it takes is the machine's.
package enum BaselineMovement {
    /// In quiet runs its repeats were within 1.08 and 1.15 times of each other; under a load of 9 on two processors, 5.5.
    private static let most = 1.25

    /// - Parameter baseline: its measurements in one run, valid or not.
    /// - Returns: how many times the least CPU time or rate of a repeat the largest one was; `nil` where that is noise.
    static func beyondNoise(_ baseline: [RepeatMeasurement]) -> Double? {
        guard baseline.first?.openLoop == nil else { return nil }
        let ratios = [baseline.map(\.operationsPerSecond), baseline.compactMap(\.cpu_us_per_op)].compactMap {
            values -> Double? in
            guard values.count > 1, let least = values.min(), let most = values.max(), least > 0 else {
                return nil
            }
            return most / least
        }
        return ratios.max().flatMap { $0 > most ? $0 : nil }
    }

    static func text(_ ratio: Double) -> String {
        "the machine changed during the run: the baseline, which does nothing, differs \(ratio.formatted(digits: 1)) times"
            + " between repeats. Do not trust smaller differences in ops/s; compare CPU µs and p50 instead.\n"
    }
}

/// All repeats of one strategy in one line, by the rule of `Pooled`: the figures are those of the valid repeats.
package struct Summary: Sendable {
    package var strategy: String
    /// Service times of `authenticate`.
    package var service: LatencyHistogram
    /// Response times of `authenticate`; `nil` in a closed loop.
    package var response: LatencyHistogram?
    package var scheduleLag: LatencyHistogram?
    package var targetRate: Double?
    package var operationsPerSecond: Double?
    /// The 95 % interval of the operations per second.
    package var rate: Interval?
    package var cpu_us_per_op: Double?
    package var storeCPU_us_per_op: Double?
    package var storeRoundTrips_per_op: Double?
    /// How many clients wait at once when 1000 operations begin in each second.
    package var neededClients: Double?
    /// Where the strategy's store is, in the words of the table.
    package var store: String
    /// How far away it was to be; `nil` without a relay.
    package var storeRTTAsked_ns: UInt64?
    /// How long a credential works after a logout, in theory; `nil` where that is not known, and for the baseline.
    package var exposure: ExposureTheory?
    package var clients: Int
    package var isBaseline = false
    package var credential_bytes: Int?
    /// Of all repeats: what was decided wrongly in one that was disturbed stays wrong.
    package var total: Tally
    package var repeats: Int
    package var validRepeats: Int
    /// The repeats whose numbers must not be used, and why.
    package var invalid: [(repeatIndex: Int, fault: Invalidity)]
    /// Of the baseline only, and only where it says something: how far its own cost moved from repeat to repeat.
    package var movement: Double?

    /// One line for each strategy, in the order of `strategies`; one without a measurement is left out.
    ///
    /// `baseline` names the strategy that only shows the harness's own cost, if there is one: it is not ranked.
    package static func lines(
        _ assessments: [Assessment], costReports: [CostReport], strategies: [String], baseline: String? = nil
    ) -> [Self] {
        var lines = strategies.compactMap { id -> Self? in
            let own = assessments.filter { $0.measurement.strategy == id }
            guard let first = own.first?.measurement else { return nil }
            return Self(id, own, first, costReports.first { $0.strategy == id })
        }
        for index in lines.indices where lines[index].strategy == baseline {
            lines[index].isBaseline = true
            lines[index].exposure = nil
            lines[index].movement = BaselineMovement.beyondNoise(
                assessments.map(\.measurement).filter { $0.strategy == baseline })
        }
        return lines
    }

    private init(
        _ strategy: String, _ all: [Assessment], _ first: RepeatMeasurement, _ costReport: CostReport?
    ) {
        let pooled = Pooled(all.map { RepeatFigures($0) })
        func times(_ clock: LatencyClock) -> LatencyHistogram {
            pooled.times(.init(operation: OperationKind.authenticate.name, clock: clock.rawValue))
        }
        self.strategy = strategy
        repeats = pooled.repeats
        validRepeats = pooled.validRepeats
        service = times(.service)
        if let openLoop = first.openLoop {
            let used = all.map(\.measurement).filter { pooled.uses($0.repeatIndex) }
            response = times(.response)
            scheduleLag = LatencyHistogram(merging: used.compactMap(\.openLoop?.scheduleLag))
            targetRate = openLoop.targetRate
        }
        operationsPerSecond = pooled.rate
        rate = pooled.rateInterval
        cpu_us_per_op = pooled.cpu_us_per_op
        storeCPU_us_per_op = pooled.storeCPU_us_per_op
        storeRoundTrips_per_op = pooled.storeRoundTrips_per_op
        neededClients = pooled.neededClients
        store = first.storePlace
        storeRTTAsked_ns = pooled.storeRTTAsked_ns
        exposure = costReport?.exposure
        clients = first.clients
        // What the strategies issue in the measurement.
        credential_bytes = costReport?.sizes.first { $0.profile == .rfc9068 }?.credential_bytes
        total = all.reduce(into: Tally()) { $0 += $1.measurement.total }
        invalid = all.map(\.measurement).flatMap { one in
            one.invalidities.map { (one.repeatIndex, $0) }
        }
    }

    /// Whether the figures may be used: whether they are those of valid repeats.
    package var isValid: Bool { validRepeats > 0 }

    /// Whether the line must not be believed: no valid repeat, or a wrong decision or an error in any.
    var isBad: Bool { !isValid || total.wrongDecisions > 0 || total.errors > 0 }

    /// The strategy, and how far away its store was, where that was asked for.
    package var name: String { strategy + (storeRTTAsked_ns == nil ? "" : ", \(store)") }

    /// Processor time of service and store; where the store's is not known, that of the service alone.
    var allCPU_us_per_op: Double? { cpu_us_per_op.map { $0 + (storeCPU_us_per_op ?? 0) } }

    /// The order of the table, which is that of the report: staleness first, then processor time, which the distance to a
    /// store changes far less than the time of a request.
    ///
    /// First come strategies whose figures may be used, then those that refuse a credential sooner after its logout, then
    /// those that take less processor time. The lines of one strategy stay together, the nearer store first. The baseline
    /// is no strategy to choose and comes last.
    package static func ranked(_ lines: [Self]) -> [Self] {
        let places = Dictionary(grouping: lines, by: \.strategy).mapValues { own -> [Double] in
            [
                own.contains(where: \.isBaseline) ? 1 : 0, own.allSatisfy(\.isBad) ? 1 : 0,
                own.compactMap { $0.exposure?.quantile_ms(0.5) }.first ?? .infinity,
                own.compactMap(\.allCPU_us_per_op).min() ?? .infinity,
            ]
        }
        func place(_ line: Self) -> [Double] {
            (places[line.strategy] ?? []) + [line.storeRTTAsked_ns.map { Double($0) } ?? -1]
        }
        return lines.enumerated().sorted { left, right in
            let (one, other) = (place(left.element), place(right.element))
            return one == other ? left.offset < right.offset : one.lexicographicallyPrecedes(other)
        }.map(\.element)
    }

    package static var columns: [Column<Summary>] {
        [
            Column(printed: "strategy") { .text($0.strategy) },
            Column(printed: "authenticate_p50_ns") { .count($0.service.supported_ns(0.5)) },
            Column(printed: "authenticate_p99_ns") { .count($0.service.supported_ns(0.99)) },
            Column(printed: "authenticate_response_p50_ns") { .count($0.response?.supported_ns(0.5)) },
            Column(printed: "authenticate_response_p99_ns") { .count($0.response?.supported_ns(0.99)) },
            Column(printed: "schedule_lag_p99_ns") { .count($0.scheduleLag?.supported_ns(0.99)) },
            Column(printed: "target_rate") { .number($0.targetRate, 3) },
            Column(printed: "operations_per_second") { .number($0.operationsPerSecond, 1) },
            Column(printed: "operations_per_second_ci95_low") { .number($0.rate?.low, 1) },
            Column(printed: "operations_per_second_ci95_high") { .number($0.rate?.high, 1) },
            Column(printed: "cpu_us_per_op") { .number($0.cpu_us_per_op, 4) },
            Column(printed: "store_cpu_us_per_op") { .number($0.storeCPU_us_per_op, 4) },
            Column(printed: "credential_bytes") { .count($0.credential_bytes.map { UInt64($0) }) },
            Column(printed: "false_accepts") { .count($0.total.falseAccepts) },
            Column(printed: "false_rejects") { .count($0.total.falseRejects) },
            Column(printed: "stale_accepts") { .count($0.total.staleAccepts) },
            Column(printed: "errors") { .count($0.total.errors) },
            Column(printed: "repeats") { .integer(Int64($0.repeats)) },
            Column(printed: "valid_repeats") { .integer(Int64($0.validRepeats)) },
            Column(printed: "valid") { .flag($0.isValid) },
            Column(printed: "store_rtt_asked_ns") { .count($0.storeRTTAsked_ns) },
            Column(printed: "store_round_trips_per_op") {
                .number($0.storeRoundTrips_per_op, ThroughputTable.roundTripDigits)
            },
            Column(printed: "needed_clients_at_1000_per_second") {
                .number($0.neededClients, Pooled.neededDigits)
            },
            Column(printed: "exposure_theory_p50_ms") { .number($0.exposure?.quantile_ms(0.5), 1) },
            Column(printed: "exposure_theory_max_ms") { .number($0.exposure?.max_ms, 1) },
        ]
    }
}

extension RepeatMeasurement {
    /// Where the store is, in the words of the table.
    fileprivate var storePlace: String {
        if let asked_ns = usage.storeDistance?.asked_ns { return "\(Self.short(asked_ns)) away" }
        return switch storeCPUSource {
        case .none: "none"
        case .inProcess: "in process"
        case .privateServer: "next door"
        case .target: "over HTTP"
        case .foreignServer: "your own"
        }
    }

    /// A time as people give it: 1 ms, 0.2 ms, 50 µs.
    private static func short(_ time_ns: UInt64) -> String {
        let isLong = time_ns == 0 || time_ns >= 100_000
        return TextTable.trimmed(Double(time_ns) / (isLong ? 1e6 : 1e3), digits: 3) + (isLong ? " ms" : " µs")
    }
}

/// The exposures as a table for people.
package enum ExposureText {
    private typealias Entry = (title: String, cell: @Sendable (ExposureAssessment) -> String)

    package static func text(_ rows: [ExposureAssessment], isColored: Bool) -> String {
        let lines = TextTable.aligned(
            titles: columns.map(\.title), rows.map { row in columns.map { $0.cell(row) } }, leading: 2)
        var text = ""
        for (index, line) in lines.enumerated() {
            let isBad = index > 0 && rows[index - 1].matchesTheory == false
            text += (isColored && isBad ? "\u{1B}[31m\(line)\u{1B}[0m" : line) + "\n"
        }
        for row in rows {
            guard let reason = row.inconclusive else { continue }
            let revocation = row.measurement.revocation == .permissionChange ? "permission" : "logout"
            text += "not known: \(row.measurement.strategy), after \(revocation): \(reason)\n"
        }
        return text
    }

    private static let columns: [Entry] = [
        ("strategy", { $0.measurement.strategy }),
        ("after", { $0.measurement.revocation == .permissionChange ? "permission" : "logout" }),
        ("n", { String($0.count) }),
        ("p50", { time($0.quantile_ms(0.5)) }),
        ("95 %", { $0.interval_ms(0.5).map { "\(time($0.low))–\(time($0.high))" } ?? "–" }),
        ("theory", { time($0.theory_ms(0.5)) }),
        ("p99", { time($0.quantile_ms(0.99)) }),
        ("theory", { time($0.theory_ms(0.99)) }),
        ("max", { time($0.max_ms) }),
        ("theory", { time($0.theoryMax_ms) }),
        ("login p50", { time($0.loginMedian_ms) }),
        ("login max", { time($0.loginMax_ms) }),
        ("as theory", { $0.matchesTheory.map { $0 ? "yes" : "no" } ?? "–" }),
        ("wrong", { String($0.measurement.falseAccepts + UInt64($0.measurement.wrong)) }),
    ]

    /// A time in milliseconds as people say it: minutes and seconds where lifetimes are thought of so.
    package static func time(_ value_ms: Double?) -> String {
        guard let value_ms else { return "–" }
        switch value_ms {
        case 0: return "0"
        case ..<1: return TextTable.time(UInt64(value_ms * 1e6))
        case ..<1000: return value_ms.formatted(digits: 1) + " ms"
        case ..<60_000: return (value_ms / 1000).formatted(digits: 1) + " s"
        case 7_200_000...: return (value_ms / 3_600_000).formatted(digits: 1) + " h"
        default:
            let seconds = Int((value_ms / 1000).rounded())
            return "\(seconds / 60):\(String(seconds % 60 + 100).dropFirst())"
        }
    }
}
