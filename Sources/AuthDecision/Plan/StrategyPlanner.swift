import AuthCore
import AuthResults
import AuthStatistics
import Foundation

/// Plans for one strategy.
struct StrategyPlanner {
    let request: FleetRequest
    let measured: Evidence
    let strategy: String
    private let traits: StrategyTraits?
    /// Of the distance that is gone by, without those that decided wrongly.
    private let points: [MeasuredPoint]
    private let elsewhere: [MeasuredPoint]
    private let wrong: UInt64
    private let model: MachineModel?

    init(
        _ request: FleetRequest, _ measured: Evidence, _ strategy: String, _ all: [MeasuredPoint],
        _ traits: StrategyTraits?
    ) {
        (self.request, self.measured) = (request, measured)
        (self.strategy, self.traits) = (strategy, traits)
        wrong = all.reduce(0) { $0 + $1.row.pooled.decisions.wrongDecisions }
        // Where nothing waits for a store, every distance is the same.
        let asked_ns = request.storeRTT_ns ?? 0
        let nearest_ns = all.map { $0.distance_ns ?? 0 }.min { abs($0 - asked_ns) < abs($1 - asked_ns) }
        let here = all.filter { $0.trips == 0 || $0.distance_ns ?? 0 == nearest_ns }
        let there = all.filter { $0.trips > 0 && $0.distance_ns ?? 0 != nearest_ns }
        (points, elsewhere) = (Self.usable(here), Self.usable(there))
        model = MachineModel(points, elsewhere: elsewhere, storeServers: Self.storeServers(traits))
    }

    /// Those that may be used; where none may, all.
    private static func usable(_ points: [MeasuredPoint]) -> [MeasuredPoint] {
        let valid = points.filter(\.row.pooled.isValid)
        return valid.isEmpty ? points : valid
    }

    /// Redis carries out commands in one thread; others use all processors of their machine.
    private static func storeServers(_ traits: StrategyTraits?) -> Int? {
        traits?.server == .redis ? 1 : nil
    }

    var checks: [PlanCheck] {
        guard wrong == 0 else { return [] }
        return points.compactMap { point in
            let others = points.filter { other in
                // Where clients wait for a moment, each is woken for its request: that is another load.
                guard (other.row.response == nil) == (point.row.response == nil) else { return false }
                // A rate is predicted upwards, as it was validated; a p99 between other rates.
                return point.row.response == nil
                    ? other.perSecond < point.perSecond : other.runID != point.runID
            }
            return MachineModel(others, elsewhere: elsewhere, storeServers: Self.storeServers(traits))
                .flatMap { PlanCheck(of: point, by: $0) }
        }
    }

    func row(checks: [PlanCheck], _ traces: inout [String: ReplayedTrace]) -> PlanTable.Row {
        var row = PlanTable.Row(
            strategy: strategy, perSecond: request.perSecond, storeRTT_ns: request.storeRTT_ns,
            store: server?.rawValue ?? traits?.stores.first?.rawValue ?? "none",
            isValid: points.allSatisfy { $0.row.pooled.isValid },
            runs: (points + elsewhere).map(\.runID))
        guard wrong == 0 else {
            (row.isValid, row.isWrong) = (false, true)
            row.reason = "\(wrong) wrong decisions: its rows must not be used"
            return row
        }
        guard let model else {
            row.reason = "nothing was measured"
            return row
        }
        row.reason = row.isValid ? "" : points.lazy.map(\.row.reason).first { !$0.isEmpty } ?? ""
        addExposure(&row)
        size(&row, model)
        row.machinePerSecond = model.capacity(p99_ns: request.p99_ns, clients: clients)
        row.seenRateError = checks.compactMap(\.rateError).map(abs).max()
        row.seenP99Error = checks.compactMap(\.p99Error).map(abs).max()
        let validated = Validation.of(points, server)
        row.outside = Validation.doubt(validated, row, beyond: beyond(row, model))
        if row.outside.isEmpty {
            (row.statedRateError, row.statedP99Error) = (validated?.rateError, validated?.p99Error)
        }
        simulate(&row, model, &traces)
        return row
    }

    private var server: Store? { traits?.server }
    private var clients: Int { points.compactMap { $0.row.clients.map { Int($0) } }.max() ?? 1 }

    // MARK: The fleet

    /// The machines that a rate needs.
    private struct Fleet {
        var verifiers: PlanTable.Part
        var shards: PlanTable.Part?
    }

    private func size(_ row: inout PlanTable.Row, _ model: MachineModel) {
        guard let utilization = utilization(model) else {
            row.reason =
                request.utilization == nil
                ? "p99 is above what is asked, even without load" : "p99 is above what is asked at this load"
            return
        }
        let fleet = fleet(model, utilization)
        row.utilization = utilization
        (row.verifiers, row.shards) = (fleet.verifiers, fleet.shards)
        if model.quiet.times.supported_ns(0.99) != nil {
            let responses = responses(model, fleet)
            (row.p50_ns, row.p99_ns) = (responses.quantile(0.5), responses.quantile(0.99))
        }
        if server != nil { row.connections = request.perSecond * meanResponse_ns(model, fleet) / 1e9 }
        row.header_bytes = points.last?.row.header_bytes.map { Double($0) }
        let storeWork_us = fleet.shards?.cpu_us ?? 0
        row.limit =
            traits?.isShared == false
            ? "one machine"
            : utilization < usualUtilization
                ? "p99" : storeWork_us > fleet.verifiers.cpu_us ? "store" : "verifiers"
        row.extrapolated = extrapolations(row, model)
    }

    private var usualUtilization: Double { request.utilization ?? FleetRequest.usualUtilization }

    /// The share of the time for which cores may work: the usual one, or less where only that keeps the p99.
    private func utilization(_ model: MachineModel) -> Double? {
        guard let p99_ns = request.p99_ns else { return usualUtilization }
        var percent = Int((100 * usualUtilization).rounded())
        while percent > 0 {
            let share = Double(percent) / 100
            if responses(model, fleet(model, share)).quantile(0.99) <= p99_ns { return share }
            if request.utilization != nil { return nil }
            percent -= 1
        }
        return nil
    }

    private func fleet(_ model: MachineModel, _ utilization: Double) -> Fleet {
        let nodeCores = request.nodeCores ?? Int(model.cores.rounded(.up))
        var verifiers = part(model.verifier, servers: nodeCores, utilization)
        if traits?.isShared == false {
            // No other machine could reach the store.
            verifiers = .init(
                cpu_us: verifiers.cpu_us, members: 1, cores: verifiers.members * verifiers.cores,
                perSecond: request.perSecond)
        }
        let shards =
            server == nil ? nil : model.store.map { part($0, servers: model.storeServers, utilization) }
        return Fleet(verifiers: verifiers, shards: shards)
    }

    /// As many members as a rate needs, and what a request costs each of them.
    private func part(_ curve: LoadCurve, servers: Int, _ utilization: Double) -> PlanTable.Part {
        let each = curve.perSecond(at: utilization * Double(servers))
        let members = max(1, (request.perSecond / each).rounded(.up))
        let cpu_us = curve.each_us(at: request.perSecond / members)
        return .init(cpu_us: cpu_us, members: Int(members), cores: servers, perSecond: request.perSecond)
    }

    /// Where requests wait in a fleet, one after the other.
    private func stations(_ model: MachineModel, _ fleet: Fleet) -> [Station] {
        func line(_ part: PlanTable.Part, _ variability: Double) -> Station {
            Station(
                servers: part.cores, utilization: part.utilization, mean: part.cpu_us * 1000,
                variability: variability)
        }
        return [line(fleet.verifiers, model.variability)] + (fleet.shards.map { [line($0, 1)] } ?? [])
    }

    private func responses(_ model: MachineModel, _ fleet: Fleet) -> ResponseTimes {
        ResponseTimes(model.times(movedBy: moved_ns(model)), waitingAt: stations(model, fleet))
    }

    private func meanResponse_ns(_ model: MachineModel, _ fleet: Fleet) -> Double {
        stations(model, fleet).reduce((model.quiet.mean_ns ?? 0) + moved_ns(model) * model.quiet.trips) {
            $0 + $1.meanWait
        }
    }

    /// How much farther away the store is to be than it was.
    private func moved_ns(_ model: MachineModel) -> Double {
        request.storeRTT_ns.map { $0 - (model.quiet.distance_ns ?? 0) } ?? 0
    }

    // MARK: What is no measurement

    private func extrapolations(_ row: PlanTable.Row, _ model: MachineModel) -> [String] {
        var list: [String] = []
        let most = points.map(\.perSecond).max() ?? 0
        if request.perSecond > most {
            list.append(
                "rate: \(Self.times(request.perSecond / most)) times the \(most.formatted(digits: 0)) per second that were measured"
            )
        }
        if row.verifiers.members > 1 {
            list.append("verifiers: \(row.verifiers.members), and one was measured")
        }
        if let shards = row.shards?.members, shards > 1 {
            list.append("shards: \(shards), and one was measured")
        }
        if Double(row.verifiers.cores) > model.cores {
            list.append(
                "cores: \(row.verifiers.cores) in one machine, and \(model.cores.formatted(digits: 0)) were measured"
            )
        }
        for load in loads(row, model) where load.ratio > Self.mostBeyond {
            list.append(
                "\(load.name) load: \(load.each.formatted(digits: 0)) per second of each, \(Self.times(load.ratio)) times what was measured"
            )
        }
        if abs(moved_ns(model)) > 0, model.quiet.trips > 0 {
            let from = TextTable.time(UInt64(model.quiet.distance_ns ?? 0))
            list.append("distance: measured \(model.quiet.distance_ns == nil ? "next door" : "at \(from)")")
        }
        if row.exposureSource == "theory" { list.append("exposure: by theory") }
        return list
    }

    /// What each verifier and each shard carries, over the highest rate that was measured; where requests wait for no store,
    /// over what the measured machine's cores carry.
    private func loads(
        _ row: PlanTable.Row, _ model: MachineModel
    ) -> [(name: String, each: Double, ratio: Double)] {
        let parts =
            [("verifier", row.verifiers, model.verifier)]
            + (row.shards.flatMap { part in model.store.map { [("store", part, $0)] } } ?? [])
        return parts.map { name, part, curve in
            let each = row.perSecond / Double(max(1, part.members))
            let most = model.quiet.trips == 0 ? max(curve.most, model.perSecond(at: 1)) : curve.most
            return (name, each, each / most)
        }
    }

    private func beyond(_ row: PlanTable.Row, _ model: MachineModel) -> Double {
        row.utilization == nil ? 0 : loads(row, model).map(\.ratio).max() ?? 0
    }

    /// Measured within so much of it.
    private static let mostBeyond = 1.05

    private static func times(_ ratio: Double) -> String { ratio.formatted(digits: ratio < 10 ? 1 : 0) }

    private func addExposure(_ row: inout PlanTable.Row) {
        let rows = measured.rows(
            "exposure.csv", strategy, where: ["withdrawal": Revocation.logout.rawValue])
        if let seen = rows.last, seen["reason"].isEmpty, let max_ms = seen.number("max_ms") {
            (row.exposureP50_ms, row.exposureMax_ms) = (seen.number("p50_ms"), max_ms)
            row.exposureSource = "measured"
        } else if let size = measured.rows("size.csv", strategy).last,
            let max_ms = size.number("exposure_theory_max_ms")
        {
            (row.exposureP50_ms, row.exposureMax_ms) = (size.number("exposure_theory_p50_ms"), max_ms)
            row.exposureSource = "theory"
        }
    }
}
