import AuthCore
import AuthStatistics

/// `throughput.csv`: one row for each strategy and repeat.
package enum ThroughputTable {
    package struct Row {
        package var assessment: Assessment
        /// The schedule lag of the floor strategy in the same repeat, where it has been measured.
        package var floorLag: LatencyHistogram?

        var measurement: RepeatMeasurement { assessment.measurement }
    }

    /// One row for each measurement; `floor` names the strategy that only shows the harness's own cost.
    package static func rows(_ assessments: [Assessment], floor: String?) -> [Row] {
        assessments.map { assessment in
            let same = assessments.first {
                $0.measurement.strategy == floor
                    && $0.measurement.repeatIndex == assessment.measurement.repeatIndex
            }
            return Row(assessment: assessment, floorLag: same?.measurement.openLoop?.scheduleLag)
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
