import ArgumentParser
import AuthHarness
import AuthReport
import Backends
import Foundation

/// `authbench merge`: several runs of one trace as one result folder, nothing lost.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Merges result folders of one trace on one machine, and prints the figures of the whole.")

    @Argument(help: "Two result folders or more.")
    var folders: [String]

    @Option(help: "The folder in which the merged result folder is made.")
    var out = "results"

    @Option(help: "What to print on stdout: csv or json.")
    var format = Format.csv

    enum Format: String, ExpressibleByArgument, CaseIterable { case csv, json }

    func validate() throws {
        guard folders.count >= 2 else { throw ValidationError("merge needs two folders or more") }
    }

    func run() throws {
        try Fault.refuseEmpty(out, "--out")
        let merge: Merge
        do { merge = try Merge(folders.map { URL(fileURLWithPath: $0) }) } catch let fault as MergeFault {
            guard fault.isIncomparable else { throw Fault.badData("\(fault)") }
            throw Fault(status: ExitStatus.incomparable, message: "\(fault)")
        }
        let (made, leftovers) = (MadeFiles(), Leftovers())
        leftovers.note { $0.emptyResult = made }
        let interruption = Interruption(stop: StopFlag(), leftovers: leftovers)
        defer { interruption.end() }
        let folder: URL
        do {
            folder = try merge.write(
                into: URL(fileURLWithPath: out), runID: RunClock.identifier("merged"),
                startedAt: RunClock.timestamp(), commandLine: CommandLine.arguments, noting: made)
        } catch { throw Fault.badData("--out \(out) cannot be written: \(error.reason)") }
        let rows = SummaryTable.rows(ResultReader(folder).repeatFigures)
        switch format {
        case .csv: try Console.output(CSV.text(SummaryTable.printed, rows))
        case .json: try Console.output(try JSONRows.text(SummaryTable.printed, rows))
        }
        Console.say("Results in \(folder.path)")
    }
}
