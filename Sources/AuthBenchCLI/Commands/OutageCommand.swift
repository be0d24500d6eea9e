import ArgumentParser
import AuthCore
import AuthHarness
import AuthResults
import Foundation

/// `authbench outage` measures what each strategy does while its store is away, prints a table and writes a result
/// folder.
struct OutageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outage",
        abstract: "Measures what each strategy does while its store is away.",
        discussion: """
            Requests come at a given rate, whatever happens to the store. After a while the store fails, and some \
            time later it is back. Each fault is done to a server, a file or a way of authbench's own.

            FAULTS OF REDIS, POSTGRESQL AND AN AUTHORITY:
              stop      The server does nothing; its connections stay.
              kill      The server dies and is started again: Redis is empty then,
                        PostgreSQL has what had reached the disk, an authority its file.
              cut       Nothing reaches the server; who waits is told nothing.
              reset     Every connection is broken, and each new one too.
              slow      The server answers late.
            FAULTS OF REDIS AND A REDIS CLUSTER:
              failover  The server dies, and its replica takes its place; of a cluster the
                        master with the most keys, which then comes back as a replica.
            FAULTS OF SQLITE:
              lock      Another program has the lock for writing.
              full      The disk takes no more.

            COLUMNS OF THE TABLE:
              decided, late, undecided
                            What became of the requests that were due meanwhile.
              1st error     When the first request was told that nothing can be decided.
              good again    After the return: when what had failed succeeded again.
              normal again  After the return: when p99 was about as before.
              lost          Good credentials that were refused afterwards.
              came back     Sign-outs that were acknowledged, and did not last.
              wrong         Bad credentials that were accepted: must be 0.

            EXAMPLES:
              authbench outage
              authbench outage --fault kill --strategy redis --rate 1000
              authbench outage --fault failover --wait 1 --late-after 1000ms
              authbench outage --fault failover --strategy cluster-session
            """)

    @OptionGroup var workload: WorkloadOptions

    @OptionGroup var strategies: StrategyOptions

    @Option(
        help: ArgumentHelp(
            "What happens to the store. Repeat the option for several; without it, all that the store can meet happen.",
            valueName: "fault"))
    var fault: [StoreFault] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long all is well at first, from 0.5 s.", valueName: "seconds"))
    var after = 1.0

    @Option(
        name: .customLong("for"), parsing: .unconditional,
        help: ArgumentHelp("How long the store is away.", valueName: "seconds"))
    var away = 3.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long to go on when the store is back, from 1 s.", valueName: "seconds"))
    var recovery = 3.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many times each fault is measured.", valueName: "count"))
    var repeats = 1

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("A decision later than this is late, such as 100ms.", valueName: "time"))
    var lateAfter = "100ms"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How much longer a round trip takes while Redis is slow.", valueName: "time"))
    var slowRtt = "500ms"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long the replica of a failover is behind.", valueName: "time"))
    var replicationDelay = "200ms"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "For how many replicas a sign-out waits in a failover (the command WAIT of Redis): 0 or 1.",
            valueName: "count"))
    var wait = 0

    @OptionGroup var stores: StoreOptions

    @OptionGroup var distance: DistanceOptions

    @OptionGroup var results: ResultOptions

    func run() throws {
        let outcome = try execution().run()
        if !outcome.outages.isEmpty {
            try results.show(outcome.outages, OutageTable.columns(outcome.identity)) {
                OutageText.text(outcome.outages, isColored: Console.isOutputColored)
            }
        }
        results.tell(outcome.folder)
        try outcome.check()
    }
}

extension OutageCommand {
    /// A rate that every strategy keeps up with on any machine.
    private static let usualRate = 500.0
    /// Enough that few credentials are asked for twice, and all can be presented once more in a second.
    private static let usualPopulation = 5000

    /// Checks all options, and makes an execution of them.
    func execution() throws -> OutageExecution {
        for (name, value, range) in [
            ("after", after, 0.5...3600), ("for", away, 0.1...3600), ("recovery", recovery, 1...3600),
        ] where !range.contains(value) {
            throw CommandError.usage("--\(name) is \(value): give \(range.lowerBound) to 3600 seconds")
        }
        guard 1...10_000 ~= repeats else {
            throw CommandError.usage("--repeats is \(repeats): give 1 to 10000")
        }
        guard 0...1 ~= wait else { throw CommandError.usage("--wait is \(wait): give 0 or 1") }
        let delay = try time(replicationDelay, "--replication-delay")
        guard Double(delay.time_ns) < after * 1e9 else {
            throw CommandError.usage(
                "--replication-delay is \(replicationDelay): give less than --after, so that the rate of sign-outs is known"
            )
        }
        let faults = try wanted()
        let plan = try plan(try reached(faults))
        let cases = plan.strategies.enumerated().flatMap {
            index, strategy -> [OutageExecution.Settings.Case] in
            let own = faults.filter(strategy.descriptor.meets)
            return own.isEmpty ? [(index, nil)] : own.map { (index, $0) }
        }
        let settings = OutageExecution.Settings(
            cases: cases, before_s: after, fault_s: away, after_s: recovery,
            limit: try time(lateAfter, "--late-after"),
            severity: .init(
                slowRTT: try time(slowRtt, "--slow-rtt"),
                replicationDelay: delay, replicas: wait))
        return OutageExecution(plan: plan, settings: settings)
    }

    private func time(_ text: String, _ name: String) throws -> StoreRTT {
        try StoreRTT(text) { CommandError.usage("\(name) \($0)") }
    }

    /// The faults that are asked for, in their usual order.
    private func wanted() throws -> [StoreFault] {
        let given = stores.ownServers.first
        let isOwn = given == nil
        if let given, let fault = fault.first(where: \.endsServer) {
            throw CommandError.usage(
                "--fault \(fault.rawValue) with \(given): authbench stops no server of yours; leave \(given) out, or choose cut, reset or slow"
            )
        }
        return StoreFault.allCases.filter { fault.isEmpty ? isOwn || !$0.endsServer : fault.contains($0) }
    }

    /// Those that have no store, or one that a fault happens to.
    private func reached(_ faults: [StoreFault]) throws -> [StrategyChoice] {
        // The baseline decides nothing, and has no store that could fail.
        let selected = try strategies.selected(
            from: Registry.strategies.filter { $0.descriptor.transport != .none })
        let reached = selected.filter { strategy in
            strategy.descriptor.stores.isEmpty || !faults.filter(strategy.descriptor.meets).isEmpty
        }
        guard reached.isEmpty else { return reached }
        throw CommandError.usage(
            "--fault \(faults.map(\.rawValue).joined(separator: ", ")): happens to no store of these strategies: see authbench help outage"
        )
    }

    private func plan(_ strategies: [StrategyChoice]) throws -> RunPlan {
        guard stores.sqlite == nil else {
            throw CommandError.usage(
                "--sqlite: outage locks and fills the database, so it takes one of its own: leave the option out"
            )
        }
        var workload = try workload.resolve()
        try distance.apply(to: &workload)
        // A server is reached through the relay in any case, because that is where it is cut off.
        workload.storeRTT = workload.storeRTT ?? .zero
        if workload.arrival == .closed { workload.arrival = .open(.poisson, rate: Self.usualRate) }
        if self.workload.population == nil {
            workload.population = min(workload.population, Self.usualPopulation)
        }
        workload.requestsInParallel = 1
        let duration_s = after + away + recovery
        return RunPlan(
            workload: workload, strategies: strategies,
            schedule: Schedule(strategies: strategies.count, repeats: repeats, seed: workload.seed),
            warmUp: .duration(nanoseconds: 0), extent: .duration(nanoseconds: UInt64(duration_s * 1e9)),
            duration_s: duration_s, warmUp_s: 0, out: URL(fileURLWithPath: results.out),
            stores: try stores.plan(), isQuiet: results.quiet)
    }
}

extension StoreFault: ExpressibleByArgument {}

extension StrategyDescriptor {
    /// Whether the fault happens to a store of the strategy.
    fileprivate func meets(_ fault: StoreFault) -> Bool {
        !stores.isEmpty && fault.stores.contains(server ?? .sqlite)
    }
}
