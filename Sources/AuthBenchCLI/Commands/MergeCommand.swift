import ArgumentParser
import AuthConformance
import AuthHarness
import AuthResults
import AuthVerdict
import Backends
import Foundation

/// `authbench merge` makes one result folder of several runs of one trace, and loses no measured time.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Combines several runs into one result folder, and prints the figures of all together.",
        discussion: """
            The runs must have the same requests, settings and machine. More repeats make p99 and the intervals \
            surer.

            With --shards the folders are the shards of one run (run --shard): their operations and rates are added, \
            and quantiles come from all their times together.

            EXAMPLES:
              authbench merge results/monday results/tuesday
              authbench merge --shards shard-1/latest shard-2/latest
              authbench merge results/monday results/tuesday --out merged --format json
            """)

    @Argument(help: "Two or more result folders.")
    var folders: [String]

    @Flag(help: "The folders are all the shards of one run, measured together.")
    var shards = false

    @Option(help: ArgumentHelp("Makes the merged result folder in this folder.", valueName: "folder"))
    var out = "results"

    @Option(help: "How the figures are printed on stdout.")
    var format = Format.csv

    enum Format: String, ExpressibleByArgument, CaseIterable { case csv, json }

    func validate() throws {
        guard folders.count >= (shards ? 1 : 2) else {
            throw ValidationError("merge needs at least two folders: name two result folders")
        }
    }

    func run() throws {
        try CommandError.refuseEmpty(out, "--out")
        let kind: any FolderMerge.Type = shards ? ShardMerge.self : Merge.self
        let merge: any FolderMerge
        do { merge = try kind.init(folders.map { URL(fileURLWithPath: $0) }) } catch let fault as MergeError {
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
