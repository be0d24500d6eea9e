import ArgumentParser
import AuthConformance
import AuthVerdict
import Foundation

/// `authbench validate` checks that a result folder follows the schema and agrees with itself.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Checks that a result folder is complete and agrees with itself.",
        discussion: """
            It calculates every figure again from the recorded times, and judges every row again. It prints one \
            line for each fault. The exit status is 65 when there is a fault.

            EXAMPLES:
              authbench validate results/latest
              authbench validate results/latest-exposure
            """)

    @Argument(help: "The result folder, for example results/latest.")
    var folder: String

    func run() throws {
        let validation = Validation(URL(fileURLWithPath: folder))
        guard validation.faults.isEmpty else {
            try Console.output(validation.faults.map { $0 + "\n" }.joined())
            let count = validation.faults.count
            throw CommandError.badData(
                "\(folder) has \(count) \(count == 1 ? "fault" : "faults"): do not use its numbers")
        }
        let histograms = validation.histogramCount
        Console.say(
            "\(folder) is sound: \(validation.rowCount) rows"
                + (histograms > 0 ? ", \(histograms) histograms" : ""))
    }
}
