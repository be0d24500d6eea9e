/// Writing comma-separated values (RFC 4180), with lines ended by LF as pandas, DuckDB and spreadsheets read
/// them.
package enum CSV {
    /// A header and one line per row.
    package static func text<Row>(_ columns: [Column<Row>], _ rows: [Row]) -> String {
        var lines = [columns.map { quoted($0.name) }.joined(separator: ",")]
        for row in rows {
            lines.append(columns.map { quoted($0.cell(row).text) }.joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: { ",\"\r\n".utf8.contains($0) }) else { return field }
        // By scalars: a quote with a combining mark after it is another character, but still a quote.
        return "\"" + field.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }
}
