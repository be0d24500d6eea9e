import ArgumentParser
import AuthReport
import Backends
import Foundation

/// How a comparison is shown, and what its verdict means for the exit status.
struct VerdictOptions: ParsableArguments {
    @Option(help: "table, markdown, json, junit or csv.")
    var format = VerdictFormat.table

    @Option(help: "Writes the comparison to this file instead of stdout, whole or not at all.")
    var out: String?

    @Option(help: "What an inconclusive comparison is: keep (status 3), fail (1) or pass (0).")
    var inconclusive = Inconclusive.keep

    enum Inconclusive: String, ExpressibleByArgument, CaseIterable { case keep, fail, pass }

    func validate() throws {
        guard let out else { return }
        let folder = URL(fileURLWithPath: out).deletingLastPathComponent().path
        var isFolder = false
        guard FileStatus.exists(folder, isFolder: &isFolder), isFolder
        else { throw ValidationError("--out \(out): there is no folder \(folder)") }
    }

    /// Shows a comparison, and throws unless its exit status is 0.
    func deliver(_ report: VerdictReport) throws {
        let isColored = out == nil && Console.isOutputColored
        let text = try format.text(report, isColored: isColored)
        if let out {
            do { try Data(text.utf8).write(to: URL(fileURLWithPath: out), options: .atomic) } catch {
                throw Fault.badData("--out \(out) cannot be written: \(error.reason)")
            }
        } else {
            try Console.output(text)
        }
        let status = status(of: report.verdict)
        guard status != ExitStatus.success else { return }
        let reasons = report.reasons
        let rest = reasons.count > 1 ? "; and \(reasons.count - 1) more" : ""
        throw Fault(
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
    /// As the README's table has it.
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
