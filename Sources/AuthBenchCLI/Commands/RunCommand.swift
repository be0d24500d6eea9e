import ArgumentParser
import AuthResults
import AuthStatistics
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
              auth p50, p99  Half, or 99 %, of the authentications took at most this.
              resp.          With --rate: the time since the request was due.
              serv.          With --rate: the time since a client took the request.
              lag            With --rate: how late the machine woke idle clients.
              ops/s          Operations per second of all clients together.
              ±              Likely error of ops/s: half of its 95 % interval.
              CPU µs         Processor time of authbench for one operation.
              bytes          Size of the credential.
              slower         The fastest strategy does this many times as many ops/s.
              wrong          Decisions that were wrong: must be 0.
              stale          Accepted after logout, as the strategy promises.
              errs           Requests that got no decision.
              valid          Repeats whose numbers can be used.

            EXAMPLES:
              authbench run
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

    @Option(help: ArgumentHelp("Makes the result folder in this folder.", valueName: "folder"))
    var out = "results"

    @OptionGroup var stores: StoreOptions

    @Option(help: "How the table is printed on stdout.")
    var format = Format.table

    @Flag(name: .shortAndLong, help: "Prints only errors on stderr: no progress and no remarks.")
    var quiet = false

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, csv }

    func run() throws {
        let plan = try plan()
        let outcome = try Execution(plan).run()
        let lines = Summary.lines(
            outcome.assessments, costReports: outcome.costReports,
            strategies: plan.strategies.map { $0.descriptor.id },
            baseline: plan.baseline)
        if !lines.isEmpty { try show(lines, plan) }
        if !quiet { for remark in outcome.remarks { Console.say(remark) } }
        if !quiet, let folder = outcome.folder { Console.say("Results in \(folder.path)") }
        try outcome.check(lines)
    }

    private func show(_ lines: [Summary], _ plan: RunPlan) throws {
        let text =
            switch format {
            case .table:
                TextTable.text(
                    lines, isColored: Console.isOutputColored, width: Console.outputColumns)
                    + (plan.adviceOnP99(lines).map { $0 + "\n" } ?? "")
            case .json: try JSONRows.text(Summary.columns, lines)
            case .csv: CSV.text(Summary.columns, lines)
            }
        try Console.output(text)
    }
}

extension RunPlan {
    /// Tells how long to measure for a p99 that the table leaves blank; `nil` when no strategy lacks one.
    ///
    /// The strategy with the fewest samples decides. What it did in this run is taken as its pace, with 5 % to spare.
    func adviceOnP99(_ lines: [Summary]) -> String? {
        let needed = QuantileRule.minimumCount(for: 0.99)
        let lacking = lines.filter { 1..<needed ~= $0.service.count }
        guard let fewest = lacking.min(by: { $0.service.count < $1.service.count }) else { return nil }
        // An interrupted run had fewer repeats than planned.
        let repeats = schedule.repeats.count
        let share = Double(fewest.repeats) / Double(repeats)
        let factor = 1.05 * Double(needed) / Double(fewest.service.count) * share
        let advice: String
        if let duration_s {
            let seconds = max(1, (duration_s * factor).rounded(.up))
            let rest = (seconds / RunCommand.longest_s * Double(repeats)).rounded(.up)
            advice =
                seconds <= RunCommand.longest_s
                ? "--duration \(Int(seconds))"
                : "--duration \(Int(RunCommand.longest_s)) --repeats \(Int(rest))"
        } else {
            advice = "--operations \(Int((Double(extent.operationCount ?? 1) * factor).rounded(.up)))"
        }
        return "p99 needs \(needed) authentications, and \(fewest.strategy) had \(fewest.service.count):"
            + " measure longer, with \(advice)"
    }
}
