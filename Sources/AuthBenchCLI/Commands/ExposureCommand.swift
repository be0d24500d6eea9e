import ArgumentParser
import AuthHarness
import AuthResults
import Foundation

/// `authbench exposure` measures how long revoked credentials are still accepted, prints a table and writes a result
/// folder.
struct ExposureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exposure",
        abstract: "Measures how long a credential still works after it was revoked.",
        discussion: """
            The time says how long somebody with a stolen credential stays in after a logout, or keeps a permission \
            that was taken away. 0 means: not at all. Beside each figure stands what theory expects from the \
            lifetimes of the workload.

            One client revokes credentials of all ages. All other clients present them without pause. Where a \
            credential only ends when it expires, the strategy's clock runs faster: hours pass in seconds.

            EXAMPLES:
              authbench exposure
              authbench exposure services --strategy hybrid --seconds 15
            """)

    @Argument(
        help: "The workload that sets the lifetimes: a built-in one, or the path of a .json file.")
    var workload = "mixed"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many clients take part, from 2 to \(Run.maximumClients): one revokes, all others present credentials (default: as in the workload).",
            valueName: "count"))
    var clients: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How many credentials of each strategy are revoked: half by logout, half by a changed permission.",
            valueName: "count"))
    var credentials = 2000

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many seconds each strategy is measured.", valueName: "seconds"))
    var seconds = 12.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Decides which credential is revoked when; 0 or above (default: as in the workload).",
            valueName: "number"))
    var seed: UInt64?

    @OptionGroup var strategies: StrategyOptions

    @OptionGroup var stores: StoreOptions

    @OptionGroup var distance: DistanceOptions

    @OptionGroup var results: ResultOptions

    func run() throws {
        let outcome = try ExposureExecution(try plan(), credentials: credentials).run()
        if !outcome.exposures.isEmpty {
            try results.show(outcome.exposures, ExposureTable.columns(outcome.identity)) {
                ExposureText.text(outcome.exposures, isColored: Console.isOutputColored)
            }
        }
        results.tell(outcome.folder)
        try outcome.check()
    }

    /// Checks all options, and makes a run of one repeat of them.
    func plan() throws -> RunPlan {
        var workload = try WorkloadSource.load(workload)
        workload.clients = clients ?? workload.clients
        workload.seed = seed ?? workload.seed
        try distance.apply(to: &workload)
        guard 2...Run.maximumClients ~= workload.clients else {
            throw CommandError.usage(
                "--clients is \(workload.clients): give 2 to \(Run.maximumClients), because one revokes and the others present credentials"
            )
        }
        guard 10...100_000 ~= credentials else {
            throw CommandError.usage("--credentials is \(credentials): give 10 to 100000")
        }
        guard (0.5...86_400).contains(seconds) else {
            throw CommandError.usage("--seconds is \(seconds): give 0.5 to 86400")
        }
        // The baseline's credential protects nothing, so there is nothing to revoke.
        let selected = try strategies.selected(
            from: Registry.strategies.filter { $0.descriptor.transport != .none })
        // What serves one request is used up before anybody can see how long it goes on.
        let lasting = selected.filter { !$0.type.isForOneUse(under: $0.policy(workload.policy)) }
        guard !lasting.isEmpty else {
            throw CommandError.usage(
                "--strategy \(strategies.strategy.joined(separator: ", ")): a credential for one use has no exposure to measure; name another strategy"
            )
        }
        return RunPlan(
            workload: workload, strategies: lasting,
            schedule: Schedule(strategies: lasting.count, repeats: 1, seed: workload.seed),
            warmUp: .duration(nanoseconds: 0), extent: .duration(nanoseconds: UInt64(seconds * 1e9)),
            duration_s: seconds, warmUp_s: 0, out: URL(fileURLWithPath: results.out),
            stores: try stores.plan(), isQuiet: results.quiet)
    }
}
