import AuthCore
import AuthResults

/// Holds one strategy's rows against the requirements.
struct Assessor {
    private let requirements: Requirements
    private let measured: Evidence
    private let name: String
    private let traits: StrategyTraits
    /// The row that decides on the response time and the cost.
    private let check: Evidence.Row?
    /// The row of the cost; where no row decides, one for the same distance and claims at least.
    private let costly: Evidence.Row?
    /// What a sign-in costs, where sign-ins are asked for.
    private let signInCost: [Reading]?

    init(
        _ requirements: Requirements, _ measured: Evidence, _ name: String, _ traits: StrategyTraits
    ) {
        (self.requirements, self.measured, self.name, self.traits) = (requirements, measured, name, traits)
        let (wanted_ns, claims) = (requirements[.storeRTT], Int(requirements[.claims] ?? 0))
        let (rate, signIns) = (requirements[.requestsPerSecond], requirements.signInsPerSecond)
        func stands(_ row: Evidence.Row) -> Bool {
            row.stands(forDistance_ns: wanted_ns) && row.claims_bytes >= claims
        }
        signInCost = signIns.flatMap { $0 > 0 ? measured.signInCost(name, where: stands) : nil }
        let rows = measured.checks(name, clock: rate == nil ? "service" : "response").filter {
            // What a share of the operations is, is rounded to six digits.
            stands($0) && (signIns ?? 0) <= measured.signInsPerSecond(of: $0) * 1.001
        }
        // The least rate that is enough says most about the one asked for.
        check =
            rate == nil
            ? rows.last
            : rows.compactMap { row in measured.rate(of: row).map { (row, $0) } }
                .filter { $0.1 >= (rate ?? 0) * 0.999 }.min { $0.1 < $1.1 }?.0
        costly = check ?? measured.checks(name, clock: "service").last { stands($0) }
    }

    var strategy: AdvisedStrategy {
        var findings: [Driver: Finding] = [
            .p99: p99, .logout: exposure(.logout, .logoutWithin),
            .permission: exposure(.permissionChange, .permissionChangeWithin), .storeAway: storeAway,
            .header: header, .minting: minting, .stores: storesAtHand, .services: services,
        ]
        findings[.signIns] = signIns
        let cost = cost
        findings[.cpu] = Finding(
            text: cost.map { one in
                one.map { $0.value.formatted(digits: $0.value < 10 ? 2 : 0) }.joined(separator: " + ") + " s"
            } ?? "?", verdict: .told, sources: cost?.map(\.source) ?? [],
            why: measured.disturbance(name))
        findings[.bytes] = headerFigure.map {
            Finding(text: "\(Int($0.value))", verdict: .told, sources: [$0.source])
        }
        let cpu_us = cost.map { $0.reduce(0) { $0 + $1.value } }
        findings[.share] = share
        findings[.core] = requirements[.requestTime].flatMap { _ in
            cpu_us.flatMap { $0 > 0 ? Finding(text: (1e6 / $0).formatted(digits: 0), verdict: .told) : nil }
        }
        findings[.price] = price(cpu_us)
        return AdvisedStrategy(strategy: name, findings: findings, cpu_us: cpu_us)
    }

    /// Whether a requirement is kept by a figure with an interval, both in its unit.
    private func verdict(_ key: RequirementKey, low: Double, high: Double) -> Finding.Verdict {
        guard let required = requirements[key] else { return .told }
        return high <= required ? .ok : low > required ? .no : .unknown
    }

    private func unknown(_ key: RequirementKey, _ text: String) -> Finding {
        Finding(text: text, verdict: requirements[key] == nil ? .told : .unknown)
    }

    private var p99: Finding {
        guard let check else {
            // A rate and a distance are required, too.
            let keys: [RequirementKey] = [.p99, .requestsPerSecond, .storeRTT]
            return Finding(
                text: measured.whyNoCheck(name),
                verdict: keys.contains { requirements[$0] != nil } ? .unknown : .told,
                why: measured.disturbance(name))
        }
        guard let figure = check.figure("p99_ns") else { return unknown(.p99, "too few samples") }
        let low = check.number("p99_ci95_low_ns") ?? figure.value
        let high = check.number("p99_ci95_high_ns") ?? figure.value
        return Finding(
            text: TextTable.time(UInt64(figure.value)), verdict: verdict(.p99, low: low, high: high),
            least: high,
            sources: [figure.source])
    }

    private func exposure(_ revocation: Revocation, _ key: RequirementKey) -> Finding {
        let rows = measured.rows("exposure.csv", name, where: ["withdrawal": revocation.rawValue])
        guard let row = rows.last else { return unknown(key, Finding.notMeasured) }
        guard row["reason"].isEmpty, let longest = row.figure("max_ms", factor: 1e6) else {
            var finding = unknown(key, "measured without a result")
            finding.why = "measured without a result: \(row["reason"]): measure again"
            return finding
        }
        if row["false_accepts"] != "0" {
            return Finding(text: "wrong", verdict: .no, sources: [longest.source])
        }
        // Of what ends by itself, a longer run would have seen more of the life that is possible.
        let endsByItself = row["revocation"] == "cached" || row["revocation"] == "at-expiry"
        let theory = endsByItself ? row.figure("theory_max_ms", factor: 1e6) : nil
        let most = [longest, theory].compactMap(\.self).max { $0.value < $1.value } ?? longest
        return Finding(
            text: ExposureText.time(most.value / 1e6),
            verdict: verdict(key, low: most.value, high: most.value),
            least: most.value, sources: [most.source])
    }

    /// Whether enough sign-ins came beside the checks, and what those of a day cost.
    private var signIns: Finding? {
        guard let perDay = requirements[.signInsPerDay] else { return nil }
        guard let check else { return Finding(text: measured.whyNoCheck(name), verdict: .unknown) }
        let cost_s = signInCost.map { $0.reduce(0) { $0 + $1.value } * perDay / 1e6 }
        return Finding(
            text: cost_s.map { "\($0.formatted(digits: $0 < 10 ? 2 : 0)) s a day" } ?? "carried",
            verdict: .ok,
            sources: ["\(check.folder.runID), run.json, workload.mix.login"]
                + (signInCost ?? []).map(\.source))
    }

    /// The share of requests that were not decided in time, in the fault in which that was the most.
    private var storeAway: Finding {
        let rows = measured.rows("outage.csv", name).filter { $0["valid"] == "true" }
        let seen = Set(rows.map { $0["fault"] })
        let missing = traits.faultsAway.map(\.rawValue).filter { !seen.contains($0) }
        let worst = rows.compactMap { row in row.figure("decided_share").map { (row["fault"], $0) } }
            .min { ($0.1.value, $0.0) < ($1.1.value, $1.0) }
        guard let (fault, least) = worst else {
            return Finding(text: Finding.notMeasured, verdict: requirements.mustGoOn ? .unknown : .told)
        }
        let isWrong = rows.contains { $0["wrong_accepts"] != "0" }
        let goesOn = least.value >= Self.decidedShare
        let share = (100 * (1 - least.value)).formatted(digits: 0)
        let text = goesOn ? "goes on" : "\(share) % refused or late (\(fault))"
        return Finding(
            text: (isWrong ? "wrong" : text)
                + (missing.isEmpty ? "" : "; not measured: \(missing.joined(separator: ", "))"),
            verdict: isWrong ? .no : requirements.mustGoOn ? (goesOn ? .ok : .no) : .told,
            sources: [least.source])
    }

    /// So many requests are decided in time where an outage touches renewals and sign-ins only.
    private static let decidedShare = 0.9

    private var headerFigure: Reading? {
        let rows = measured.rows("size.csv", name)
        // A credential whose size no profile changes has no claims in it.
        let sizes = Set(rows.map { $0["request_header_bytes"] })
        return rows.last {
            $0["claim_profile"] == "rfc9068"
                && (sizes.count == 1 || $0.claims_bytes >= Int(requirements[.claims] ?? 0))
        }?.figure("request_header_bytes")
    }

    private var header: Finding {
        guard let figure = headerFigure else { return unknown(.headerLimit, Finding.notMeasured) }
        return Finding(
            text: "\(Int(figure.value))",
            verdict: verdict(.headerLimit, low: figure.value, high: figure.value),
            least: figure.value, sources: [figure.source])
    }

    private func byConstruction(_ isRequired: Bool, _ isKept: Bool, _ text: String) -> Finding {
        Finding(
            text: text, verdict: !isRequired ? .told : isKept ? .ok : .no,
            sources: isRequired ? ["by construction"] : [])
    }

    private var minting: Finding {
        byConstruction(
            requirements[.verifiersMayMint] == 0, !traits.verifierCanMint,
            traits.verifierCanMint ? "can" : "cannot")
    }

    private var storesAtHand: Finding {
        let needed = traits.stores.map(\.rawValue).sorted().joined(separator: ", ")
        return byConstruction(
            requirements.stores != nil, traits.stores.isSubset(of: requirements.stores ?? []),
            needed.isEmpty ? "none" : needed)
    }

    private var services: Finding {
        byConstruction(
            requirements[.services] ?? 1 > 1, traits.isShared,
            traits.isShared ? "shared" : "on one machine only")
    }

    /// Seconds of processor time for a million requests and the sign-ins beside them, of the service and of its store.
    private var cost: [Reading]? {
        guard let row = costly, let own = row.cost() else { return nil }
        guard let signIns = requirements.signInsPerSecond, let rate = requirements[.requestsPerSecond],
            rate > 0
        else { return own }
        // Those that the row has in it anyway.
        let more = signIns / rate - row.signInShare
        guard more > 0 else { return own }
        guard let each = signInCost else { return nil }
        return own.indices.map { index in
            var sum = own[index]
            if index < each.count { sum.value += more * each[index].value }
            return sum
        }
    }

    /// Of a whole request, the part for which the check takes its time.
    private var share: Finding? {
        guard let rest_ns = requirements[.requestTime] else { return nil }
        guard let check, let p50 = check.figure("p50_ns") else { return Finding(text: "?", verdict: .told) }
        let share = p50.value / (p50.value + rest_ns)
        return Finding(
            text: "\((share * 100).formatted(digits: share < 0.001 ? 3 : 1)) %", verdict: .told,
            sources: [p50.source])
    }

    private func price(_ cpu_us: Double?) -> Finding? {
        guard let price = requirements[.corePrice], let rate = requirements[.requestsPerSecond], let cpu_us
        else {
            return nil
        }
        let perDay = rate * cpu_us / 1e6 * 24 * price
        return Finding(text: "\(perDay.formatted(digits: 2)) a day", verdict: .told)
    }
}
