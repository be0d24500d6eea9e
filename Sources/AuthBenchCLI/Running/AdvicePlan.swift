import AuthCore
import AuthDecision
import Foundation

/// Which experiments answer requirements.
struct AdvicePlan {
    private static let claimsFile = "claims.json"
    private static let workloadFile = "requests.json"
    private static let signInsFile = "sign-ins.json"
    /// The share of sign-ins in the workload `browse`.
    private static let usualSignIns = 0.001
    private let wanted: Requirements
    private let strategies: [String]

    init(_ wanted: Requirements, strategies: [String]) {
        (self.wanted, self.strategies) = (wanted, strategies)
    }

    /// Strategies of the field whose stores are at hand, one of each kind.
    static func candidates(_ wanted: Requirements) -> [String] {
        let field = [
            "hs256-jwt", "rs256-jwt", "hybrid@store=redis", "hybrid@store=postgres", "hybrid",
            "redis-session",
            "postgres-session", "sqlite-session", "denylist-redis", "denylist-pushed", "introspection",
        ]
        let choices = (try? StrategyChoice.named(field, among: Registry.strategies)) ?? []
        return choices.filter { $0.descriptor.stores.isSubset(of: wanted.stores ?? [.redis, .postgres]) }
            .map(\.descriptor.id)
    }

    /// What the experiments read, by the names of the files.
    var files: [(name: String, text: String)] {
        var files: [(String, String)] = []
        if let count = wanted[.claims].map({ Int($0) }), count > 0 {
            files.append((Self.claimsFile, PaddedClaims.json(bytes: max(count, PaddedClaims.least_bytes))))
        }
        if let share = signInShare { files.append((Self.workloadFile, Self.workload(signIns: share))) }
        if wanted.signInsPerSecond != nil { files.append((Self.signInsFile, Self.signIns)) }
        return files
    }

    /// The share of the operations that must be sign-ins so that enough come; `nil` where those of `browse` are enough, or
    /// no rate is asked for.
    private var signInShare: Double? {
        guard let signIns = wanted.signInsPerSecond, let requests = wanted[.requestsPerSecond],
            signIns > Self.usualSignIns * requests
        else { return nil }
        return signIns / (requests + signIns)
    }

    /// `browse` with so many sign-ins.
    private static func workload(signIns: Double) -> String {
        let share = (signIns * 1e6).rounded(.up) / 1e6
        let rest = ((1 - share - 0.002) * 1e6).rounded() / 1e6
        return """
            {
              "name": "requests",
              "summary": "The workload browse, with the sign-ins that are asked for.",
              "skew": "zipfian",
              "mix": {"login": \(share), "authenticate": \(rest), "logout": 0.001, "expired": 0.001}
            }

            """
    }

    /// Nothing but sign-ins, so that all processor time of the run is theirs.
    ///
    /// It has few sessions, because the first of each user is made before anything is measured.
    private static let signIns = """
        {
          "name": "sign-ins",
          "summary": "Nothing but sign-ins, to know what one costs.",
          "population": 2000,
          "skew": "uniform",
          "mix": {"login": 1}
        }

        """

    func experiments(in folder: URL) -> [Experiment] {
        func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
        let chosen = strategies.flatMap { ["--strategy", $0] }
        let distance = wanted.texts[.storeRTT].map { ["--store-rtt", $0] } ?? []
        let claims = files.contains { $0.name == Self.claimsFile } ? ["--claims", path(Self.claimsFile)] : []
        var run = ["run", signInShare == nil ? "browse" : path(Self.workloadFile)] + chosen
        run += ["--repeats", "3", "--duration", "2"]
        if let rate = wanted[.requestsPerSecond] {
            // Sign-ins come beside the requests.
            let signIns = signInShare == nil ? 0 : wanted.signInsPerSecond ?? 0
            run += ["--rate", SweepValues.number(rate + signIns)]
        }
        if let users = wanted.texts[.users] { run += ["--population", users] }
        var all = [Experiment("run", run + distance + claims)]
        if wanted.signInsPerSecond != nil {
            let signIns = ["run", path(Self.signInsFile)] + chosen + ["--repeats", "3", "--duration", "1"]
            all.append(Experiment("sign-ins", signIns + distance + claims))
        }
        if wanted[.logoutWithin] != nil || wanted[.permissionChangeWithin] != nil {
            all.append(Experiment("exposure", ["exposure", "mixed"] + chosen))
        }
        if wanted.texts[.whileStoreAway] != nil {
            let faults = StrategyTraits.faultsAway.flatMap { ["--fault", $0.rawValue] }
            all.append(Experiment("outage", ["outage", "mixed"] + chosen + faults))
        }
        return all
    }
}
