import ArgumentParser
import AuthHarness
import AuthResults
import Foundation

/// `authbench run` measures strategies on one workload, prints a table and writes a result folder.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measures how fast each strategy answers, and whether it decides right.",
        discussion: """
            All strategies get the same requests. Do not use the numbers of a strategy with wrong decisions or \
            errors, or without a valid repeat. The result folder holds all figures as CSV.

            COLUMNS OF THE TABLE:
              store          Where the strategy's store is.
              exposure       Half of the credentials still work this long after logout; ~
                             by theory, which authbench exposure measures.
              CPU µs         Processor time of service and store for one operation.
              trips          How often one operation waits for a store across the network.
              auth p50, p99  Half, or 99 %, of the authentications took at most this.
              resp.          With --rate: the time since the request was due.
              serv.          With --rate: the time since a client took the request.
              lag            With --rate: how late the machine woke idle clients.
              needs          Clients that wait at once when 1000 operations begin in each
                             second: 1000 x the mean time of an operation.
              bytes          Size of the credential.
              ops/s of 8     Operations per second of 8 clients that each wait for their
                             answers. Distance to a store lowers it: no ranking.
              ±              Likely error of ops/s: half of its 95 % interval.
              wrong          Decisions that were wrong: must be 0.
              errs           Requests that got no decision.
              valid          Repeats whose numbers can be used.

            Strategies are sorted by exposure, which no distance to a store changes, then by \
            CPU µs, which it changes far less than the time.

            EXAMPLES:
              authbench run
              authbench run --store-rtt direct,1ms
              authbench run browse --clients 16 --strategy redis --duration 5
              authbench run --rate 5000 --repeats 5
              authbench run --target http://127.0.0.1:8080 --population 10000
              authbench run browse --over-http --strategy redis-session
              authbench run --shard 1/2 --rendezvous redis://store --strategy hs256
            """)

    @OptionGroup var workload: WorkloadOptions

    @OptionGroup var strategies: StrategyOptions

    @OptionGroup var targets: TargetOptions

    @OptionGroup var length: LengthOptions

    @OptionGroup var stores: StoreOptions

    @OptionGroup var distances: DistancesOptions

    @OptionGroup var sharding: ShardOptions

    @OptionGroup var results: ResultOptions

    func run() throws {
        let distances = try distances.distances()
        var plan = try plan()
        try plan.checkRendezvous()
        try TargetProbes.check(plan.strategies, of: plan.workload)
        let served = try serveStrategies(&plan)
        defer { served?.end() }
        let plans = plan.at(distances)
        var (whole, lines, folders) = (RunOutcome(), [Summary](), [URL]())
        for plan in plans where !whole.isBroken {
            let outcome: RunOutcome
            do { outcome = try Execution(plan).run() } catch {
                // What was measured before is shown all the same.
                guard plan.isFurther, let error = error as? CommandError else { throw error }
                whole.failure = error.message
                break
            }
            lines += outcome.lines(plan)
            if let folder = outcome.folder { folders.append(folder) }
            whole.add(outcome)
        }
        lines = Summary.ranked(lines)
        if !lines.isEmpty {
            try results.show(lines, Summary.columns) {
                TextTable.text(lines, isColored: Console.isOutputColored, width: Console.outputColumns)
                    + (plan.adviceOnP99(lines).map { $0 + "\n" } ?? "")
            }
        }
        if !results.quiet { for remark in whole.remarks { Console.say(remark) } }
        if plans.count < distances.count, !results.quiet {
            Console.say(
                "No strategy of this run asks a server, so it was measured once, whatever the distance")
        }
        for folder in folders { results.tell(folder) }
        try whole.check(lines)
    }
}

extension RunCommand {
    /// Starts what is measured over HTTP beside the strategies, and adds it to them.
    private func serveStrategies(_ plan: inout RunPlan) throws -> ServedStrategies? {
        guard targets.overHttp else { return nil }
        guard stores.ownServers.isEmpty, stores.sqlite == nil,
            try distances.distances().isEmpty
        else {
            throw CommandError.usage(
                "--over-http starts servers with stores of their own: leave out --redis, --redis-cluster, --postgres, --sqlite and --store-rtt"
            )
        }
        let served = try ServedStrategies(
            plan.strategies, workload: workload.workload, policy: plan.workload.policy,
            claims: workload.claims.claims)
        plan.strategies += try targets.choices(served, plan.workload)
        plan.schedule = Schedule(
            strategies: plan.strategies.count, repeats: plan.schedule.repeats.count, seed: plan.workload.seed)
        return served
    }

    func plan() throws -> RunPlan {
        var workload = try workload.resolve()
        let servers = try targets.choices(&workload)
        guard servers.isEmpty || strategies.strategy.isEmpty else {
            throw CommandError.usage(
                "--target measures servers, and --strategy strategies in this process: give one")
        }
        let strategies = servers.isEmpty ? try strategies.selected() : servers
        try length.check()
        let distances = try distances.distances()
        if let first = distances.first { workload.storeRTT = first }
        if let operations = length.operations, workload.arrival == .closed, 1..<workload.clients ~= operations
        {
            throw CommandError.usage(
                "--operations is \(operations): give at least \(workload.clients), one for each client")
        }
        var plan = RunPlan(
            workload: workload, strategies: strategies,
            schedule: Schedule(strategies: strategies.count, repeats: length.repeats, seed: workload.seed),
            warmUp: .duration(nanoseconds: UInt64(length.warmUp * 1e9)), extent: try length.extent(),
            duration_s: length.operations == nil ? length.duration ?? 1 : nil, warmUp_s: length.warmUp,
            out: URL(fileURLWithPath: results.out), stores: try stores.plan(), isQuiet: results.quiet)
        plan.shard = try sharding.plan(stores)
        if plan.shard != nil, targets.overHttp || distances.count > 1 {
            throw CommandError.usage(
                "a run of shards measures at one distance, and no server of its own: leave out --over-http, and give one --store-rtt"
            )
        }
        try plan.checkShard()
        return plan
    }
}
