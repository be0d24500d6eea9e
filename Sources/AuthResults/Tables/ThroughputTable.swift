import AuthCore
import Backends

/// `throughput.csv`: one row for each strategy and repeat.
package enum ThroughputTable {
    package struct Row {
        package var assessment: Assessment
        /// The schedule lag of the baseline strategy in the same repeat, where it has been measured.
        package var baselineLag: LatencyHistogram?

        var measurement: RepeatMeasurement { assessment.measurement }
    }

    /// One row for each measurement; `baseline` names the strategy that only shows the harness's own cost.
    package static func rows(_ assessments: [Assessment], baseline: String?) -> [Row] {
        assessments.map { assessment in
            let same = assessments.first {
                $0.measurement.strategy == baseline
                    && $0.measurement.repeatIndex == assessment.measurement.repeatIndex
            }
            return Row(assessment: assessment, baselineLag: same?.measurement.openLoop?.scheduleLag)
        }
    }

    /// After the point, of CPU time per operation.
    package static let cpuDigits = 4
    package static let roundTripDigits = 4

    package static func columns(_ identity: RunIdentity) -> [Column<Row>] {
        identity.columns { $0.measurement.strategy } + place + rates + decisions + schedule + costs
            + distance + machine + verdict + identity.parameters { $0.measurement.strategy }
    }

    private static var place: [Column<Row>] {
        [
            Column("repeat", .count, "The number of the repeat, counted from 1.") {
                .integer(Int64($0.measurement.repeatIndex))
            },
            Column("run_order", .count, "The place of the measurement in the run, counted from 1.") {
                .integer(Int64($0.measurement.runOrder))
            },
            Column("clients", .count, "Clients that send requests at once.") {
                .integer(Int64($0.measurement.clients))
            },
        ]
    }

    private static var rates: [Column<Row>] {
        [
            Column(
                "target_rate", .optionalNumber,
                "How many requests a second were asked for; blank in a closed loop."
            ) {
                .number($0.measurement.openLoop?.targetRate, 3)
            },
            Column("achieved_rate", .number, "Completed operations per second.") {
                .number($0.measurement.operationsPerSecond, digits: 1)
            },
            Column(
                "achieved_rate_ci95_low", .optionalNumber,
                "The lower end of the 95 % interval of this repeat alone, from its spread over five stretches (docs/data.md). Blank where a count of operations was measured."
            ) { .number($0.assessment.rate?.low, 1) },
            Column(
                "achieved_rate_ci95_high", .optionalNumber,
                "The upper end of the 95 % interval of `achieved_rate`."
            ) {
                .number($0.assessment.rate?.high, 1)
            },
            Column("wall_ns", .time, "The time from the start until the last client finished.") {
                .count($0.measurement.wall_ns)
            },
        ]
    }

    private static var decisions: [Column<Row>] {
        [
            Column(
                "operations", .count,
                "Completed operations of the workload: all that did not end in an error, without `renewals`."
            ) {
                .count($0.measurement.completed)
            },
            Column(
                "renewals", .count,
                "Renewals beside these operations, so that users stay signed in; sign-ins for a strategy whose credential serves one request. Their time and CPU is part of what an operation costs. 0 where the workload has a share of renewals."
            ) { .count($0.measurement.renewals) },
            Column("accepted", .count, "Credentials accepted.") { .count($0.measurement.total.accepted) },
            Column("refused", .count, "Credentials refused.") { .count($0.measurement.total.refused) },
            Column(
                "errors", .count,
                "Operations on which nothing was decided, because the store was down or too slow."
            ) {
                .count($0.measurement.total.errors)
            },
            Column(
                "false_accepts", .count,
                "Credentials accepted that had to be refused, or accepted as somebody else."
            ) {
                .count($0.measurement.total.falseAccepts)
            },
            Column("false_rejects", .count, "Credentials refused that had to be accepted.") {
                .count($0.measurement.total.falseRejects)
            },
            Column(
                "stale_accepts", .count,
                "Credentials accepted after a logout by a strategy that promises no more."
            ) {
                .count($0.measurement.total.staleAccepts)
            },
            Column(
                "swept_sessions", .optionalCount,
                "Expired sessions or refresh tokens that a sweep deleted meanwhile; blank without a sweep."
            ) { .count($0.measurement.sweptSessions.map { UInt64($0) }) },
            Column(
                "touch_failures", .count,
                "Last-seen moments that could not be written. Such a request was decided by what was read."
            ) { .integer(Int64($0.measurement.touchFailures)) },
            Column(
                "store_loss", .text,
                "What data the store lost, so that good credentials were refused; blank where nothing is known."
            ) { .text($0.measurement.storeLoss ?? "") },
        ]
    }
}

/// The columns of `throughput.csv` by which a row says whether it can be trusted.
extension ThroughputTable {
    static var schedule: [Column<Row>] {
        [
            Column(
                "late_operations", .optionalCount, "Requests that were due while their client was still busy."
            ) {
                .count($0.measurement.openLoop?.lateOperations)
            },
            Column(
                "backlog_operations", .optionalCount,
                "Requests that were still waiting when the last one was due."
            ) {
                .count($0.measurement.openLoop?.backlog)
            },
            Column("wakes", .optionalCount, "Requests for which an idle client was woken.") {
                .count($0.measurement.openLoop?.wakes)
            },
            Column(
                "late_wakes", .optionalCount,
                "Requests for which an idle client was woken more than 1 ms late."
            ) {
                .count($0.measurement.openLoop?.lateWakes)
            },
            lag("schedule_lag_p50_ns", 0.5, "How late idle clients were woken") {
                $0.measurement.openLoop?.scheduleLag
            },
            lag("schedule_lag_p99_ns", 0.99, "How late idle clients were woken") {
                $0.measurement.openLoop?.scheduleLag
            },
            lag(
                "floor_schedule_lag_p50_ns", 0.5,
                "How late idle clients were woken for `null-baseline` in this repeat"
            ) {
                $0.baselineLag
            },
            lag(
                "floor_schedule_lag_p99_ns", 0.99,
                "How late idle clients were woken for `null-baseline` in this repeat"
            ) {
                $0.baselineLag
            },
        ]
    }

    private static func lag(
        _ name: String, _ quantile: Double, _ meaning: String, _ lag: @escaping (Row) -> LatencyHistogram?
    ) -> Column<Row> {
        Column(name, .optionalTime, "\(meaning), p\(Int(quantile * 100)); blank where that is unknown.") {
            .count(lag($0)?.supported_ns(quantile))
        }
    }

    static var costs: [Column<Row>] {
        [
            Column(
                "cpu_us_per_op", .optionalNumber,
                "CPU time of authbench's own process for one operation, in µs."
            ) {
                .number($0.measurement.cpu_us_per_op, cpuDigits)
            },
            Column(
                "store_cpu_us_per_op", .optionalNumber,
                "CPU time of the store's own process for one operation, in µs: 0 without such a process, blank where it is unknown."
            ) { .number($0.measurement.storeCPU_us_per_op, cpuDigits) },
            Column(
                "store_cpu_source", .text,
                "Where `store_cpu_us_per_op` comes from. `no-store`: there is no store. `in-process`: it is in `cpu_us_per_op`. `private-server`: it was measured. `target`: it is that of the server that was asked over HTTP. `unknown-foreign-server`: a server of yours does not show it."
            ) { .text($0.measurement.storeCPUSource.rawValue) },
        ]
    }

    private static var distance: [Column<Row>] {
        [
            Column(
                "store_round_trips_per_op", .optionalNumber,
                "How often one operation waited for a store in another process: the round trips that distance makes longer. 0 for a store in the process; a write that nobody waits for is none."
            ) { .number($0.measurement.storeRoundTrips_per_op, roundTripDigits) },
            Column(
                "relay_cpu_us_per_op", .optionalNumber,
                "CPU time of the relay before the store for one operation, in µs; blank without a relay."
            ) { .number($0.measurement.relayCPU_us_per_op, cpuDigits) },
            Column(
                "store_rtt_asked_ns", .optionalTime,
                "How far away the store was to be (`--store-rtt`): the time of a round trip. Blank without a relay."
            ) { .count($0.measurement.usage.storeDistance?.asked_ns) },
            Column(
                "store_rtt_p50_ns", .optionalTime,
                "How far away the store was in this repeat, p50; blank without a relay, or where nothing was sent."
            ) { .count($0.measurement.usage.storeDistance?.p50_ns) },
            Column(
                "store_rtt_p99_ns", .optionalTime,
                "How far away the store was in this repeat, p99; blank without a relay, or where nothing was sent."
            ) { .count($0.measurement.usage.storeDistance?.p99_ns) },
        ]
    }

    static var machine: [Column<Row>] {
        [
            Column("idle_clients", .count, "Clients that did nothing in the measured time.") {
                .integer(Int64($0.measurement.idleClients))
            },
            Column(
                "little_residual", .optionalSigned,
                "Little's law: active clients / (`achieved_rate` x mean service time) - 1. Near 0 if all times were seen. Errors and the pauses after them are left out; blank in an open loop."
            ) { .number($0.measurement.little_residual, 5) },
            Column(
                "utilization_residual", .optionalSigned,
                "CPU time of the process / CPU time of its clients - 1: what the harness took beside the clients."
            ) { .number($0.measurement.utilization_residual, 5) },
            Column("voluntary_switches", .count, "Context switches that happened because a thread waited.") {
                .count($0.measurement.usage.voluntarySwitches)
            },
            Column(
                "involuntary_switches", .count,
                "Context switches that happened because another thread was due."
            ) {
                .count($0.measurement.usage.involuntarySwitches)
            },
            Column(
                "clipped_times", .count,
                "Times that were longer than 73 minutes, the longest that can be recorded."
            ) {
                .count($0.measurement.clippedTimes)
            },
            Column(
                "standstill_ns", .optionalTime,
                "The longest time for which the whole process stood still, up to 20 ms too little; blank where it was not watched."
            ) { .count($0.measurement.usage.standstill_ns) },
            Column(
                "foreign_cpu_share", .optionalShare,
                "Share of the processors that other processes took, without the private store; blank where that is unknown."
            ) { .number($0.measurement.usage.foreignCPU_share, 5) },
            Column(
                "cpu_pressure_share", .optionalShare,
                "Share of the time in which some thread, of this run or another, waited for a processor (pressure stall information)."
            ) { .number($0.measurement.usage.cpuPressure_share, 5) },
            Column(
                "steal_share", .optionalShare,
                "Share of the processors that the hypervisor gave to other machines."
            ) {
                .number($0.measurement.usage.steal_share, 5)
            },
            Column(
                "throttled_ns", .optionalTime, "How long the control group's processor limit held the run up."
            ) {
                .count($0.measurement.usage.throttled_ns)
            },
            Column("swapped_in_pages", .optionalCount, "Pages that the machine read back from swap.") {
                .count($0.measurement.usage.swappedIn_pages)
            },
        ]
    }

    static var verdict: [Column<Row>] {
        [
            Column(
                "stationary", .optionalFlag,
                "Whether the medians of the slices settled: little warm-up left (MSER-5), and both halves within 2 %. A remark only; blank with too few samples."
            ) { $0.assessment.isStationary.map(Cell.flag) ?? .blank },
            Column("valid", .flag, "Whether the numbers of this row may be used.") {
                .flag($0.measurement.invalidReason == nil)
            },
            Column("reason", .text, "Why the numbers may not be used; blank where they may.") {
                .text($0.measurement.invalidReason ?? "")
            },
        ]
    }
}
