import AuthResults
import AuthStatistics
import Backends
import Foundation

/// The ways to write a comparison down; each is a rendering of the same report.
package enum VerdictFormat: String, CaseIterable, Sendable {
    case table, markdown, json, junit, csv

    /// Renders the whole report.
    ///
    /// - Parameters:
    ///   - report: the comparison.
    ///   - isColored: whether a `table` may use colours.
    /// - Returns: the text with its last line ended.
    /// - Throws: what the JSON encoder throws.
    package func text(_ report: VerdictReport, isColored: Bool = false) throws -> String {
        switch self {
        case .table: VerdictText.text(report, isColored: isColored)
        case .markdown: VerdictMarkdown.text(report)
        case .json: try VerdictJSON.text(report)
        case .junit: VerdictJUnit.text(report)
        case .csv: CSV.text(VerdictTable.columns, report.rows)
        }
    }
}

/// A comparison for programs, whole: what was compared, the verdict, its reasons, every row and every note.
package enum VerdictJSON {
    package static func text(_ report: VerdictReport) throws -> String {
        let body = Body(
            title: report.title, base: report.base, head: report.head, verdict: report.verdict.rawValue,
            reasons: report.reasons, notes: report.notes.map { .init(name: $0.name, value: $0.value) },
            rows: JSONRows.objects(VerdictTable.columns, report.rows))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(body), as: UTF8.self) + "\n"
    }

    private struct Body: Encodable {
        struct Note: Encodable {
            var name: String
            var value: String
        }

        let schema_version = 1
        var title: String
        var base: String
        var head: String
        var verdict: String
        var reasons: [String]
        var notes: [Note]
        var rows: [[String: JSONRows.Value]]
    }
}

/// The rows of a comparison for programs: one line each, in CSV and in JSON.
package enum VerdictTable {
    package static var columns: [Column<VerdictRow>] { subject + numbers + judgement }

    private static var subject: [Column<VerdictRow>] {
        [
            Column("strategy", .text, "The strategy.") { .text($0.strategy) },
            Column("workload", .text, "The workload.") { .text($0.workload) },
            Column("operation", .text, "The kind of operation; empty for all together.") {
                .text($0.operation)
            },
            Column("clients", .count, "Clients that send requests at once.") { .integer(Int64($0.clients)) },
            Column("metric", .text, "What is compared, with its unit.") { .text($0.metric) },
        ]
    }

    private static var numbers: [Column<VerdictRow>] {
        [
            Column("base", .optionalNumber, "Its value in the base.") { .number($0.base, 4) },
            Column("head", .optionalNumber, "Its value in the head.") { .number($0.head, 4) },
            percent("change_percent", "Head over base, less 1.") { $0.change },
            percent("ci95_low_percent", "Lower end of the 95 % interval of the change.") { $0.interval?.low },
            percent("ci95_high_percent", "Upper end of that interval.") { $0.interval?.high },
            Column("p", .optionalNumber, "Of the one-sided test that it is not worse.") { .number($0.p, 10) },
            Column("p_holm", .optionalNumber, "The same after Holm.") { .number($0.adjusted_p, 10) },
            Column("n", .optionalCount, "Pairs of repeats or blocks.") {
                $0.n.map { .integer(Int64($0)) } ?? .blank
            },
            percent("sigma_b_percent", "Robust standard deviation of the log-ratio of one pair.") {
                $0.sigma_b
            },
            percent("mde_percent", "The least change that would have been found.") { $0.mde },
        ]
    }

    private static var judgement: [Column<VerdictRow>] {
        [
            Column("stage", .optionalCount, "The stage of a gate in which it was decided.") {
                $0.stage.map { .integer(Int64($0)) } ?? .blank
            },
            Column(
                "verdict", .text,
                "One of \(VerdictRow.Verdict.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))."
            ) { .text($0.verdict.rawValue) },
            Column("why", .text, "Why, in one phrase.") { .text($0.why) },
        ]
    }

    private static func percent(
        _ name: String, _ meaning: String, _ value: @escaping (VerdictRow) -> Double?
    ) -> Column<VerdictRow> {
        Column(name, .optionalSigned, meaning) { .number(value($0).map { $0 * 100 }, 4) }
    }
}

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
        let lines = rows.map { row in cases(row).map(escaped) }
        return ([titles, rule] + lines).map { "| \($0.joined(separator: " | ")) |\n" }.joined() + "\n"
    }

    private static func cases(_ row: VerdictRow) -> [String] {
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

/// A comparison as the test report that CI servers read: one test case for each row, and one for the whole.
///
/// A row that proves nothing is a skipped test, never a passed one.
package enum VerdictJUnit {
    private enum Outcome { case passed, failure, error, skipped }

    private struct TestCase {
        var className: String
        var name: String
        var outcome: Outcome
        var kind: String
        var message: String
    }

    package static func text(_ report: VerdictReport) -> String {
        let cases = [whole(report)] + report.rows.map { testCase($0) }
        func count(_ outcome: Outcome) -> Int { cases.count { $0.outcome == outcome } }
        let counts =
            "tests=\"\(cases.count)\" failures=\"\(count(.failure))\" errors=\"\(count(.error))\""
            + " skipped=\"\(count(.skipped))\""
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        text += "<testsuites name=\"authbench\" \(counts)>\n"
        text += "  <testsuite name=\"\(escaped(report.title))\" \(counts)>\n    <properties>\n"
        let facts = [("base", report.base), ("head", report.head)] + report.notes
        for fact in facts {
            text += "      <property name=\"\(escaped(fact.0))\" value=\"\(escaped(fact.1))\"/>\n"
        }
        text += "    </properties>\n" + cases.map(element).joined()
        return text + "  </testsuite>\n</testsuites>\n"
    }

    /// Stands for what no row can say: that nothing was compared, or that the run failed.
    private static func whole(_ report: VerdictReport) -> TestCase {
        let outcome: Outcome =
            switch report.verdict {
            case .pass: .passed
            case .regression, .wrong: .failure
            case .error, .incomparable, .nothing: .error
            case .inconclusive, .advisory: .skipped
            }
        return TestCase(
            className: "authbench", name: report.title, outcome: outcome, kind: report.verdict.rawValue,
            message: report.reasons.first ?? report.verdict.rawValue)
    }

    private static func testCase(_ row: VerdictRow) -> TestCase {
        let outcome: Outcome =
            switch row.verdict {
            case .pass, .improvement: .passed
            case .regression, .wrong: .failure
            case .inconclusive, .advisory, .notGated: .skipped
            }
        let name = [row.operation, row.metric].filter { !$0.isEmpty }.joined(separator: " ")
        return TestCase(
            className: "authbench.\(row.workload).\(row.strategy)", name: "\(name), \(row.clients) clients",
            outcome: outcome, kind: row.verdict.rawValue, message: row.sentence)
    }

    private static func element(_ one: TestCase) -> String {
        let start = "    <testcase classname=\"\(escaped(one.className))\" name=\"\(escaped(one.name))\""
        let message = "message=\"\(escaped(one.message))\""
        return switch one.outcome {
        case .passed: "\(start)/>\n"
        case .failure: "\(start)><failure type=\"\(escaped(one.kind))\" \(message)/></testcase>\n"
        case .error: "\(start)><error type=\"\(escaped(one.kind))\" \(message)/></testcase>\n"
        case .skipped: "\(start)><skipped \(message)/></testcase>\n"
        }
    }

    /// For an attribute; what XML 1.0 has no place for becomes a replacement character.
    static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&apos;"
            case "\t", "\n", "\r": "&#\(scalar.value);"
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": "\u{FFFD}"
            default: String(scalar)
            }
        }.joined()
    }
}
