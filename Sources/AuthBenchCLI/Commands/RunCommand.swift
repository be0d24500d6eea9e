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
            """)

    @OptionGroup var workload: WorkloadOptions

    @OptionGroup var strategies: StrategyOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long each repeat measures a strategy (default: 1). A longer time gives p99 more requests.",
            valueName: "seconds"))
    var duration: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Measures this many operations in each repeat instead of a time; all clients share them.",
            valueName: "count"))
    var operations: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long the same load runs before each measurement without being recorded.",
            valueName: "seconds"))
    var warmUp = 0.25

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many times each strategy is measured, in a new random order each time.", valueName: "count"))
    var repeats = 3

    @OptionGroup var stores: StoreOptions

    @OptionGroup var distances: DistancesOptions

    @OptionGroup var results: ResultOptions

    func run() throws {
        let (plan, distances) = (try plan(), try distances.distances())
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
    private static let mostOperations = 100_000_000_000

    func plan() throws -> RunPlan {
        let strategies = try strategies.selected()
        guard 1...10_000 ~= repeats else {
            throw CommandError.usage("--repeats is \(repeats): give 1 to 10000")
        }
        guard (0...RunPlan.longest_s).contains(warmUp) else {
            throw CommandError.usage("--warm-up is \(warmUp): give 0 to 3600 seconds")
        }
        var workload = try workload.resolve()
        if let first = try distances.distances().first { workload.storeRTT = first }
        if let operations, workload.arrival == .closed, 1..<workload.clients ~= operations {
            throw CommandError.usage(
                "--operations is \(operations): give at least \(workload.clients), one for each client")
        }
        return RunPlan(
            workload: workload, strategies: strategies,
            schedule: Schedule(strategies: strategies.count, repeats: repeats, seed: workload.seed),
            warmUp: .duration(nanoseconds: UInt64(warmUp * 1e9)), extent: try extent(),
            duration_s: operations == nil ? duration ?? 1 : nil, warmUp_s: warmUp,
            out: URL(fileURLWithPath: results.out), redis: try stores.endpoint(),
            redisTransport: stores.privateRedis, postgres: try stores.postgresEndpoint(),
            sqlitePath: try stores.databasePath(),
            synchronous: stores.sqliteSynchronous, mmap_bytes: stores.sqliteMmap.bytes, isQuiet: results.quiet
        )
    }

    private func extent() throws -> Extent {
        if let operations {
            guard duration == nil else {
                throw CommandError.usage("--duration and --operations exclude each other: give one of them")
            }
            guard 1...Self.mostOperations ~= operations else {
                throw CommandError.usage("--operations is \(operations): give 1 to \(Self.mostOperations)")
            }
            return .operations(operations)
        }
        let seconds = duration ?? 1
        guard (0.001...RunPlan.longest_s).contains(seconds) else {
            throw CommandError.usage("--duration is \(seconds): give 0.001 to 3600 seconds")
        }
        return .duration(nanoseconds: UInt64(seconds * 1e9))
    }
}
