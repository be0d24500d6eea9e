/// One column of a file or a table: its name, what stands in it and how it reads, so that header, value and
/// schema cannot drift apart.
package struct Column<Row> {
    /// The name in files, with its unit: `p99_ns`.
    package let name: String
    package let kind: ColumnKind
    /// One sentence for the schema.
    package let meaning: String
    package let cell: (Row) -> Cell

    package init(_ name: String, _ kind: ColumnKind, _ meaning: String, _ cell: @escaping (Row) -> Cell) {
        self.name = name
        self.kind = kind
        self.meaning = meaning
        self.cell = cell
    }

    /// A column of a table that is only printed, which no schema describes.
    package init(printed name: String, _ cell: @escaping (Row) -> Cell) {
        self.init(name, .text, "", cell)
    }
}

/// A value in a file: the same in CSV and in JSON.
package enum Cell: Equatable, Sendable {
    case text(String)
    case integer(Int64)
    /// With so many digits after the point.
    case number(Double, digits: Int)
    case flag(Bool)
    /// Not measured, or not enough samples to say.
    case blank

    package static func count(_ value: UInt64?) -> Cell {
        value.map { .integer(Int64(clamping: $0)) } ?? .blank
    }

    package static func number(_ value: Double?, _ digits: Int) -> Cell {
        value.map { .number($0, digits: digits) } ?? .blank
    }

    /// As in a CSV field before quoting; a blank one is empty.
    package var text: String {
        switch self {
        case .text(let text): text
        case .integer(let value): String(value)
        case .number(let value, let digits): value.formatted(digits: digits)
        case .flag(let value): value ? "true" : "false"
        case .blank: ""
        }
    }
}

extension Double {
    /// Decimal digits with a point, whatever the locale; never in exponent form.
    package func formatted(digits: Int) -> String {
        var scale: Int64 = 1
        for _ in 0..<digits { scale *= 10 }
        guard isFinite, abs(self) < 1e15, abs(self) * Double(scale) < 9e18 else { return String(self) }
        let scaled = Int64((abs(self) * Double(scale)).rounded())
        let sign = self < 0 && scaled != 0 ? "-" : ""
        guard digits > 0 else { return sign + String(scaled) }
        let fraction = String(scaled % scale)
        return sign + String(scaled / scale) + "." + String(repeating: "0", count: digits - fraction.count)
            + fraction
    }
}

/// What may stand in a column.
package enum ColumnKind: String, CaseIterable, Sendable {
    case text
    /// `true` or `false`.
    case flag
    case optionalFlag = "flag or blank"
    /// A whole number from 0.
    case count
    case optionalCount = "count or blank"
    /// Nanoseconds or another whole number from 0 that is no count.
    case time = "whole ns"
    case optionalTime = "whole ns or blank"
    /// A decimal number from 0.
    case number
    case optionalNumber = "number or blank"
    /// A decimal number of either sign.
    case optionalSigned = "signed number or blank"
    /// A decimal number from 0 to 1.
    case optionalShare = "share or blank"

    package var isOptional: Bool { rawValue.hasSuffix("or blank") }

    /// Whether a field may stand in such a column.
    package func accepts(_ field: String) -> Bool {
        if field.isEmpty { return isOptional || self == .text }
        return switch self {
        case .text: true
        case .flag, .optionalFlag: field == "true" || field == "false"
        // Greater ones are whole numbers no longer where they are read as doubles, and no run has any.
        case .count, .optionalCount, .time, .optionalTime: UInt64(field).map { $0 <= 1 << 53 } ?? false
        case .number, .optionalNumber: decimal(field).map { $0 >= 0 } ?? false
        case .optionalSigned: decimal(field) != nil
        case .optionalShare: decimal(field).map { 0...1 ~= $0 } ?? false
        }
    }

    /// A number as `Cell` writes it: no exponent, no infinity.
    private func decimal(_ field: String) -> Double? {
        field.utf8.allSatisfy { "-.0123456789".utf8.contains($0) } ? Double(field) : nil
    }
}

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
