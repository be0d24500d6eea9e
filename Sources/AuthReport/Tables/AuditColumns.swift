import AuthCore

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
            lag("floor_schedule_lag_p50_ns", 0.5, "The same of the floor strategy in this repeat") {
                $0.floorLag
            },
            lag("floor_schedule_lag_p99_ns", 0.99, "The same of the floor strategy in this repeat") {
                $0.floorLag
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
