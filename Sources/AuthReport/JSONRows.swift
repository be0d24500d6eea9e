import Foundation

/// The rows of a table as a JSON array of objects, one per row, the keys being the names of the columns.
package enum JSONRows {
    package static func text<Row>(_ columns: [Column<Row>], _ rows: [Row]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(objects(columns, rows)), as: UTF8.self) + "\n"
    }

    /// The same as values, for an object around them.
    static func objects<Row>(_ columns: [Column<Row>], _ rows: [Row]) -> [[String: Value]] {
        rows.map { row in
            Dictionary(uniqueKeysWithValues: columns.map { ($0.name, Value($0.cell(row))) })
        }
    }

    struct Value: Encodable {
        let cell: Cell

        fileprivate init(_ cell: Cell) { self.cell = cell }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch cell {
            case .text(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            case .number(let value, let digits):
                try container.encode(Decimal(string: value.formatted(digits: digits)))
            case .flag(let value): try container.encode(value)
            case .blank: try container.encodeNil()
            }
        }
    }
}
