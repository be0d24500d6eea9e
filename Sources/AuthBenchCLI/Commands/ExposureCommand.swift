import ArgumentParser
import AuthHarness
import AuthResults
import Foundation

/// `authbench exposure`: measures how long revoked credentials are still accepted, prints a table and writes a
/// result folder.
struct ExposureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exposure",
        abstract: "Measures how long a revoked credential is still accepted, beside what theory says.",
        discussion:
            "One client revokes credentials of all ages, all others present them without pause. Where a credential "
            + "dies at expiry, the strategy's clock runs faster, so that the longest life ends in time.")

    @Argument(
        help: "The workload whose lifetimes count: a built-in one or the path of a .json file.")
    var workload = "mixed"

    @Option(
        parsing: .unconditional,
        help: "One client revokes, all others probe (2 to \(Run.maximumClients)).")
    var clients: Int?

    @Option(
        parsing: .unconditional,
        help:
            "How many credentials of each strategy are revoked: half by logout, half by a permission change."
    )
    var credentials = 2000

    @Option(parsing: .unconditional, help: "Seconds to measure each strategy.")
    var seconds = 8.0

    @Option(parsing: .unconditional, help: "Decides who is revoked when; 0 or above.")
    var seed: UInt64?

    @OptionGroup var strategies: StrategyOptions

    @Option(help: "The folder in which the result folder is made.")
    var out = "results"

    @OptionGroup var stores: StoreOptions

    @Option(help: "What to print on stdout: table, json or csv.")
    var format = RunCommand.Format.table

    @Flag(name: .shortAndLong, help: "No progress and no talk on stderr, only errors.")
    var quiet = false

    func run() throws {
        let outcome = try ExposureExecution(try plan(), credentials: credentials).run()
        if !outcome.exposures.isEmpty { try show(outcome.exposures, outcome.identity) }
        if !quiet, let folder = outcome.folder { Console.say("Results in \(folder.path)") }
        try outcome.check()
    }

    private func show(_ exposures: [ExposureAssessment], _ identity: RunIdentity) throws {
        let columns = ExposureTable.columns(identity)
        let text =
            switch format {
            case .table: ExposureText.text(exposures, isColored: Console.isOutputColored)
            case .json: try JSONRows.text(columns, exposures)
            case .csv: CSV.text(columns, exposures)
            }
        try Console.output(text)
    }

    /// All options checked, as a run of one repeat.
    private func plan() throws -> RunPlan {
        try CommandError.refuseEmpty(out, "--out")
        var workload = try WorkloadSource.load(workload)
        workload.clients = clients ?? workload.clients
        workload.seed = seed ?? workload.seed
        guard 2...Run.maximumClients ~= workload.clients else {
            throw CommandError.usage(
                "--clients is \(workload.clients): from 2 to \(Run.maximumClients), one revokes and the others probe"
            )
        }
        guard 10...100_000 ~= credentials else {
            throw CommandError.usage("--credentials is \(credentials): from 10 to 100000")
        }
        guard (0.5...86_400).contains(seconds) else {
            throw CommandError.usage("--seconds is \(seconds): from 0.5 to 86400")
        }
        // The baseline's credential protects nothing, so that there is nothing to revoke.
        let selected = try strategies.selected(
            from: Registry.strategies.filter { $0.descriptor.transport != .none })
        return RunPlan(
            workload: workload, strategies: selected,
            schedule: Schedule(strategies: selected.count, repeats: 1, seed: workload.seed),
            warmUp: .duration(nanoseconds: 0), extent: .duration(nanoseconds: UInt64(seconds * 1e9)),
            duration_s: seconds, warmUp_s: 0, out: URL(fileURLWithPath: out),
            redis: try stores.endpoint(), redisTransport: stores.privateRedis,
            sqlitePath: try stores.databasePath(),
            synchronous: stores.sqliteSynchronous,
            mmap_bytes: stores.sqliteMmap.bytes, isQuiet: quiet)
    }
}
