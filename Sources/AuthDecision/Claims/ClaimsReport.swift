import AuthResults
import Foundation

/// What result folders say of claims: the same verdicts, whoever reads the same rows.
package struct ClaimsReport {
    package let settled: [(claim: Claim, outcome: Claim.Outcome)]

    package init(_ claims: [Claim], _ evidence: Evidence) {
        settled = claims.map { ($0, $0.outcome(of: evidence)) }
    }

    /// The claims whose verdicts rest on repeats that something disturbed.
    package var disturbed: [String] {
        settled.filter { !$0.outcome.figures.allSatisfy(\.isValid) }.map(\.claim.id)
    }

    package var rows: [ClaimTable.Row] {
        settled.flatMap { claim, outcome in
            func row(_ figure: Figure?) -> ClaimTable.Row {
                ClaimTable.Row(
                    claim: claim.id, statement: claim.statement, verdict: outcome.verdict.description,
                    rule: claim.rule, figure: figure?.name ?? "", unit: figure?.unit ?? "",
                    value: figure?.value, low: figure?.interval.low, high: figure?.interval.high,
                    isValid: figure?.isValid ?? true)
            }
            return outcome.figures.isEmpty ? [row(nil)] : outcome.figures.map(row)
        }
    }

    package var cited: [ClaimTable.Cited] {
        settled.flatMap { claim, outcome in
            outcome.figures.flatMap { figure in
                figure.cells.map { cell in
                    ClaimTable.Cited(
                        claim: claim.id, figure: figure.name, experiment: cell.row.folder.experiment,
                        runID: cell.row.folder.runID, file: cell.row.file, strategy: cell.row.strategy,
                        about: cell.row.about, repeatIndex: cell.row["repeat"], column: cell.column,
                        value: cell.row[cell.column], part: cell.part.rawValue,
                        command: cell.row.folder.command)
                }
            }
        }
    }

    /// For people: each claim, its verdict, what was measured and by which experiments.
    package var text: String {
        settled.map { claim, outcome in
            var lines = ["\(claim.id)  \(claim.statement)", "        \(outcome.verdict)\(mark(outcome))"]
            lines += outcome.figures.map { "          \($0.name): \(FigureText.text($0))" }
            if !claim.rule.isEmpty { lines.append("        rule: \(claim.rule)") }
            let sources = sources(outcome)
            if !sources.isEmpty { lines.append("        rows: \(sources.joined(separator: ", "))") }
            return lines.joined(separator: "\n") + "\n"
        }.joined(separator: "\n")
    }

    /// One table; of a claim with many figures the first three.
    package var markdown: String {
        func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
        var text = "| claim | verdict | figures | experiments |\n| --- | --- | --- | --- |\n"
        for (claim, outcome) in settled {
            let figures = outcome.figures.prefix(3).map { "\($0.name): \(FigureText.text($0))" }
            let columns = [
                "\(claim.id): \(claim.statement)", outcome.verdict.description + mark(outcome),
                figures.joined(separator: "; "), experiments(outcome).joined(separator: ", "),
            ]
            text += "| \(columns.map(cell).joined(separator: " | ")) |\n"
        }
        return text
    }

    package func json() throws -> String {
        let body = settled.map { claim, outcome in
            Body(
                claim: claim.id, statement: claim.statement, verdict: outcome.verdict.description,
                rule: claim.rule,
                figures: JSONRows.objects(
                    ClaimTable.columns, rows.filter { $0.claim == claim.id && !$0.figure.isEmpty }),
                cells: JSONRows.objects(ClaimTable.Cited.columns, cited.filter { $0.claim == claim.id }))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(body), as: UTF8.self) + "\n"
    }

    private struct Body: Encodable {
        var claim: String
        var statement: String
        var verdict: String
        var rule: String
        var figures: [[String: JSONRows.Value]]
        var cells: [[String: JSONRows.Value]]
    }

    private func mark(_ outcome: Claim.Outcome) -> String {
        outcome.figures.allSatisfy(\.isValid) ? "" : " (disturbed rows)"
    }

    private func experiments(_ outcome: Claim.Outcome) -> [String] {
        Set(outcome.figures.flatMap(\.cells).map(\.row.folder.experiment)).sorted()
    }

    private func sources(_ outcome: Claim.Outcome) -> [String] {
        Set(
            outcome.figures.flatMap(\.cells).map {
                "\($0.row.folder.experiment)/\($0.row.folder.runID)/\($0.row.file)"
            }
        ).sorted()
    }
}

/// Figures as people read them.
enum FigureText {
    static func text(_ figure: Figure) -> String {
        let middle = text(figure.value, figure.unit)
        guard figure.interval.low != figure.interval.high else { return middle }
        return
            "\(middle) (\(text(figure.interval.low, figure.unit)) to \(text(figure.interval.high, figure.unit)))"
    }

    static func text(_ value: Double, _ unit: String) -> String {
        switch unit {
        case "ns" where value >= 0: TextTable.time(UInt64(value.rounded()))
        case "ns": "-" + TextTable.time(UInt64(-value.rounded()))
        case "ms" where value == 0: "0"
        case "ms" where value >= 2000: TextTable.duration(value)
        case "ms": TextTable.time(UInt64((value * 1e6).rounded()))
        case "ratio": digits(value)
        case "µs/s": "\(digits(value / 1e6)) processors"
        default: "\(digits(value)) \(unit)"
        }
    }

    private static func digits(_ value: Double) -> String {
        value.formatted(digits: value == value.rounded() || abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : 2)
    }
}

extension Evidence.Row {
    /// Which of the strategy's rows it is.
    var about: String {
        ["operation", "claim_profile", "withdrawal", "requirement", "sessions_per_user"].map { self[$0] }
            .first { !$0.isEmpty }
            ?? ""
    }
}
