import AuthCore
import AuthResults
import Foundation

extension StrategyPlanner {
    /// As many requests as show how users spread over nodes and shards, and the most that are played through.
    private static let (someRequests, mostRequests) = (200_000, 3_000_000)

    /// Plays the fleet through with the trace that was measured, for what no formula has.
    func simulate(_ row: inout PlanTable.Row, _ model: MachineModel, _ traces: inout [String: ReplayedTrace])
    {
        guard row.utilization != nil, let trace = trace(model, &traces) else { return }
        let nodes = FleetSimulation.Tier(row.verifiers)
        let shards = row.shards.map { FleetSimulation.Tier($0) }
        if nodes.members > 1 || shards?.members ?? 1 > 1 {
            var fleet = FleetSimulation(nodes: nodes, store: shards)
            fleet.routing = .sticky
            let outcome = fleet.play(trace.requests(perSecond: row.perSecond, count: Self.someRequests))
            row.stickyImbalance = nodes.members > 1 ? outcome.nodeImbalance : nil
            row.shardImbalance = shards?.members ?? 1 > 1 ? outcome.shardImbalance : nil
        }
        guard let shards, let part = row.shards else { return }
        row.awayRecovery_s = recovery_s(shards, part.utilization, trace, perSecond: row.perSecond)
        row.stampede = stampede(nodes, shards, model, trace, perSecond: row.perSecond)
    }

    /// The trace of the run, its arrivals being random; all strategies of a run have one.
    private func trace(_ model: MachineModel, _ traces: inout [String: ReplayedTrace]) -> ReplayedTrace? {
        let folder = measured.folders.first { $0.runID == model.quiet.runID }
        guard let record = folder?.record else { return nil }
        if let known = traces[record.trace_sha256] { return known }
        var workload = record.workload
        workload.arrival = .open(.poisson, rate: 1000)
        let trace = ReplayedTrace(Trace(workload, lapOperations: Self.someRequests))
        traces[record.trace_sha256] = trace
        return trace
    }

    /// How long after its return a store still has a line, in s: one shard with its part of the requests, all of which wait.
    private func recovery_s(
        _ shards: FleetSimulation.Tier, _ utilization: Double, _ trace: ReplayedTrace, perSecond: Double
    ) -> Double? {
        guard utilization < 1 else { return nil }
        let own = perSecond / Double(shards.members)
        let away_s = request.storeAway_ns / 1e9
        // A line of n requests takes n / (1 - utilization) services, because others come meanwhile.
        let count = own * (away_s / (1 - utilization) * 1.5 + 0.1)
        guard count < Double(Self.mostRequests) else { return nil }
        var shard = shards
        shard.members = 1
        var fleet = FleetSimulation(nodes: .init(members: 1, servers: 1, service_ns: 0), store: shard)
        fleet.away_ns = 0..<request.storeAway_ns
        let end_ns = fleet.play(trace.requests(perSecond: own, count: Int(count) + 1)).backlogEnd_ns
        return end_ns.map { ($0 - request.storeAway_ns) / 1e9 }
    }

    /// What the store is asked while no node has a copy yet, over what it can do.
    private func stampede(
        _ nodes: FleetSimulation.Tier, _ shards: FleetSimulation.Tier, _ model: MachineModel,
        _ trace: ReplayedTrace,
        perSecond: Double
    ) -> Double? {
        guard let text = StrategyParameters.value(of: "cache", in: strategy),
            let cache_ns = TimeText.nanoseconds(text, in: ["ms", "s", "m"]), cache_ns > 0,
            0.0001..<1 ~= model.quiet.trips
        else { return nil }
        var asked = shards
        // Only those that ask have their processor time.
        asked.service_ns /= model.quiet.trips
        var fleet = FleetSimulation(nodes: nodes, store: asked)
        fleet.cache_ns = cache_ns
        let own = trace.requests(perSecond: perSecond, count: Self.someRequests / 10)
        let outcome = fleet.play(own)
        guard let last_ns = own.last?.due_ns, last_ns > 0 else { return nil }
        return Double(outcome.asked) * asked.service_ns / last_ns / Double(shards.members * shards.servers)
    }
}

extension FleetSimulation.Tier {
    fileprivate init(_ part: PlanTable.Part) {
        self.init(members: part.members, servers: part.cores, service_ns: part.cpu_us * 1000)
    }
}
