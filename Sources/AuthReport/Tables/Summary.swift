import AuthCore
import AuthStatistics

/// All repeats of one strategy in one line: histograms merged, rates by their median.
package struct Summary: Sendable {
    package var strategy: String
    package var authenticate: LatencyHistogram
    package var operationsPerSecond: Double?
    package var cpu_us_per_op: Double?
    package var credential_bytes: Int?
    package var total: Tally
    package var firstError: String?
    /// How many times the operations per second of this strategy the fastest one does; `nil` for the floor.
    package var timesSlower: Double?

    /// One line for each strategy, in the order of `strategies`; one without a measurement is left out.
    ///
    /// `floor` names the strategy that only shows the harness's own cost, if there is one: it is in no ratio.
    package static func lines(
        _ measurements: [RepeatMeasurement], sizes: [CredentialSize], strategies: [String],
        floor: String? = nil
    ) -> [Self] {
        var lines = strategies.compactMap { id -> Self? in
            let own = measurements.filter { $0.strategy == id }
            // What the strategies issue in the measurement.
            let size = sizes.first { $0.strategy == id && $0.profile == .rfc9068 }
            return own.isEmpty ? nil : Self(id, own, size: size)
        }
        let fastest = lines.filter { $0.strategy != floor }.compactMap(\.operationsPerSecond).max()
        for index in lines.indices where lines[index].strategy != floor {
            guard let fastest, let own = lines[index].operationsPerSecond, own > 0 else { continue }
            lines[index].timesSlower = fastest / own
        }
        return lines
    }

    private init(_ strategy: String, _ repeats: [RepeatMeasurement], size: CredentialSize?) {
        self.strategy = strategy
        authenticate = LatencyHistogram()
        total = Tally()
        for one in repeats {
            total += one.total
            for operation in one.operations where operation.kind == .authenticate {
                authenticate.add(operation.service)
            }
        }
        operationsPerSecond = QuantileRule.median(repeats.map(\.operationsPerSecond))
        cpu_us_per_op = QuantileRule.median(repeats.compactMap(\.cpu_us_per_op))
        credential_bytes = size?.credential_bytes
        firstError = repeats.lazy.compactMap(\.firstError).first
    }

    package static var columns: [Column<Summary>] {
        [
            Column("strategy") { .text($0.strategy) },
            Column("authenticate_p50_ns") { .count($0.authenticate.supported_ns(0.5)) },
            Column("authenticate_p99_ns") { .count($0.authenticate.supported_ns(0.99)) },
            Column("operations_per_second") { .number($0.operationsPerSecond, 1) },
            Column("cpu_us_per_op") { .number($0.cpu_us_per_op, 4) },
            Column("credential_bytes") { .count($0.credential_bytes.map(UInt64.init)) },
            Column("times_slower") { .number($0.timesSlower, 3) },
            Column("false_accepts") { .count($0.total.falseAccepts) },
            Column("false_rejects") { .count($0.total.falseRejects) },
            Column("stale_accepts") { .count($0.total.staleAccepts) },
            Column("errors") { .count($0.total.errors) },
        ]
    }
}
