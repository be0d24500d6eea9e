import AuthCore
import AuthStatistics

/// `logout_everywhere.csv`: one row for each strategy, number of sessions and repeat.
package enum LogoutEverywhereTable {
    package typealias Row = LogoutEverywhereAssessment

    package static func columns(_ identity: RunIdentity) -> [Column<Row>] {
        identity.columns { $0.measurement.strategy } + place + logouts + requests + decisions
            + shared(identity) + quality + identity.parameters { $0.measurement.strategy }
    }

    static var place: [Column<Row>] {
        [
            Column(
                "sessions_per_user", .count,
                "How many sessions each user had who was logged out; 0 where nobody was."
            ) {
                .integer(Int64($0.measurement.sessions))
            },
            Column("repeat", .count, "The number of the repeat, counted from 1.") {
                .integer(Int64($0.measurement.repeatIndex))
            },
        ]
    }

    private static var logouts: [Column<Row>] {
        [
            Column(
                "revocation", .text,
                "When the strategy promises that other servers refuse what was ended: `immediate`, `pushed`, `cached` or `at-expiry`."
            ) { .text($0.measurement.promise.rawValue) },
            Column("every_ns", .time, "From the beginning of one logout to that of the next.") {
                .count($0.measurement.every_ns)
            },
            Column(
                "newcomers", .flag,
                "Whether all sessions of a user are the first ones: a store whose list of them is that young may search all others."
            ) { .flag($0.measurement.areNewcomers) },
            Column("users", .optionalCount, "How many users were logged out; blank without logouts.") {
                $0.ended { .integer(Int64($0.logouts.count)) }
            },
            Column(
                "late_logouts", .optionalCount, "Those who were when the other users' requests were over."
            ) { $0.ended { .integer(Int64($0.lateLogouts)) } },
            Column(
                "logout_p50_ns", .optionalTime,
                "The median time that ended all sessions of a user; blank below 6 users."
            ) { .count($0.logoutP50_ns) },
            Column("logout_max_ns", .optionalTime, "The longest time that ended all sessions of a user.") {
                .count($0.logoutMax_ns)
            },
            Column(
                "store_commands_per_logout", .optionalNumber,
                "Commands or statements for one user, on average, BEGIN and COMMIT among them."
            ) { .number($0.storeCommands_perLogout, 2) },
            Column(
                "store_round_trips_per_logout", .optionalNumber,
                "How often the end of one user's sessions waited for a store in another process, on average."
            ) { .number($0.storeRoundTrips_perLogout, 2) },
        ]
    }

    private static var requests: [Column<Row>] {
        [
            Column(
                "n", .optionalCount,
                "How many `authenticate` of other users were timed, each from the moment when it was due."
            ) { row in
                row.measured { _ in .count(row.times.count) }
            },
            LatencyTable.quantile("p50_ns", 0.5, \.times), LatencyTable.quantile("p99_ns", 0.99, \.times),
        ]
    }

    private static var decisions: [Column<Row>] {
        [
            Column(
                "checked_before", .optionalCount, "Credentials presented on another client before the logout."
            ) { $0.ended { .integer(Int64($0.check.before)) } },
            Column(
                "refused_before", .optionalCount,
                "Those of them that were not accepted as their owner's. Must be 0."
            ) { $0.ended { .integer(Int64($0.check.refusedBefore)) } },
            Column(
                "checked_after", .optionalCount,
                "Credentials presented after the logout: each on the client that ended it and on another one."
            ) { $0.ended { .integer(Int64($0.check.after)) } },
            Column(
                "accepted_after", .optionalCount,
                "Accepted or renewed after the logout, against the promise. Must be 0."
            ) { $0.ended { .integer(Int64($0.check.acceptedAfter)) } },
            Column(
                "allowed_after", .optionalCount,
                "Accepted after the logout as the strategy says: tokens until they expire."
            ) { $0.ended { .integer(Int64($0.check.allowedAfter)) } },
            Column("others_checked", .optionalCount, "Requests of other users decided after the turn.") {
                $0.ended { .integer(Int64($0.check.others)) }
            },
            Column("others_wrong", .optionalCount, "Those of them that were decided wrongly. Must be 0.") {
                $0.ended { .integer(Int64($0.check.othersWrong)) }
            },
        ]
    }

    /// What these rows have in common with those of `throughput.csv`, of the other users' requests.
    private static let sharedNames: Set<String> = [
        "clients", "target_rate", "wall_ns", "operations", "errors", "false_accepts", "false_rejects",
        "store_loss",
        "late_operations", "backlog_operations", "wakes", "late_wakes", "store_rtt_asked_ns",
        "store_rtt_p50_ns", "idle_clients", "little_residual", "clipped_times",
        "standstill_ns", "foreign_cpu_share", "cpu_pressure_share", "steal_share", "throttled_ns",
        "swapped_in_pages",
    ]

    private static func shared(_ identity: RunIdentity) -> [Column<Row>] {
        ThroughputTable.columns(identity).filter { sharedNames.contains($0.name) }.map { column in
            Column(column.name, column.kind.optional, column.meaning) { row in
                row.measured { column.cell(ThroughputTable.Row(assessment: Assessment($0))) }
            }
        }
    }

    private static var quality: [Column<Row>] {
        [
            Column("valid", .flag, "Whether the numbers of this row may be used.") {
                .flag($0.reason == nil)
            },
            Column("reason", .text, "Why the numbers may not be used, or why there are none.") {
                .text($0.reason ?? "")
            },
        ]
    }
}

extension LogoutEverywhereAssessment {
    /// A cell about what was ended; blank where nothing was.
    fileprivate func ended(_ cell: (LogoutEverywhereMeasurement) -> Cell) -> Cell {
        measurement.logouts.isEmpty ? .blank : cell(measurement)
    }

    /// A cell about the other users' requests; blank where nothing was measured.
    fileprivate func measured(_ cell: (RepeatMeasurement) -> Cell) -> Cell {
        measurement.requests.map(cell) ?? .blank
    }
}

extension ColumnKind {
    /// The same where a field may be blank.
    fileprivate var optional: Self {
        switch self {
        case .flag: .optionalFlag
        case .count: .optionalCount
        case .time: .optionalTime
        case .number: .optionalNumber
        default: self
        }
    }
}

/// `logout_everywhere_users.csv`: one row for each user who was logged out.
package enum LogoutEverywhereUserTable {
    package typealias Row = (
        turn: LogoutEverywhereAssessment, user: Int, logout: LogoutEverywhereMeasurement.Logout
    )

    package static func rows(_ turns: [LogoutEverywhereAssessment]) -> [Row] {
        turns.flatMap { turn in
            turn.measurement.logouts.enumerated().map { (turn, $0.offset + 1, $0.element) }
        }
    }

    package static func columns(_ identity: RunIdentity) -> [Column<Row>] {
        identity.columns { $0.turn.measurement.strategy }
            + LogoutEverywhereTable.place.map { column in
                Column(column.name, column.kind, column.meaning) { column.cell($0.turn) }
            } + [
                Column("user", .count, "The number of the user in this repeat, counted from 1.") {
                    .integer(Int64($0.user))
                },
                Column("wall_ns", .time, "How long it took to end all sessions of the user.") {
                    .count($0.logout.wall_ns)
                },
                Column("store_commands", .count, "Commands or statements that this took.") {
                    .integer(Int64($0.logout.storeCommands))
                },
                Column("store_round_trips", .count, "How often it waited for a store in another process.") {
                    .integer(Int64($0.logout.storeRoundTrips))
                },
            ] + identity.parameters { $0.turn.measurement.strategy }
    }
}
