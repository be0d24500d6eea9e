import ArgumentParser
import AuthConformance
import AuthResults
import AuthVerdict
import Backends
import Foundation

/// `authbench compare`: what two result folders prove about the difference between them.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compares two result folders of one trace on one machine.",
        discussion: """
            Exits with 0 when the candidate is proved not to be worse, 1 for a regression or a wrong decision, 2 for \
            errors of the candidate, 3 when neither is proved, 4 when the two must not be compared, 5 when \
            there is nothing to compare.
            """)

    @Argument(help: "The result folder that sets the standard.")
    var base: String

    @Argument(help: "The result folder that is judged.")
    var candidate: String

    @Flag(help: "Compares runs of two machines, as advice that fails on wrong decisions only.")
    var allowDifferentMachine = false

    @OptionGroup var verdict: VerdictOptions

    @Option(help: "Writes the comparison to this file instead of stdout, whole or not at all.")
    var out: String?

    func validate() throws {
        guard let out else { return }
        let folder = URL(fileURLWithPath: out).deletingLastPathComponent().path
        var isFolder = false
        guard FileStatus.exists(folder, isFolder: &isFolder), isFolder
        else { throw ValidationError("--out \(out): there is no folder \(folder)") }
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
