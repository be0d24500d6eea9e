import ArgumentParser
import AuthConformance
import AuthVerdict
import Foundation

/// `authbench validate`: whether a result folder is what the schema says, and agrees with itself.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Checks a result folder and prints one line for each fault.")

    @Argument(help: "The result folder, results/latest for instance.")
    var folder: String

    func run() throws {
        let validation = Validation(URL(fileURLWithPath: folder))
        guard validation.faults.isEmpty else {
            try Console.output(validation.faults.map { $0 + "\n" }.joined())
            let count = validation.faults.count
            throw CommandError.badData("\(folder) has \(count) \(count == 1 ? "fault" : "faults")")
        }
        let histograms = validation.histogramCount
        Console.say(
            "\(folder) is sound: \(validation.rowCount) rows"
                + (histograms > 0 ? ", \(histograms) histograms" : ""))
    }
}
