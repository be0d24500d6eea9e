import ArgumentParser
import AuthConformance
import AuthResults
import AuthVerdict
import Backends
import Foundation

/// `authbench compare` tells what two result folders prove about the difference between them.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Tells whether a second run is slower than a first one.",
        discussion: """
            Both runs must have the same requests, settings and machine. A proof takes 9 to 11 repeats in each \
            run. Two separate runs prove less than authbench gate, which measures two builds in turns.

            The exit status is 0 when the candidate is proved not to be worse, 1 for a proved regression or a wrong \
            decision, 2 for errors of the candidate, 3 when neither is proved, 4 when the two cannot be compared, \
            and 5 when they have nothing in common.

            EXAMPLES:
              authbench compare results/before results/after
              authbench compare results/before results/after --format markdown
            """)

    @Argument(help: "The result folder of the run before the change.")
    var base: String

    @Argument(help: "The result folder of the run with the change, which is judged.")
    var candidate: String

    @Flag(help: "Compares runs of two machines. The verdict is advice: only wrong decisions fail.")
    var allowDifferentMachine = false

    @OptionGroup var verdict: VerdictOptions

    @Option(help: ArgumentHelp("Writes the comparison to this file instead of stdout.", valueName: "file"))
    var out: String?

    func validate() throws {
        guard let out else { return }
        let folder = URL(fileURLWithPath: out).deletingLastPathComponent().path
        var isFolder = false
        guard FileStatus.exists(folder, isFolder: &isFolder), isFolder
        else { throw ValidationError("--out \(out): the folder \(folder) does not exist: make it first") }
    }

    func run() throws {
        if let out { try CommandError.refuseEmpty(out, "--out") }
        let comparison: Comparison
        do {
            comparison = try Comparison(
                base: URL(fileURLWithPath: base), head: URL(fileURLWithPath: candidate),
                baseline: Registry.baseline,
                allowsOtherMachine: allowDifferentMachine)
        } catch let fault as ResultError { throw CommandError.badData("\(fault)") }
        try verdict.deliver(comparison.report(), to: out)
    }
}
