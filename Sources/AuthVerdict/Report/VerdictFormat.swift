import AuthResults
import AuthStatistics
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
