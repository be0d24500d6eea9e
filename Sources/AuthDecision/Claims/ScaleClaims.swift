import AuthResults
import Foundation

extension Claim {
    /// What several services or machines make of it.
    static let scale = [
        Self(
            "CLM-11", "JWTs scale across services, sessions need a shared store",
            unmeasured: "it takes several nodes, and this version measures one machine"),
        Self(
            "CLM-12", "Sticky sessions complicate load balancing",
            unmeasured: "it takes several nodes behind a balancer, and this version measures one machine"),
        Self(
            "CLM-20", "The hybrid is the right default for access to an API",
            rule:
                "The requirements of an API for third parties are Examples/requirements/third-party-api.json, and authbench advise weighs these rows by them. It holds if the hybrid meets them and takes least CPU of those that do. It does not hold if it fails one, or another takes 10 % less.",
            needs: [.read, .far, .exposure]
        ) { evidence throws(UnmeasuredError) in try defaults(evidence) },
    ]

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
