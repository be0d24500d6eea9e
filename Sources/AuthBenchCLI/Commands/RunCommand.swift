import ArgumentParser
import AuthResults
import Foundation

/// `authbench run`: measures strategies on one workload, prints a table and writes a result folder.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Measures strategies on one workload and writes a result folder.")

    @OptionGroup var workload: WorkloadOptions

    @OptionGroup var strategies: StrategyOptions

    @Option(parsing: .unconditional, help: "Seconds to measure each strategy in each repeat (default: 1).")
    var duration: Double?

    @Option(
        parsing: .unconditional, help: "Operations of all clients together to measure instead of a duration.")
    var operations: Int?

    @Option(parsing: .unconditional, help: "Seconds of the same load before each measurement, not recorded.")
    var warmUp = 0.25

    @Option(
        parsing: .unconditional,
        help: "How often each strategy is measured; the order is drawn anew each time.")
    var repeats = 3

    @Option(help: "The folder in which the result folder is made.")
    var out = "results"

    @OptionGroup var stores: StoreOptions

    @Option(help: "What to print on stdout: table, json or csv.")
    var format = Format.table

    @Flag(name: .shortAndLong, help: "No progress and no talk on stderr, only errors.")
    var quiet = false

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, json, csv }

    func run() throws {
        let plan = try plan()
        let outcome = try Execution(plan).run()
        let lines = Summary.lines(
            outcome.assessments, costReports: outcome.costReports,
            strategies: plan.strategies.map { $0.descriptor.id },
            baseline: plan.baseline)
        if !lines.isEmpty { try show(lines) }
        if !quiet { for remark in outcome.remarks { Console.say(remark) } }
        if !quiet, let folder = outcome.folder { Console.say("Results in \(folder.path)") }
        try outcome.check(lines)
    }

    private func show(_ lines: [Summary]) throws {
        let text =
            switch format {
            case .table:
                TextTable.text(
                    lines, isColored: Console.isOutputColored, width: Console.outputColumns)
            case .json: try JSONRows.text(Summary.columns, lines)
            case .csv: CSV.text(Summary.columns, lines)
            }
        try Console.output(text)
    }
}
