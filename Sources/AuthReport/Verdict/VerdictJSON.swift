import Foundation

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
