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
