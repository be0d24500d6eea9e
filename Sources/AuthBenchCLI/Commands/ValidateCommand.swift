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
              authbench validate results/latest-sweep
            """)

    @Argument(help: "The result folder, for example results/latest.")
    var folder: String

    func run() throws {
        let url = URL(fileURLWithPath: folder)
        if SeriesValidation.applies(to: url) {
            let validation = SeriesValidation(url)
            return try report(validation.faults, validation.rowCount, validation.histogramCount)
        }
        let validation = Validation(url)
        try report(validation.faults, validation.rowCount, validation.histogramCount)
    }

    private func report(_ faults: [String], _ rows: Int, _ histograms: Int) throws {
        guard faults.isEmpty else {
            try Console.output(faults.map { $0 + "\n" }.joined())
            let count = faults.count
            throw CommandError.badData(
                "\(folder) has \(count) \(count == 1 ? "fault" : "faults"): do not use its numbers")
        }
        Console.say(
            "\(folder) is sound: \(rows) rows"
                + (histograms > 0 ? ", \(histograms) histograms" : ""))
    }
}
