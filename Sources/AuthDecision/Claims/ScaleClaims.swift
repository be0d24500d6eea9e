import AuthResults
import Foundation

extension Claim {
    /// What several services or machines make of it.
    static let scale = [
        Self(
            "CLM-11", "JWTs scale across services, sessions need a shared store",
            rule:
                "Rate with 1, 2, 4 and 8 verifying nodes, each a client with a connection of its own. It does not hold if 8 nodes check as many sessions as JWTs, or more. Otherwise the boundary is how many processors that verify fill the one that Redis computes on: CPU of a node for a check over CPU of Redis. The bottleneck is store CPU where Redis takes 0.9 processors, client CPU where 0.9 of all are taken, those of other programs included, else the network.",
            needs: [.read, .nodes2, .nodes4, .nodes8]
        ) { evidence throws(UnmeasuredError) in try scaling(evidence) },
        Self(
            "CLM-12", "Sticky sessions complicate load balancing",
            rule:
                "8 clients, 4 servers that each keep a copy of a session for 5 s; a request goes to the server of its session, or to any. It holds for servers with copies if random routing asks the store 10 % more often. It does not hold if it asks 10 % less. Without copies each request asks it, wherever it goes.",
            needs: [.nodes8]
        ) { evidence throws(UnmeasuredError) in try routing(evidence) },
        Self(
            "CLM-20", "The hybrid is the right default for access to an API",
            rule:
                "The requirements of an API for third parties are Examples/requirements/third-party-api.json, and authbench advise weighs these rows by them. It holds if the hybrid meets them and takes least CPU of those that do. It does not hold if it fails one, or another takes 10 % less.",
            needs: [.read, .far, .exposure]
        ) { evidence throws(UnmeasuredError) in try defaults(evidence) },
    ]

    /// By the session, and at random.
    static let routed = ["redis-session@cache=5s,nodes=4", "redis-session@cache=5s,nodes=4,routing=random"]

    private static func scaling(_ evidence: Evidence) throws(UnmeasuredError) -> Outcome {
        let (token, session, most) = ("hs256-jwt", "redis-session", ClaimExperiment.nodes8.rawValue)
        func column(_ name: String, _ strategy: String = session) throws(UnmeasuredError) -> Repeats {
            try evidence.repeats(name, of: strategy, in: most)
        }
        let (own, stores) = (try column("cpu_us_per_op"), try column("store_cpu_us_per_op"))
        let rate = try column("achieved_rate")
        let ratio = try (column("achieved_rate", token) / rate)
            .figure("rate with 8 nodes, \(token) / \(session)", "ratio")
        let taken = try (own * rate).figure("processors that 8 nodes take for \(session)", "µs/s")
        var store = try (stores * rate).figure("processors that Redis takes for them", "µs/s")
        let boundary = try (own / stores).figure("processors that verify and fill one Redis", "ratio")
        let others = try column("foreign_cpu_share").figure("share that other programs take", "ratio")
        let cores = evidence.rows("throughput.csv", of: most, session).first?.folder.record.machine.cores
        let free = Double(cores ?? 1) * (1 - others.value)
        let name = bottleneck(taken.value / 1e6, store.value / 1e6, of: free, cores: cores ?? 1)
        store.name += ", of \(cores ?? 1): the bottleneck is \(name)"
        let figures =
            [ratio, boundary, store, taken, others] + (try counts(token, evidence))
            + (try counts(session, evidence))
        switch ratio.side(of: 1) {
        case .below: return Outcome(.doesNotHold, figures)
        case .undecided: return Outcome(.undecided, figures)
        case .above:
            let text = FigureText.text(boundary.value, boundary.unit)
            return Outcome(.holdsWhen("processors that verify >= \(text) for each Redis"), figures)
        }
    }

    /// Rate and p99 with each number of nodes; a slow machine may have too few requests for a p99.
    private static func counts(
        _ strategy: String, _ evidence: Evidence
    ) throws(UnmeasuredError) -> [Figure] {
        let places: [(Int, ClaimExperiment)] = [(1, .read), (2, .nodes2), (4, .nodes4), (8, .nodes8)]
        let rates = try places.map { count, place throws(UnmeasuredError) in
            try evidence.repeats("achieved_rate", of: strategy, in: place.rawValue)
                .figure("rate of \(strategy), nodes: \(count)", "per s")
        }
        return rates
            + places.compactMap { count, place in
                try? evidence.p99(strategy, in: place.rawValue)
                    .figure("p99 of \(strategy), nodes: \(count)", "ns")
            }
    }

    /// What keeps sessions from being checked faster, by the processors that are taken.
    private static func bottleneck(
        _ nodes: Double, _ store: Double, of free: Double, cores: Int
    ) -> String {
        if store >= 0.9 { return "store CPU" }
        let idle = free - nodes - store
        return idle <= 0.1 * Double(cores) ? "client CPU" : "network"
    }

    private static func routing(_ evidence: Evidence) throws(UnmeasuredError) -> Outcome {
        let place = ClaimExperiment.nodes8.rawValue
        func asked(_ strategy: String) throws(UnmeasuredError) -> Repeats {
            try evidence.repeats("store_round_trips_per_op", of: strategy, in: place)
        }
        let (sticky, random) = (try asked(routed[0]), try asked(routed[1]))
        let ratio = try (random / sticky).figure("requests that ask the store, random / sticky", "ratio")
        let figures = [
            ratio, try sticky.figure("share of requests that ask the store, sticky", "ratio"),
            try random.figure("share of requests that ask the store, random", "ratio"),
            try (evidence.p99(routed[1], in: place) / evidence.p99(routed[0], in: place))
                .figure("p99 of a check, random / sticky", "ratio"),
            try evidence.p99(routed[0], in: place).figure("p99 of a check, sticky", "ns"),
            try evidence.p99(routed[1], in: place).figure("p99 of a check, random", "ns"),
        ]
        let verdict: Verdict =
            switch ratio.side(of: 1) {
            case .above: .holdsWhen("life of a server's copy of the session > 0 s")
            case .below: .doesNotHold
            case .undecided: .undecided
            }
        return Outcome(verdict, figures)
    }

    /// As `Examples/requirements/third-party-api.json` has it, which a test holds.
    static let thirdPartyAPI = """
        {"users": 50000, "services": 3, "logout_within": "20m", "permission_change_within": "20m",
         "stores": ["sqlite", "redis"], "store_rtt": "1ms", "header_limit_bytes": 8192, "p99_within": "5ms",
         "request_time": "50ms"}
        """

    private static func defaults(_ evidence: Evidence) throws(UnmeasuredError) -> Outcome {
        guard !evidence.traits.isEmpty, let wanted = try? Requirements(json: Data(thirdPartyAPI.utf8)) else {
            throw UnmeasuredError("nothing says which stores the strategies need")
        }
        let advice = Advice(wanted, evidence, evidence.traits)
        guard let hybrid = advice.strategies.first(where: { $0.strategy == "hybrid" }) else {
            throw UnmeasuredError("the results have no hybrid of the experiment read")
        }
        let read = ClaimExperiment.read.rawValue
        func cost(_ strategy: String) throws(UnmeasuredError) -> Figure {
            let name =
                "CPU of \(strategy), which \(strategy == "hybrid" && !hybrid.meets ? "fails" : "meets") all"
            return try evidence.cpu(strategy, in: read).figure(name, "µs")
        }
        let own = try cost("hybrid")
        guard hybrid.meets else { return Outcome(hybrid.fails.isEmpty ? .undecided : .doesNotHold, [own]) }
        let others = try advice.strategies.filter { $0.meets && $0.strategy != "hybrid" }.map {
            one throws(UnmeasuredError) in try cost(one.strategy)
        }
        let shares = try advice.strategies.filter { $0.meets && $0.strategy != "hybrid" }.map {
            one throws(UnmeasuredError) in
            try (evidence.cpu("hybrid", in: read) / evidence.cpu(one.strategy, in: read))
                .figure("CPU of hybrid / \(one.strategy)", "ratio")
        }
        let verdict: Verdict =
            shares.contains { $0.side(of: 1) == .above }
            ? .doesNotHold : shares.allSatisfy { $0.side(of: 1) == .below } ? .holds : .undecided
        return Outcome(verdict, [own] + others + shares)
    }
}
