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
    static let cpuDigits = 4

    package static func columns(_ identity: RunIdentity) -> [Column<Row>] {
        identity.columns { $0.measurement.strategy } + place + rates + decisions + schedule + costs
            + machine + verdict
    }

    private static var place: [Column<Row>] {
        [
            Column("repeat", .count, "Which repeat, counted from 1.") {
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
            Column("target_rate", .optionalNumber, "Arrivals per second asked for; blank in a closed loop.") {
                .number($0.measurement.openLoop?.targetRate, 3)
            },
            Column("achieved_rate", .number, "Completed operations per second.") {
                .number($0.measurement.operationsPerSecond, digits: 1)
            },
            Column(
                "achieved_rate_ci95_low", .optionalNumber,
                "Lower end of the 95 % interval of this repeat alone, by its spread over five stretches of it (Student's t); blank for a measurement by a count of operations."
            ) { .number($0.assessment.rate?.low, 1) },
            Column("achieved_rate_ci95_high", .optionalNumber, "Upper end of that interval.") {
                .number($0.assessment.rate?.high, 1)
            },
            Column("wall_ns", .time, "From the start until the last client finished.") {
                .count($0.measurement.wall_ns)
            },
        ]
    }

    private static var decisions: [Column<Row>] {
        [
            Column("operations", .count, "Completed operations: all but the errors.") {
                .count($0.measurement.total.completed)
            },
            Column("accepted", .count, "Credentials accepted.") { .count($0.measurement.total.accepted) },
            Column("refused", .count, "Credentials refused.") { .count($0.measurement.total.refused) },
            Column("errors", .count, "Operations on which nothing was decided: store down, timeout.") {
                .count($0.measurement.total.errors)
            },
            Column("false_accepts", .count, "Accepted, but had to be refused, or as somebody else.") {
                .count($0.measurement.total.falseAccepts)
            },
            Column("false_rejects", .count, "Refused, but had to be accepted.") {
                .count($0.measurement.total.falseRejects)
            },
            Column("stale_accepts", .count, "Accepted after logout by a strategy that promises no more.") {
                .count($0.measurement.total.staleAccepts)
            },
            Column(
                "swept_sessions", .optionalCount,
                "Expired sessions or refresh families that a sweep deleted meanwhile; blank without one."
            ) { .count($0.measurement.sweptSessions.map { UInt64($0) }) },
            Column(
                "touch_failures", .count,
                "Last-seen moments that could not be written; what was read decided all the same."
            ) { .integer(Int64($0.measurement.touchFailures)) },
            Column(
                "store_loss", .text,
                "What the store lost of what it had been told, so that good credentials were refused; blank where nothing is known."
            ) { .text($0.measurement.storeLoss ?? "") },
        ]
    }
}

/// The columns of `throughput.csv` by which a row says whether it can be trusted.
extension ThroughputTable {
    static var schedule: [Column<Row>] {
        [
            Column("late_operations", .optionalCount, "Arrivals due while their client was still busy.") {
                .count($0.measurement.openLoop?.lateOperations)
            },
            Column("backlog_operations", .optionalCount, "Arrivals still waiting when the last was due.") {
                .count($0.measurement.openLoop?.backlog)
            },
            Column("wakes", .optionalCount, "Arrivals for which an idle client was woken.") {
                .count($0.measurement.openLoop?.wakes)
            },
            Column(
                "late_wakes", .optionalCount, "Of these, those for which it was woken more than 1 ms late."
            ) {
                .count($0.measurement.openLoop?.lateWakes)
            },
            lag("schedule_lag_p50_ns", 0.5, "How late idle clients were woken") {
                $0.measurement.openLoop?.scheduleLag
            },
            lag("schedule_lag_p99_ns", 0.99, "How late idle clients were woken") {
                $0.measurement.openLoop?.scheduleLag
            },
            lag("floor_schedule_lag_p50_ns", 0.5, "The same of the baseline strategy in this repeat") {
                $0.baselineLag
            },
            lag("floor_schedule_lag_p99_ns", 0.99, "The same of the baseline strategy in this repeat") {
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
            Column("cpu_us_per_op", .optionalNumber, "CPU time of the client process per operation, in µs.") {
                .number($0.measurement.cpu_us_per_op, cpuDigits)
            },
            Column(
                "store_cpu_us_per_op", .optionalNumber,
                "CPU time of the store's own process per operation, in µs; blank where it is unknown."
            ) { .number($0.measurement.storeCPU_us_per_op, cpuDigits) },
            Column(
                "store_cpu_source", .text,
                "`no-store`: it has none; `in-process`: in cpu_us_per_op; `private-server`: measured; `unknown-foreign-server`: not to be seen from here."
            ) { .text($0.measurement.storeCPUSource.rawValue) },
        ]
    }

    static var machine: [Column<Row>] {
        [
            Column("idle_clients", .count, "Clients that did nothing in the measured time.") {
                .integer(Int64($0.measurement.idleClients))
            },
            Column(
                "little_residual", .optionalSigned,
                "Clients that did something / (throughput x mean service time) - 1; blank in an open loop."
            ) { .number($0.measurement.little_residual, 5) },
            Column(
                "utilization_residual", .optionalSigned,
                "CPU time of the process over that of its clients - 1: what the harness took beside them."
            ) { .number($0.measurement.utilization_residual, 5) },
            Column("voluntary_switches", .count, "Context switches because a thread waited.") {
                .count($0.measurement.usage.voluntarySwitches)
            },
            Column("involuntary_switches", .count, "Context switches because another thread was due.") {
                .count($0.measurement.usage.involuntarySwitches)
            },
            Column("clipped_times", .count, "Times longer than can be recorded, 73 minutes.") {
                .count($0.measurement.clippedTimes)
            },
            Column(
                "standstill_ns", .optionalTime,
                "The longest time for which the whole process was stopped, less up to 20 ms; blank where nobody looked."
            ) { .count($0.measurement.usage.standstill_ns) },
            Column(
                "foreign_cpu_share", .optionalShare,
                "Share of the processors that other processes took, the private store aside; blank where that is unknown."
            ) { .number($0.measurement.usage.foreignCPU_share, 5) },
            Column(
                "cpu_pressure_share", .optionalShare,
                "Share of the time in which anything waited for a processor, this run among that (pressure stall information)."
            ) { .number($0.measurement.usage.cpuPressure_share, 5) },
            Column("steal_share", .optionalShare, "Share of the processors that the hypervisor gave away.") {
                .number($0.measurement.usage.steal_share, 5)
            },
            Column("throttled_ns", .optionalTime, "Held up by the control group's processor limit.") {
                .count($0.measurement.usage.throttled_ns)
            },
            Column("swapped_in_pages", .optionalCount, "Pages read back from swap on the machine.") {
                .count($0.measurement.usage.swappedIn_pages)
            },
        ]
    }

    static var verdict: [Column<Row>] {
        [
            Column(
                "stationary", .optionalFlag,
                "Whether the slice medians settled (MSER-5, halves within 2 %); blank with too few samples."
            ) { $0.assessment.isStationary.map(Cell.flag) ?? .blank },
            Column("valid", .flag, "Whether the numbers of this row may be used.") {
                .flag($0.measurement.invalidReason == nil)
            },
            Column("reason", .text, "Why not.") { .text($0.measurement.invalidReason ?? "") },
        ]
    }
}
