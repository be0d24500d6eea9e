import ArgumentParser
import AuthResults
import AuthVerdict
import Backends
import Foundation

/// Holds the options that say how a comparison is shown, and what its verdict means for the exit status.
struct VerdictOptions: ParsableArguments {
    @Option(help: "How the comparison is printed.")
    var format = VerdictFormat.table

    @Option(
        help: ArgumentHelp(
            "The exit status when nothing is proved: 3 (keep), 1 (fail) or 0 (pass).", valueName: "what"))
    var inconclusive = Inconclusive.keep

    enum Inconclusive: String, ExpressibleByArgument, CaseIterable { case keep, fail, pass }

    /// Shows a comparison, and throws unless its exit status is 0.
    ///
    /// - Parameters:
    ///   - report: the comparison.
    ///   - file: the file to write, whole or not at all; `nil` for stdout.
    /// - Throws: `CommandError` with the status and the first reason.
    func deliver(_ report: VerdictReport, to file: String? = nil) throws {
        let text = try format.text(report, isColored: file == nil && Console.isOutputColored)
        if let file {
            try Console.output(text, to: file)
        } else {
            try Console.output(text)
        }
        let status = status(of: report.verdict)
        guard status != ExitStatus.success else { return }
        let reasons = report.reasons
        let rest = reasons.count > 1 ? "; and \(reasons.count - 1) more" : ""
        throw CommandError(
            status: status,
            message: "\(report.verdict.rawValue): \(reasons.first ?? "no reason given")\(rest)")
    }

    func status(of verdict: VerdictReport.Verdict) -> Int32 {
        guard verdict == .inconclusive else { return verdict.exitStatus }
        return switch inconclusive {
        case .keep: ExitStatus.notValid
        case .fail: ExitStatus.negative
        case .pass: ExitStatus.success
        }
    }
}

extension VerdictFormat: ExpressibleByArgument {}

extension VerdictReport.Verdict {
    /// The exit status, as in the table of docs/ci.md.
    var exitStatus: Int32 {
        switch self {
        case .pass, .advisory: ExitStatus.success
        case .regression, .wrong: ExitStatus.negative
        case .error: ExitStatus.runtime
        case .inconclusive: ExitStatus.notValid
        case .incomparable: ExitStatus.incomparable
        case .nothing: ExitStatus.nothingMeasured
        }
    }
}

/// How a table is printed.
enum TableFormat: String, ExpressibleByArgument, CaseIterable { case table, json, csv }

/// Holds the arguments that say where the results go and what is shown of them.
struct ResultOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Makes the result folder in this folder.", valueName: "folder"))
    var out = "results"

    @Option(help: "How the table is printed on stdout.")
    var format = TableFormat.table

    @Flag(name: .shortAndLong, help: "Prints only errors on stderr: no progress and no remarks.")
    var quiet = false

    func validate() throws { try CommandError.refuseEmpty(out, "--out") }

    /// Prints rows on stdout, as the chosen table of columns or as the text for people.
    func show<Row>(_ rows: [Row], _ columns: [Column<Row>], text: () -> String) throws {
        let whole =
            switch format {
            case .table: text()
            case .json: try JSONRows.text(columns, rows)
            case .csv: CSV.text(columns, rows)
            }
        try Console.output(whole)
    }

    /// Says where the results are.
    func tell(_ folder: URL?) {
        if !quiet, let folder { Console.say("Results in \(folder.path)") }
    }
}
