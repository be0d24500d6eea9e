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
