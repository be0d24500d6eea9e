/// A comparison for the summary of a pull request: the verdict, what matters in a table, the rest folded.
package enum VerdictMarkdown {
    package static func text(_ report: VerdictReport) -> String {
        var text = "## \(report.verdict.sign) \(escaped(report.title)): \(report.verdict.rawValue)\n\n"
        text += "\(code(report.base)) → \(code(report.head))"
        text += (report.counts.isEmpty ? "" : ": \(report.counts)") + "\n\n"
        for reason in report.reasons { text += "- \(escaped(reason))\n" }
        if !report.reasons.isEmpty { text += "\n" }
        let grave: [VerdictRow.Verdict] = [.wrong, .regression, .inconclusive, .improvement]
        text += table(report.rows.filter { grave.contains($0.verdict) })
        let rest = report.rows.filter { !grave.contains($0.verdict) }
        if !rest.isEmpty {
            text += "<details><summary>\(rest.count) more rows</summary>\n\n\(table(rest))</details>\n\n"
        }
        for note in report.notes { text += "- \(escaped(note.name)): \(escaped(note.value))\n" }
        return text
    }

    private static let titles = [
        "verdict", "strategy", "operation", "metric", "clients", "base", "head", "change", "95 %", "MDE", "n",
        "why",
    ]

    private static func table(_ rows: [VerdictRow]) -> String {
        guard !rows.isEmpty else { return "" }
        let rule = titles.map { ["base", "head", "change", "MDE", "n"].contains($0) ? "--:" : "---" }
        let lines = rows.map { row in cells(row).map(escaped) }
        return ([titles, rule] + lines).map { "| \($0.joined(separator: " | ")) |\n" }.joined() + "\n"
    }

    private static func cells(_ row: VerdictRow) -> [String] {
        [
            row.verdict.rawValue, row.strategy, row.operation, row.metric, String(row.clients),
            VerdictText.value(row.base, of: row.metric), VerdictText.value(row.head, of: row.metric),
            VerdictText.percent(row.change), VerdictText.interval(row.interval),
            VerdictText.percent(row.mde, isSigned: false), row.n.map(String.init) ?? "–", row.why,
        ]
    }

    /// Text that Markdown and HTML leave as it is, in one line.
    static func escaped(_ text: String) -> String {
        VerdictText.oneLine(text).unicodeScalars.map { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "|", "\\", "`", "*", "_", "[", "]", "#", "~": "\\\(scalar)"
            default: String(scalar)
            }
        }.joined()
    }

    /// Between backticks, of which the text itself can then have none.
    private static func code(_ text: String) -> String {
        "`" + VerdictText.oneLine(text).replacing("`", with: "'") + "`"
    }
}

extension VerdictReport.Verdict {
    fileprivate var sign: String {
        switch self {
        case .pass: "✅"
        case .regression, .wrong, .error: "❌"
        case .inconclusive, .incomparable, .nothing: "⚠️"
        case .advisory: "ℹ️"
        }
    }
}
