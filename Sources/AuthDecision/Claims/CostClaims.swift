import AuthResults

extension Claim {
    /// What a check takes of processors and time.
    static let costs = [
        Self(
            "CLM-03", "A store lookup adds about 1 ms, and seconds of CPU per million requests",
            rule:
                "It holds where a check of redis-session takes at least 0.5 ms more than one of hs256-jwt (half of 1 ms) and 2 s more CPU per million, those of service and store together. The distance from which it takes 0.5 ms more is searched. It does not hold where the CPU is less.",
            needs: [.read, .far], search: .added
        ) { evidence throws(UnmeasuredError) in
            let (read, far) = (ClaimExperiment.read.rawValue, ClaimExperiment.far.rawValue)
            let processor = try
                (evidence.cpu("redis-session", in: read) - evidence.cpu("hs256-jwt", in: read))
                .figure("CPU that a lookup next door adds", "s per million")
            let figures = [
                processor,
                try (evidence.p50("redis-session", in: read) - evidence.p50("hs256-jwt", in: read))
                    .figure("p50 that a lookup next door adds", "ns"),
                try (evidence.p50("redis-session", in: far) - evidence.p50("hs256-jwt", in: read))
                    .figure("p50 that a lookup 1 ms away adds", "ns"),
                try (evidence.cpu("redis-session", in: far) - evidence.cpu("hs256-jwt", in: read))
                    .figure("CPU that a lookup 1 ms away adds", "s per million"),
            ]
            switch processor.side(of: 2) {
            case .below: return Outcome(.doesNotHold, figures)
            case .undecided: return Outcome(.undecided, figures)
            case .above: return try DistanceSearch.added.outcome(evidence, besides: figures)
            }
        },
        Self(
            "CLM-04", "Checking a signature is cheap, so a token is faster than any lookup",
            rule:
                "p50 of a check: it holds if redis-session next door takes longer than the slowest algorithm, 10 % or more. Otherwise the distance is searched from which the session takes longer than ed25519-jwt.",
            needs: [.read], search: .slowest
        ) { evidence throws(UnmeasuredError) in
            let read = ClaimExperiment.read.rawValue
            let session = try evidence.p50("redis-session", in: read)
            let figures = try ["hs256-jwt", "rs256-jwt", "es256-jwt", "ed25519-jwt"].map {
                strategy throws(UnmeasuredError) in
                try (session / evidence.p50(strategy, in: read))
                    .figure("p50 of redis-session next door / p50 of \(strategy)", "ratio")
            }
            if figures.allSatisfy({ $0.side(of: 1) == .above }) { return Outcome(.holds, figures) }
            return try DistanceSearch.slowest.outcome(evidence, besides: figures)
        },
        Self(
            "CLM-05", "Validating a JWT needs no lookup on the server",
            rule:
                "Store commands of a check, counted: it holds if no strategy with a JWT sends one, and does not hold if the plain JWT does. Otherwise the strategies with a list that is asked decide.",
            needs: [.read]
        ) { evidence throws(UnmeasuredError) in
            let plain = try evidence.commands("hs256-jwt")
            let asked = try evidence.commands("denylist-redis")
            let others = try ["hybrid", "denylist-pushed", "redis-session"].map {
                strategy throws(UnmeasuredError) in try evidence.commands(strategy)
            }
            let figures = [plain, asked] + others
            if plain.value > 0 { return Outcome(.doesNotHold, figures) }
            return Outcome(
                asked.value > 0 ? .holdsWhen("questions to a deny-list < 1 per request") : .holds, figures)
        },
        Self(
            "CLM-21", "Tokens with elliptic curves are faster than those with RSA",
            rule:
                "It holds if es256-jwt and ed25519-jwt beat rs256-jwt at both sign-in and check, by p50 and 10 %. If they win at the sign-in only, the boundary is how many checks of ed25519-jwt for each sign-in use that up. It does not hold if they lose at both.",
            needs: [.read, .sign]
        ) { evidence throws(UnmeasuredError) in try curves(evidence) },
        Self(
            "CLM-22", "Sessions need Redis, because PostgreSQL is too slow",
            rule:
                "Too slow is twice the p50 of Redis for a read, next door or 1 ms away, or half its rate with eight clients. It holds if one of these is so, and does not hold if none is. A sign-in is shown too, with the server's own durability.",
            needs: [.read, .far, .eight, .sign]
        ) { evidence throws(UnmeasuredError) in
            func ratio(_ experiment: ClaimExperiment, _ operation: String) throws(UnmeasuredError) -> Figure {
                try
                    (evidence.p50("postgres-session", operation, in: experiment.rawValue)
                    / evidence.p50("redis-session", operation, in: experiment.rawValue))
                    .figure(
                        "p50 of \(operation), PostgreSQL / Redis, experiment \(experiment.rawValue)", "ratio")
            }
            let eight = ClaimExperiment.eight.rawValue
            let rate =
                try
                (evidence.repeats("achieved_rate", of: "redis-session", in: eight)
                / evidence.repeats("achieved_rate", of: "postgres-session", in: eight))
                .figure("rate with eight clients, Redis / PostgreSQL", "ratio")
            let deciding = [try ratio(.read, "authenticate"), try ratio(.far, "authenticate"), rate]
            let figures = deciding + [try ratio(.sign, "login")]
            let sides = deciding.map { $0.side(of: 2) }
            if sides.contains(.above) { return Outcome(.holds, figures) }
            return Outcome(sides.contains(.undecided) ? .undecided : .doesNotHold, figures)
        },
        Self(
            "CLM-24", "A deny-list makes JWTs as slow as sessions",
            rule:
                "As slow is 80 % of the p50 and of the CPU of redis-session or more, next door. It holds if both lists are so, and does not hold if neither is. If only the one that is asked is, the boundary is the round trip.",
            needs: [.read, .exposure]
        ) { evidence throws(UnmeasuredError) in try lists(evidence) },
    ]

    private static func curves(_ evidence: Evidence) throws(UnmeasuredError) -> Outcome {
        let (read, sign) = (ClaimExperiment.read.rawValue, ClaimExperiment.sign.rawValue)
        let names = ["es256-jwt", "ed25519-jwt"]
        let (checkRSA, signRSA) = (
            try evidence.p50("rs256-jwt", in: read), try evidence.p50("rs256-jwt", "login", in: sign)
        )
        let checks = try names.map { name throws(UnmeasuredError) in
            try (evidence.p50(name, in: read) / checkRSA).figure(
                "p50 of a check, \(name) / rs256-jwt", "ratio")
        }
        let signIns = try names.map { name throws(UnmeasuredError) in
            try (evidence.p50(name, "login", in: sign) / signRSA)
                .figure("p50 of a sign-in, \(name) / rs256-jwt", "ratio")
        }
        let figures = checks + signIns
        func are(_ side: Figure.Side, _ figures: [Figure]) -> Bool {
            figures.allSatisfy { $0.side(of: 1) == side }
        }
        if are(.below, figures) { return Outcome(.holds, figures) }
        if are(.above, figures) { return Outcome(.doesNotHold, figures) }
        guard are(.below, signIns), are(.above, checks) else { return Outcome(.undecided, figures) }
        let saved = try signRSA - evidence.p50("ed25519-jwt", "login", in: sign)
        let lost = try evidence.p50("ed25519-jwt", in: read) - checkRSA
        let boundary = try (saved / lost).figure(
            "checks for each sign-in that use up what it saves", "checks")
        let text = "checks for each sign-in < \(FigureText.text(boundary.value, boundary.unit))"
        return Outcome(.holdsWhen(text), figures + [boundary])
    }

    private static func lists(_ evidence: Evidence) throws(UnmeasuredError) -> Outcome {
        let read = ClaimExperiment.read.rawValue
        func shares(_ strategy: String) throws(UnmeasuredError) -> [Figure] {
            [
                try (evidence.p50(strategy, in: read) / evidence.p50("redis-session", in: read))
                    .figure("p50 of \(strategy) / redis-session", "ratio"),
                try (evidence.cpu(strategy, in: read) / evidence.cpu("redis-session", in: read))
                    .figure("CPU of \(strategy) / redis-session", "ratio"),
            ]
        }
        func side(_ figures: [Figure]) -> Figure.Side {
            let sides = figures.map { $0.side(of: 0.8 / Figure.margin) }
            if sides.allSatisfy({ $0 == .above }) { return .above }
            return sides.allSatisfy { $0 == .below } ? .below : .undecided
        }
        let (asked, pushed) = (try shares("denylist-redis"), try shares("denylist-pushed"))
        let figures =
            asked + pushed + [
                try evidence.commands("denylist-redis"), try evidence.commands("denylist-pushed"),
                try evidence.exposed("denylist-pushed", "logout", "max_ms"),
            ]
        let verdict: Verdict =
            switch (side(asked), side(pushed)) {
            case (.above, .above): .holds
            case (.below, .below): .doesNotHold
            case (.above, .below): .holdsWhen("round trips to the list >= 1 per request")
            default: .undecided
            }
        return Outcome(verdict, figures)
    }
}

extension DistanceSearch {
    /// Both searches read the same experiments.
    private static let experiments = (
        name: "away", strategies: ["redis-session", "hs256-jwt", "ed25519-jwt"]
    )

    static let added = Self(
        name: experiments.name, strategies: experiments.strategies,
        figure: { evidence, experiment throws(UnmeasuredError) in
            try (evidence.p50("redis-session", in: experiment) - evidence.p50("hs256-jwt", in: experiment))
                .figure("p50 that a lookup adds, experiment \(experiment)", "ns")
        }, line: 500_000)

    static let slowest = Self(
        name: experiments.name, strategies: experiments.strategies,
        figure: { evidence, experiment throws(UnmeasuredError) in
            try (evidence.p50("redis-session", in: experiment) / evidence.p50("ed25519-jwt", in: experiment))
                .figure("p50 of redis-session / ed25519-jwt, experiment \(experiment)", "ratio")
        }, line: 1)
}
