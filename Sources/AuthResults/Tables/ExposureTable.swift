import Backends

/// `exposure.csv`: one row for each strategy and kind of revocation.
package enum ExposureTable {
    package static func columns(_ identity: RunIdentity) -> [Column<ExposureAssessment>] {
        identity.columns { $0.measurement.strategy } + conditions + exposures + logins + theory + decisions
            + quality
    }

    private static var conditions: [Column<ExposureAssessment>] {
        [
            Column(
                "withdrawal", .text,
                "How the credential lost what it could do: `logout` or `permission-change`."
            ) {
                .text($0.measurement.revocation.rawValue)
            },
            Column("revocation", .text, "What the strategy promises: `immediate` or `at-expiry`.") {
                .text($0.measurement.promise.rawValue)
            },
            Column("clients", .count, "Clients: one revokes, all others probe.") {
                .integer(Int64($0.measurement.clients))
            },
            Column(
                "lifetime_ms", .count,
                "The longest that a credential is accepted without revocation or use, on the strategy's clock, as all `_ms` here."
            ) { .integer($0.measurement.lifetime.longest_ms) },
            Column(
                "compression", .number,
                "Milliseconds of the strategy's clock that passed in a real one; 1 where revocation is immediate."
            ) { .number($0.measurement.compression, digits: 3) },
        ]
    }

    private static var exposures: [Column<ExposureAssessment>] {
        [
            Column("n", .count, "Credentials that were good when they were revoked.") {
                .integer(Int64($0.count))
            }
        ] + quantile("p50", 0.5) + quantile("p99", 0.99) + [
            Column("max_ms", .optionalNumber, "The longest exposure.") { .number($0.max_ms, 1) },
            Column("mean_ms", .optionalNumber, "The mean exposure.") { .number($0.mean_ms, 1) },
        ]
    }

    private static func quantile(_ name: String, _ share: Double) -> [Column<ExposureAssessment>] {
        [
            Column(
                "\(name)_ms", .optionalNumber,
                "Quantile of the exposures: from the acknowledgement of the revocation to the beginning of the last accepted request, 0 where none began after it."
            ) { .number($0.quantile_ms(share), 1) },
            Column(
                "\(name)_ci95_low_ms", .optionalNumber,
                "Lower end of the 95 % interval of \(name), by order statistics; blank where the sample is too small."
            ) { .number($0.interval_ms(share)?.low, 1) },
            Column(
                "\(name)_ci95_high_ms", .optionalNumber,
                "Upper end of that interval, from the beginnings of the first refused requests, late revocations made good."
            ) { .number($0.interval_ms(share)?.high, 1) },
        ]
    }

    private static var logins: [Column<ExposureAssessment>] {
        [
            Column(
                "login_n", .count,
                "Logins followed beyond their credential, for a holder who renews whenever it can; 0 after an error."
            ) { .integer(Int64($0.measurement.logins.count)) },
            Column(
                "login_p50_ms", .optionalNumber,
                "Median of their exposures: from the revocation to the last accepted request with any credential renewed from it."
            ) { .number($0.loginMedian_ms, 1) },
            Column("login_max_ms", .optionalNumber, "The longest of them.") { .number($0.loginMax_ms, 1) },
            Column(
                "login_longest_ms", .count,
                "The longest that the strategy allows: 0 where revocation is immediate; more is a false accept."
            ) { .integer($0.measurement.longestLogin_ms) },
            Column(
                "login_renewals", .optionalCount,
                "The most renewals that one holder was granted after the revocation."
            ) { $0.mostRenewals.map { .integer(Int64($0)) } ?? .blank },
        ]
    }

    private static var theory: [Column<ExposureAssessment>] {
        [
            Column(
                "theory_p50_ms", .number,
                "The same quantile of the rest of a life met at a random moment; 0 where revocation is immediate."
            ) { .number($0.theory_ms(0.5), digits: 1) },
            Column("theory_p99_ms", .number, "The same for p99.") { .number($0.theory_ms(0.99), digits: 1) },
            Column("theory_max_ms", .number, "The longest exposure there can be.") {
                .number($0.theoryMax_ms, digits: 1)
            },
            Column("theory_mean_ms", .number, "The mean exposure by theory.") {
                .number($0.theoryMean_ms, digits: 1)
            },
            Column(
                "ks_distance", .optionalShare,
                "Kolmogorov-Smirnov distance of the exposures from theory, the least within their bounds; blank where revocation is immediate."
            ) { .number($0.distance, 4) },
            Column("ks_critical", .optionalShare, "The distance that must not be exceeded (5 % level).") {
                .number($0.criticalDistance, 4)
            },
            Column(
                "matches_theory", .optionalFlag,
                "Whether the distance is not above the critical one and the theoretical p50 and p99 are in their intervals, or no request was accepted; blank where that cannot be told."
            ) { $0.matchesTheory.map { .flag($0) } ?? .blank },
        ]
    }

    private static var decisions: [Column<ExposureAssessment>] {
        [
            Column("requests", .count, "Requests with these credentials.") {
                .count($0.measurement.probes)
            },
            Column(
                "contested", .count, "Credentials with a request on its way while they were revoked."
            ) { .integer(Int64($0.measurement.contested)) },
            Column(
                "accepted_after", .count,
                "Accepted requests that began after the revocation had been acknowledged."
            ) { .count($0.measurement.acceptedAfter) },
            Column(
                "false_accepts", .count,
                "Those of them that the strategy's promise rules out, credentials that outlived `lifetime_ms`, and logins that outlived `login_longest_ms`."
            ) { .count($0.measurement.falseAccepts) },
            Column(
                "wrong_before", .count,
                "Good credentials refused just before their revocation, or accepted as somebody else."
            ) { .integer(Int64($0.measurement.wrong)) },
            Column("errors", .count, "Requests on which nothing was decided: each ends its client.") {
                .count($0.measurement.errors.count)
            },
        ]
    }

    private static var quality: [Column<ExposureAssessment>] {
        [
            Column("expired_before", .count, "Credentials that had expired when they were due; not in `n`.") {
                .integer(Int64($0.measurement.expiredBefore))
            },
            Column("unresolved", .count, "Credentials that were not seen refused before the end.") {
                .integer(Int64($0.unresolved))
            },
            Column(
                "resolution_ms", .optionalNumber,
                "The longest time from the last accepted to the first refused request; divided by `compression` it is real time."
            ) { .number($0.resolution_ms, 3) },
            Column("lag_max_ns", .count, "How late the latest revocation was, in real time.") {
                .count($0.measurement.lag_ns)
            },
            Column("reason", .text, "Why `matches_theory` is blank.") {
                $0.inconclusive.map { .text($0) } ?? .blank
            },
        ]
    }
}
