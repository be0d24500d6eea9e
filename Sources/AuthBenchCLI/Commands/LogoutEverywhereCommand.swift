import ArgumentParser
import AuthCore
import AuthHarness
import AuthResults
import Foundation

/// `authbench logout-everywhere` measures what it takes to end all sessions of a user, prints a table and writes a result
/// folder.
struct LogoutEverywhereCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout-everywhere",
        abstract: "Measures what it takes to end all sessions of a user, and what others feel of it.",
        discussion: """
            Other users send requests at a fixed rate, whatever happens. In turns nobody is logged out, or one user \
            after the other is logged out everywhere. Every session is presented before and afterwards, on two \
            clients. Where a decision is wrong, the exit status is 1.

            COLUMNS OF THE TABLE:
              sessions       How many sessions each user has.
              logout p50     Half of the users were logged out everywhere in this time.
              ±              How far the 95 % interval goes above the figure before it.
              commands       Commands or statements to the store, for one user.
              p99 quiet      99 of 100 requests of others are answered in this time.
              p99 meanwhile  The same while users are logged out.
              ratio          The second over the first.

            EXAMPLES:
              authbench logout-everywhere
              authbench logout-everywhere --strategy redis --sessions 1,100,10000
              authbench logout-everywhere --store-rtt 1ms --rate 2000 --every 500ms
            """)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many sessions each user has: several numbers with commas between them.", valueName: "counts")
    )
    var sessions = "1,10,1000"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many users are logged out in each turn, from 6.", valueName: "count"))
    var users = 10

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How often a user is logged out, such as 50ms. A turn lasts as many of these times as there are users.",
            valueName: "time"))
    var every = "50ms"

    @Flag(
        help:
            "Logs out users who have just signed in for the first time, of whom a store may know less. Without it, each has signed in before."
    )
    var newcomers = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many times each turn is measured.", valueName: "count"))
    var repeats = 5

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many requests per second of other users are due, spaced at random.", valueName: "per-second")
    )
    var rate = 20_000.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many clients send requests of other users, from 1 to \(Run.maximumClients - 2).",
            valueName: "count"))
    var clients = 4

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Decides the requests and the order of the strategies; 0 or above.", valueName: "number"))
    var seed: UInt64 = 1

    @OptionGroup var strategies: StrategyOptions

    @OptionGroup var stores: StoreOptions

    @OptionGroup var distance: DistanceOptions

    @OptionGroup var results: ResultOptions

    func run() throws {
        let outcome = try execution().run()
        if !outcome.turns.isEmpty {
            try results.show(outcome.turns, LogoutEverywhereTable.columns(outcome.identity)) {
                LogoutEverywhereText.text(outcome.turns, isColored: Console.isOutputColored)
            }
        }
        results.tell(outcome.folder)
        try outcome.check()
    }

    /// How many users have sessions beside those who are logged out: enough that no request finds its session in a cache of
    /// the processor by chance.
    private static let otherUsers = 2000
    /// What a client holds in memory at once.
    private static let mostSessions = 1_000_000

    /// Checks all options, and makes an execution of them.
    func execution() throws -> LogoutEverywhereExecution {
        let counts = try sessionCounts()
        guard 6...10_000 ~= users else {
            throw CommandError.usage("--users is \(users): give 6 to 10000, because a median needs six")
        }
        guard let most = counts.max(), most <= Self.mostSessions / users else {
            throw CommandError.usage(
                "--sessions \(sessions) of \(users) users are more than \(Self.mostSessions) at once: give fewer of either"
            )
        }
        let every = try StoreRTT(every) { CommandError.usage("--every \($0)") }
        guard every.time_ns >= 1_000_000 else {
            throw CommandError.usage("--every is \"\(self.every)\": give at least 1ms")
        }
        guard 1...10_000 ~= repeats else {
            throw CommandError.usage("--repeats is \(repeats): give 1 to 10000")
        }
        guard 1...Run.maximumClients - 2 ~= clients else {
            throw CommandError.usage("--clients is \(clients): give 1 to \(Run.maximumClients - 2)")
        }
        var workload = Workload.only(.authenticate, clients: clients, population: Self.otherUsers)
        workload.name = "logout-everywhere"
        workload.summary = "Requests of other users while one after the other is logged out everywhere."
        workload.seed = seed
        guard Arrival.rates.contains(rate) else {
            throw CommandError.usage("--rate is \(rate): give 0.01 to 100000000 per second")
        }
        workload.arrival = .open(.poisson, rate: rate)
        try distance.apply(to: &workload)
        let plan = LogoutEverywherePlan(
            sessions: counts, users: users, every_ns: every.time_ns, areNewcomers: newcomers)
        return LogoutEverywhereExecution(plan: try runPlan(workload, plan), logouts: plan)
    }

    private func sessionCounts() throws -> [Int] {
        var counts: [Int] = []
        for text in sessions.split(separator: ",", omittingEmptySubsequences: false) {
            guard let count = Int(text), count > 0, !counts.contains(count) else {
                throw CommandError.usage(
                    "--sessions is \"\(sessions.printable)\": give numbers from 1, each once, such as 1,10,1000"
                )
            }
            counts.append(count)
        }
        return counts
    }

    private func chosen() throws -> [StrategyChoice] {
        // The baseline's credential protects nothing, so there is nothing to end.
        let known = Registry.strategies.filter { $0.descriptor.transport != .none }
        guard strategies.strategy.isEmpty else { return try strategies.selected(from: known) }
        var own = strategies
        own.strategy = [StrategySet.sessions.rawValue, StrategySet.revocable.rawValue]
        return try own.selected(from: known).filter { !$0.type.isForOneUse(under: $0.policy(Policy())) }
    }

    private func runPlan(_ workload: Workload, _ plan: LogoutEverywherePlan) throws -> RunPlan {
        let chosen = try chosen()
        return RunPlan(
            workload: workload, strategies: chosen,
            schedule: Schedule(strategies: chosen.count, repeats: repeats, seed: workload.seed),
            warmUp: .duration(nanoseconds: 0), extent: .duration(nanoseconds: plan.turn_ns),
            duration_s: Double(plan.turn_ns) / 1e9, warmUp_s: 0, out: URL(fileURLWithPath: results.out),
            stores: try stores.plan(), isQuiet: results.quiet)
    }
}
