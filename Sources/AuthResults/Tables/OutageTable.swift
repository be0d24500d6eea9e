import AuthCore

/// `outage.csv`: one row for each strategy, fault and repeat.
package enum OutageTable {
    package static func columns(_ identity: RunIdentity) -> [Column<OutageAssessment>] {
        identity.columns { $0.measurement.strategy } + identified + conditions + whileAway + afterwards
            + decisions
            + replication + quality + identity.parameters { $0.measurement.strategy }
    }

    static var identified: [Column<OutageAssessment>] {
        [
            Column(
                "fault", .text,
                "What happened to the store: `stop`, `kill`, `cut`, `reset`, `slow`, `failover`, `lock` or `full`. `none` where the strategy has no store."
            ) { .text($0.measurement.fault?.rawValue ?? "none") },
            Column("repeat", .count, "The number of the repeat, from 1.") {
                .integer(Int64($0.measurement.repeatIndex))
            },
        ]
    }

    private static var conditions: [Column<OutageAssessment>] {
        [
            Column(
                "revocation", .text,
                "When the strategy promises to refuse a revoked credential: `immediate` or `at-expiry`."
            ) {
                .text($0.measurement.promise.rawValue)
            },
            Column("clients", .count, "How many clients sent requests.") {
                .integer(Int64($0.measurement.clients))
            },
            Column("target_rate", .number, "How many requests per second were due, of all clients.") {
                .number($0.measurement.targetRate, digits: 3)
            },
            Column("duration_ns", .time, "How long requests were due. All times count from the start.") {
                .count($0.measurement.duration_ns)
            },
            Column("fault_start_ns", .time, "When the fault began.") {
                .count($0.measurement.fault_ns.lowerBound)
            },
            Column("fault_end_ns", .time, "When the store could be asked again.") {
                .count($0.measurement.fault_ns.upperBound)
            },
            Column("late_after_ns", .time, "A decision later than this after its request was due is late.") {
                .count($0.limit_ns)
            },
            Column("requests", .count, "How many requests were due in all.") {
                .integer(Int64($0.measurement.requests.count))
            },
        ]
    }

    private static var whileAway: [Column<OutageAssessment>] {
        [
            Column("due_while_away", .count, "How many requests were due while the store was away.") {
                .integer(Int64($0.dueWhileAway))
            },
            Column("decided_share", .optionalShare, "The share of these that was decided in time.") {
                .number($0.decidedShare, 5)
            },
            Column("late_share", .optionalShare, "The share of these that was decided late.") {
                .number($0.lateShare, 5)
            },
            Column("undecided_share", .optionalShare, "The share of these that got an error for an answer.") {
                .number($0.undecidedShare, 5)
            },
            Column(
                "first_error_ns", .optionalTime,
                "From the start of the fault until the first request got an error. Blank where none did."
            ) { .count($0.firstError_ns) },
        ]
    }

    private static var afterwards: [Column<OutageAssessment>] {
        [
            Column(
                "first_good_ns", .optionalTime,
                "From the store's return until the first success of an operation that the fault had reached. Blank where it reached none, or none succeeded."
            ) { .count($0.firstGood_ns) },
            Column("usual_p99_ns", .optionalTime, "The p99 of the response times before the fault.") {
                .count($0.usualP99_ns)
            },
            Column(
                "normal_again_ns", .optionalTime,
                "From the store's return until the p99 of a second's requests was at most twice `usual_p99_ns`, or 1 ms more. Blank where it was not in time."
            ) { .count($0.normalAgain_ns) },
            Column("good_checked", .count, "Good credentials that were presented once more at the end.") {
                .integer(Int64($0.measurement.check.good))
            },
            Column("lost", .count, "Those of them that were refused: their users must sign in again.") {
                .integer(Int64($0.measurement.check.lost))
            },
            Column("lost_share", .optionalShare, "`lost` / `good_checked`.") { .number($0.lostShare, 5) },
            Column(
                "signed_out_checked", .count,
                "Credentials with an acknowledged sign-out that were presented once more. 0 where the strategy keeps no record of sign-outs."
            ) { .integer(Int64($0.measurement.check.signedOut)) },
            Column("came_back", .count, "Those of them that were accepted, or could be renewed.") {
                .integer(Int64($0.measurement.check.cameBack))
            },
        ]
    }

    private static var decisions: [Column<OutageAssessment>] {
        [
            Column(
                "wrong_accepts", .count,
                "Bad credentials that were accepted, and good ones accepted as somebody else's. Must be 0."
            ) { .integer(Int64($0.wronglyAccepted)) },
            Column("stale_accepts", .count, "Revoked credentials accepted as the strategy's promise allows.")
            {
                .integer(Int64($0.staleAccepted))
            },
            Column(
                "revived_accepts", .count,
                "Requests accepted with a credential whose acknowledged sign-out a failover had undone."
            ) { .integer(Int64($0.revived)) },
            Column("good_refused", .count, "Requests with a good credential that were refused.") {
                .integer(Int64($0.goodRefused))
            },
            Column("errors", .count, "Requests on which nothing was decided, each counted once.") {
                .integer(Int64($0.undecided))
            },
            Column("error_kinds", .text, "The errors by kind, each with its count.") {
                .text($0.measurement.errors.text)
            },
        ]
    }

    private static var replication: [Column<OutageAssessment>] {
        [
            Column(
                "replication_delay_ns", .optionalTime, "How long the replica is behind. Only of a failover."
            ) {
                .count($0.measurement.replication?.delay_ns)
            },
            Column(
                "wait_replicas", .optionalCount,
                "For how many replicas each sign-out waits. Only of a failover."
            ) {
                .count($0.measurement.replication.map { UInt64($0.replicas) })
            },
            Column(
                "came_back_theory", .optionalNumber,
                "How many sign-outs a failover should bring back: their rate before the fault x `replication_delay_ns`. 0 where each waits for a replica."
            ) { .number($0.revivedByTheory, 2) },
            Column(
                "came_back_ci95_low", .optionalNumber,
                "The lower end of the exact 95 % interval of `came_back`."
            ) {
                .number($0.revivedInterval?.low, 2)
            },
            Column(
                "came_back_ci95_high", .optionalNumber,
                "The upper end of the exact 95 % interval of `came_back`."
            ) {
                .number($0.revivedInterval?.high, 2)
            },
        ]
    }

    private static var quality: [Column<OutageAssessment>] {
        [
            Column("valid", .flag, "Whether the numbers can be used.") { .flag($0.inconclusive == nil) },
            Column("reason", .text, "Why the numbers cannot be used.") {
                $0.inconclusive.map { .text($0) } ?? .blank
            },
        ]
    }
}

/// `outage_series.csv`: the same outages as time lines.
package enum OutageSeriesTable {
    package typealias Row = (outage: OutageAssessment, slice: OutageAssessment.Slice)

    package static func rows(_ outages: [OutageAssessment]) -> [Row] {
        outages.flatMap { outage in outage.slices.map { (outage, $0) } }
    }

    package static func columns(_ identity: RunIdentity) -> [Column<Row>] {
        identity.columns { $0.outage.measurement.strategy }
            + OutageTable.identified.map { column in
                Column(column.name, column.kind, column.meaning) { column.cell($0.outage) }
            } + [
                Column("slice_start_ns", .time, "When the slice began. Each is 0.1 s long.") {
                    .count($0.slice.start_ns)
                },
                Column("due", .count, "Requests that were due in the slice.") {
                    .integer(Int64($0.slice.due))
                },
                Column("late", .count, "Those that were decided late.") { .integer(Int64($0.slice.late)) },
                Column("undecided", .count, "Those that got an error for an answer.") {
                    .integer(Int64($0.slice.undecided))
                },
                Column("good_refused", .count, "Those with a good credential that were refused.") {
                    .integer(Int64($0.slice.goodRefused))
                },
                Column("wrong_accepts", .count, "Those that were accepted wrongly.") {
                    .integer(Int64($0.slice.wronglyAccepted))
                },
                Column("p50_ns", .optionalTime, "The median response time of those that were decided.") {
                    .count($0.slice.quantile_ns(0.5))
                },
                Column("max_ns", .optionalTime, "The longest response time of those that were decided.") {
                    .count($0.slice.quantile_ns(1))
                },
            ] + identity.parameters { $0.outage.measurement.strategy }
    }
}
