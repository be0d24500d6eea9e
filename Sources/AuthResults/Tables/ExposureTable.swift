import Backends

/// `exposure.csv`: one row for each strategy and kind of revocation.
package enum ExposureTable {
    package static func columns(_ identity: RunIdentity) -> [Column<ExposureAssessment>] {
        identity.columns { $0.measurement.strategy } + conditions + exposures + logins + theory + decisions
            + quality + identity.parameters { $0.measurement.strategy }
    }

    private static var conditions: [Column<ExposureAssessment>] {
        [
            Column(
                "withdrawal", .text,
                "What took the credential's rights away: `logout` or `permission-change`."
            ) {
                .text($0.measurement.revocation.rawValue)
            },
            Column(
                "revocation", .text,
                "When the strategy promises that other servers refuse a revoked credential: `immediate`, `pushed` (when they have heard of it), `cached` (when their copy is old) or `at-expiry`."
            ) {
                .text($0.measurement.promise.rawValue)
            },
            Column("clients", .count, "How many clients there were. One revokes, all others send requests.") {
                .integer(Int64($0.measurement.clients))
            },
            Column(
                "lifetime_ms", .count,
                "The longest time for which an unused credential is accepted without revocation. All `_ms` here are on the strategy's clock."
            ) { .integer($0.measurement.lifetime.longest_ms) },
            Column(
                "compression", .number,
                "How many milliseconds of the strategy's clock passed in a real one; 1 where revocation is immediate or pushed."
            ) { .number($0.measurement.compression, digits: 3) },
        ]
    }

    private static var exposures: [Column<ExposureAssessment>] {
        [
            Column("n", .count, "How many credentials were good when they were revoked.") {
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
                "The quantile of the exposures. An exposure lasts from the acknowledged revocation to the start of the last accepted request; it is 0 if none started later."
            ) { .number($0.quantile_ms(share), 1) },
            Column(
                "\(name)_ci95_low_ms", .optionalNumber,
                "The lower end of the 95 % interval of \(name), by order statistics; blank where the sample is too small."
            ) { .number($0.interval_ms(share)?.low, 1) },
            Column(
                "\(name)_ci95_high_ms", .optionalNumber,
                "The upper end of the 95 % interval of \(name), from the starts of the first refused requests. Late revocations are corrected for."
            ) { .number($0.interval_ms(share)?.high, 1) },
        ]
    }

    private static var logins: [Column<ExposureAssessment>] {
        [
            Column(
                "login_n", .count,
                "How many logins were followed for a holder who renews as long as that succeeds; 0 after an error."
            ) { .integer(Int64($0.measurement.logins.count)) },
            Column(
                "login_p50_ms", .optionalNumber,
                "The median exposure of these logins: from the revocation to the last accepted request with any credential renewed from the revoked one."
            ) { .number($0.loginMedian_ms, 1) },
            Column("login_max_ms", .optionalNumber, "The longest exposure of these logins.") {
                .number($0.loginMax_ms, 1)
            },
            Column(
                "login_longest_ms", .count,
                "The longest exposure of a login that the strategy allows: 0 where revocation is immediate. Longer is a false accept."
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
                "The p50 of exposures by theory: what is left of the life of a credential, or of a copy, at a random moment. 0 where revocation is immediate or pushed, or several servers have copies: then only the longest is known."
            ) { .number($0.theory_ms(0.5), digits: 1) },
            Column("theory_p99_ms", .number, "The p99 of exposures by theory.") {
                .number($0.theory_ms(0.99), digits: 1)
            },
            Column(
                "theory_max_ms", .number,
                "The longest exposure by theory; where revocation is pushed, how long a server that hears nothing goes by what it knows."
            ) {
                .number($0.theoryMax_ms, digits: 1)
            },
            Column("theory_mean_ms", .number, "The mean exposure by theory.") {
                .number($0.theoryMean_ms, digits: 1)
            },
            Column(
                "ks_distance", .optionalShare,
                "The Kolmogorov-Smirnov distance between exposures and theory, the least that their bounds allow; blank where `theory_p50_ms` is 0."
            ) { .number($0.distance, 4) },
            Column(
                "ks_critical", .optionalShare,
                "The distance that exposures as in theory exceed once in twenty times."
            ) {
                .number($0.criticalDistance, 4)
            },
            Column(
                "theory_p", .optionalShare,
                "How probable exposures are that are as far from theory as these, where theory holds: the least of four tests, of the whole curve, p50, p99 and the longest, times four. Blank as `ks_distance`."
            ) { .number($0.theoryP, 5) },
            Column(
                "matches_theory", .optionalFlag,
                "Whether `theory_p` is at least \(ExposureAssessment.least_p), or no exposure is longer than `theory_max_ms`. Blank where that cannot be told."
            ) { $0.matchesTheory.map { .flag($0) } ?? .blank },
        ]
    }

    private static var decisions: [Column<ExposureAssessment>] {
        [
            Column("requests", .count, "How many requests were sent with these credentials.") {
                .count($0.measurement.probes)
            },
            Column(
                "contested", .count, "Credentials that were revoked while a request with them was on its way."
            ) { .integer(Int64($0.measurement.contested)) },
            Column(
                "accepted_after", .count,
                "Accepted requests that started after the revocation was acknowledged."
            ) { .count($0.measurement.acceptedAfter) },
            Column(
                "false_accepts", .count,
                "Acceptances that the strategy's promise rules out, credentials that outlived `lifetime_ms`, and logins that outlived `login_longest_ms`."
            ) { .count($0.measurement.falseAccepts) },
            Column(
                "wrong_before", .count,
                "Good credentials refused just before their revocation, or accepted as somebody else."
            ) { .integer(Int64($0.measurement.wrong)) },
            Column("errors", .count, "Requests on which nothing was decided. Each ends its client.") {
                .count($0.measurement.errors.count)
            },
        ]
    }

    private static var quality: [Column<ExposureAssessment>] {
        [
            Column(
                "expired_before", .count,
                "Credentials that had already expired when they were to be revoked. They are not in `n`."
            ) {
                .integer(Int64($0.measurement.expiredBefore))
            },
            Column(
                "unresolved", .count, "Credentials of which no refusal was seen before the measurement ended."
            ) {
                .integer(Int64($0.unresolved))
            },
            Column(
                "resolution_ms", .optionalNumber,
                "The longest time from the last accepted to the first refused request. Divide by `compression` for real time."
            ) { .number($0.resolution_ms, 3) },
            Column("lag_max_ns", .count, "How late the latest revocation came, in real time.") {
                .count($0.measurement.lag_ns)
            },
            Column("reason", .text, "Why `matches_theory` is blank.") {
                $0.inconclusive.map { .text($0) } ?? .blank
            },
        ]
    }
}
