import ArgumentParser
import AuthConformance
import AuthHarness
import AuthResults
import AuthVerdict
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
        try CommandError.refuseEmpty(out, "--out")
        let merge: Merge
        do { merge = try Merge(folders.map { URL(fileURLWithPath: $0) }) } catch let fault as MergeError {
            guard fault.isIncomparable else { throw CommandError.badData("\(fault)") }
            throw CommandError(status: ExitStatus.incomparable, message: "\(fault)")
        }
        let (made, cleanup) = (MadeFiles(), Cleanup())
        cleanup.note { $0.emptyResult = made }
        let interruption = Interruption(stop: StopFlag(), cleanup: cleanup)
        defer { interruption.end() }
        let folder: URL
        do {
            folder = try merge.write(
                into: URL(fileURLWithPath: out), runID: RunClock.identifier("merged"),
                startedAt: RunClock.timestamp(), commandLine: CommandLine.arguments, noting: made)
        } catch { throw CommandError.badData("--out \(out) cannot be written: \(error.reason)") }
        let rows = SummaryTable.rows(ResultReader(folder).repeatFigures)
        switch format {
        case .csv: try Console.output(CSV.text(SummaryTable.printed, rows))
        case .json: try Console.output(try JSONRows.text(SummaryTable.printed, rows))
        }
        Console.say("Results in \(folder.path)")
    }
}
