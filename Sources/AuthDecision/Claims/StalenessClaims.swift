import AuthResults

extension Claim {
    /// How long what was withdrawn still works.
    static let staleness = [
        Self(
            "CLM-06", "Revoking a session is immediate",
            rule:
                "Longest exposure after a logout: it holds if it is 0 with and without copies of sessions, and does not hold if it is above 0 without. If only copies prolong it, no copy may be kept.",
            needs: [.exposure]
        ) { evidence throws(UnmeasuredError) in
            let plain = try evidence.exposed("redis-session", "logout", "max_ms")
            let copied = try evidence.exposed("redis-session@cache=5s", "logout", "max_ms")
            if plain.value > 0 { return Outcome(.doesNotHold, [plain, copied]) }
            return Outcome(
                copied.value > 0 ? .holdsWhen("life of a server's copy of the session <= 0 s") : .holds,
                [plain, copied])
        },
        Self(
            "CLM-07", "Revoking a JWT is hard: it lives until it expires",
            rule:
                "It holds if half of the revoked tokens work for 40 % of their lifetime or more, and none longer than it (uniform over the lifetime, theory expects 50 %). It does not hold if half work for less than 10 %.",
            needs: [.exposure]
        ) { evidence throws(UnmeasuredError) in
            var (figures, verdicts) = ([Figure](), [Verdict]())
            for strategy in ["hs256-jwt", "rs256-jwt"] {
                let half = try evidence.exposed(strategy, "logout", "p50_ms")
                let longest = try evidence.exposed(strategy, "logout", "max_ms")
                let life = try evidence.exposed(strategy, "logout", "lifetime_ms")
                let theory = try evidence.exposed(strategy, "logout", "theory_p50_ms")
                figures += [half, longest, life, theory]
                let isLong = half.interval.low >= 0.4 * life.value && longest.value <= life.value
                verdicts.append(
                    isLong ? .holds : half.interval.high < 0.1 * life.value ? .doesNotHold : .undecided)
            }
            return Outcome(agreed(verdicts), figures)
        },
        Self(
            "CLM-08",
            "A short access token and a stored refresh token give speed without lookups, and revocation",
            rule:
                "It holds if a check of the hybrid sends no store command, renewals took place, and nobody who renews stays in longer than an access token lives. It does not hold if a check asks the store or somebody stays in longer.",
            needs: [.read, .exposure, .lifetime]
        ) { evidence throws(UnmeasuredError) in
            let (experiment, minute) = (ClaimExperiment.lifetime.rawValue, "hybrid@access=1m")
            let commands = try evidence.commands("hybrid")
            let longest = try evidence.exposed("hybrid", "logout", "login_max_ms")
            let life = try evidence.exposed("hybrid", "logout", "lifetime_ms")
            let renewals =
                try
                (evidence.repeats("renewals", of: minute, in: experiment)
                / evidence.repeats("operations", of: minute, in: experiment))
                .figure("renewals for each request, tokens of 1 minute", "ratio")
            let figures = [
                commands, longest, life, renewals,
                try evidence.cpu(minute, in: experiment).figure("CPU, tokens of 1 minute", "µs"),
                try evidence.cpu("hybrid@access=15m", in: experiment).figure(
                    "CPU, tokens of 15 minutes", "µs"),
                try evidence.cpu("redis-session", in: experiment).figure("CPU of redis-session", "µs"),
            ]
            if commands.value > 0 || longest.value > life.value { return Outcome(.doesNotHold, figures) }
            return Outcome(renewals.value > 0 ? .holds : .undecided, figures)
        },
        Self(
            "CLM-09", "Deleting the refresh token logs the user out within minutes",
            rule:
                "It holds if no credential of the hybrid works longer after a logout than an access token lives, and that is 20 minutes at most. It does not hold if one works for more than 20 minutes.",
            needs: [.exposure]
        ) { evidence throws(UnmeasuredError) in
            let longest = try evidence.exposed("hybrid", "logout", "max_ms")
            let login = try evidence.exposed("hybrid", "logout", "login_max_ms")
            let life = try evidence.exposed("hybrid", "logout", "lifetime_ms")
            let figures = [try evidence.exposed("hybrid", "logout", "p50_ms"), longest, login, life]
            let most = max(longest.value, login.value)
            if most > 20 * 60_000 { return Outcome(.doesNotHold, figures) }
            return Outcome(most <= life.value ? .holds : .undecided, figures)
        },
        Self(
            "CLM-10", "Session data can change without a new credential; a JWT's cannot",
            rule:
                "Time from a changed permission to the last request decided by the old one: it holds if that is 0 for redis-session and above 0 for half of the JWTs. It does not hold if the session goes by the old one, or no JWT does.",
            needs: [.exposure]
        ) { evidence throws(UnmeasuredError) in
            let session = try evidence.exposed("redis-session", "permission-change", "max_ms")
            let token = try evidence.exposed("hs256-jwt", "permission-change", "p50_ms")
            let isSo = session.value == 0 && token.interval.low > 0
            return Outcome(isSo ? .holds : .doesNotHold, [session, token])
        },
        Self(
            "CLM-19", "Logging out everywhere is easy with sessions",
            rule:
                "It is easy if half of the users are logged out in 100 ms, which feels instantaneous (Nielsen 1993), and p99 of other users' requests is at most 1.5 times as long meanwhile. The claim holds if that is clearly so for 1, 10 and 1000 sessions of a user, in Redis and in PostgreSQL. The boundary is the least of these numbers that is clearly not easy. It does not hold if 1 is not, or if a decision was wrong.",
            needs: [.logoutEverywhere]
        ) { evidence throws(UnmeasuredError) in try endsEasily(evidence) },
        Self(
            "CLM-25", "A short-lived JWT alone is a logout within its lifetime",
            rule:
                "A holder renews as long as that succeeds: it holds if no login works longer after its logout than one token lives, and does not hold if one works for 10 % longer.",
            needs: [.exposure]
        ) { evidence throws(UnmeasuredError) in
            let login = try evidence.exposed("hs256-jwt", "logout", "login_max_ms")
            let life = try evidence.exposed("hs256-jwt", "logout", "lifetime_ms")
            let figures = [login, life, try evidence.exposed("hybrid", "logout", "login_max_ms")]
            if login.value <= life.value { return Outcome(.holds, figures) }
            return Outcome(login.value > life.value * Figure.margin ? .doesNotHold : .undecided, figures)
        },
    ]

    /// Looks for the least number of sessions at which a figure is clearly above its line.
    private static func endsEasily(_ evidence: Evidence) throws(UnmeasuredError) -> Outcome {
        var (figures, sides) = ([Figure](), [(sessions: Int, sides: [Figure.Side])]())
        var isWrong = false
        for sessions in [1, 10, 1000] {
            var own: [Figure.Side] = []
            for strategy in ["redis-session", "postgres-session"] {
                func ended(_ column: String, _ sessions: Int = sessions) throws(UnmeasuredError) -> Repeats {
                    try evidence.ended(strategy, sessions: sessions, column)
                }
                let name = "\(sessions) \(sessions == 1 ? "session" : "sessions") of \(strategy)"
                let time = try ended("logout_p50_ns").figure("end of \(name)", "ns")
                let commands = try ended("store_commands_per_logout")
                    .figure("store commands to end \(name)", "commands")
                let ratio = try (ended("p99_ns") / ended("p99_ns", 0))
                    .figure("p99 of others meanwhile / without, \(name)", "ratio")
                var decisions = try ended("refused_before") + ended("accepted_after") + ended("others_wrong")
                // Wrong is wrong, also in a repeat whose times may not be used.
                for index in decisions.all.indices { decisions.all[index].isValid = true }
                let wrong = try decisions.figure("wrong decisions at the end of \(name)", "decisions")
                isWrong = isWrong || wrong.value > 0
                own += [time.side(of: 100e6), ratio.side(of: 1.5)]
                figures += [time, commands, ratio, wrong]
            }
            sides.append((sessions, own))
        }
        if isWrong { return Outcome(.doesNotHold, figures) }
        if let hard = sides.firstIndex(where: { $0.sides.contains(.above) }) {
            return Outcome(
                hard == 0 ? .doesNotHold : .holdsWhen("sessions per user < \(sides[hard].sessions)"), figures)
        }
        let isEasy = sides.allSatisfy { $0.sides.allSatisfy { $0 == .below } }
        return Outcome(isEasy ? .holds : .undecided, figures)
    }

    /// One verdict for several strategies, where they have the same.
    static func agreed(_ verdicts: [Verdict]) -> Verdict {
        guard let first = verdicts.first, verdicts.allSatisfy({ $0 == first }) else { return .undecided }
        return first
    }
}

extension Evidence {
    /// Of each repeat one column of `logout_everywhere.csv`; with 0 sessions nobody was logged out.
    fileprivate func ended(
        _ strategy: String, sessions: Int, _ column: String
    ) throws(UnmeasuredError) -> Repeats {
        let experiment = ClaimExperiment.logoutEverywhere.rawValue
        let own = rows(
            "logout_everywhere.csv", of: experiment, strategy,
            where: ["sessions_per_user": String(sessions)])
        guard !own.isEmpty else {
            throw UnmeasuredError(
                "the results have no \(strategy) of the experiment \(experiment) with \(sessions) sessions")
        }
        return Repeats(
            all: own.map { row in
                Repeats.One(
                    index: row["repeat"], isValid: row["valid"] == "true",
                    cells: [Cited(row: row, column: column, part: .plus)])
            })
    }

    /// A column of `exposure.csv`; a quantile comes with its interval.
    func exposed(
        _ strategy: String, _ revocation: String, _ column: String
    ) throws(UnmeasuredError) -> Figure {
        let stem = column.hasPrefix("p") ? String(column.dropLast(3)) : nil
        let words = column.dropLast(3).replacing("_", with: " ")
        return try stated(
            "\(words) of \(strategy) after \(revocation)", "ms", "exposure.csv",
            of: ClaimExperiment.exposure.rawValue, strategy, where: ["withdrawal": revocation], column,
            low: stem.map { $0 + "_ci95_low_ms" }, high: stem.map { $0 + "_ci95_high_ms" })
    }
}
