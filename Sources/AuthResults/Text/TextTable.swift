import Backends
import Foundation

/// A table for people: columns aligned, numbers to the right, in at most 100 columns or as many as a terminal has; below
/// it why a line must not be used, where that is so.
package enum TextTable {
    private typealias Entry = (title: String, cell: @Sendable (Summary) -> String)

    /// Renders one line for each strategy; in colour, what must not be used stands out in red.
    ///
    /// - Parameters:
    ///   - lines: in their order.
    ///   - isColored: whether colours are understood.
    ///   - width: of the terminal, in columns; `nil` leaves nothing out.
    /// - Returns: the lines of the table and the notes below it.
    package static func text(_ lines: [Summary], isColored: Bool, width: Int? = nil) -> String {
        let isOpenLoop = lines.contains { $0.response != nil }
        var columns = [first] + (isOpenLoop ? openLoop : closedLoop) + decisions
        func aligned(_ columns: [Entry]) -> [String] {
            Self.aligned(
                titles: columns.map(\.title), lines.map { line in columns.map { $0.cell(line) } }, leading: 1)
        }
        var rows = aligned(columns)
        var leftOut: [String] = []
        for title in expendable where rows[0].count > width ?? .max {
            guard let index = columns.firstIndex(where: { $0.title == title }),
                // What went wrong is never left out.
                !faults.contains(title) || lines.allSatisfy({ columns[index].cell($0) == "0" })
            else { continue }
            leftOut.append(columns.remove(at: index).title)
            rows = aligned(columns)
        }
        var text = ""
        for (index, line) in rows.enumerated() {
            let isBad = index > 0 && lines[index - 1].isBad
            text += (isColored && isBad ? "\u{1B}[31m\(line)\u{1B}[0m" : line) + "\n"
        }
        if !leftOut.isEmpty {
            text +=
                "left out, as the terminal is narrow: \(leftOut.joined(separator: ", ")) (--format csv prints all)\n"
        }
        return text + notes(lines)
    }

    /// What a narrow terminal does without, in this order.
    private static let expendable = [
        "errs", "wrong", "stale", "serv. p50", "bytes", "slower", "±", "lag p99", "CPU µs", "valid",
    ]
    private static let faults: Set<String> = ["errs", "wrong", "stale"]

    /// The title line and the others, columns of one width; the `leading` ones to the left, the rest to the right.
    package static func aligned(titles: [String], _ cells: [[String]], leading: Int) -> [String] {
        let rows = [titles] + cells
        let widths = titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                padded(cell.0, to: cell.1, onTheLeft: column >= leading)
            }.joined(separator: "  ")
        }
    }

    /// Every repeat whose numbers must not be used, and why, and whether its line has it.
    private static func notes(_ lines: [Summary]) -> String {
        lines.flatMap { line in
            line.invalid.map { "not valid: \(line.strategy), repeat \($0.repeatIndex): \($0.fault.reason)\n" }
                + (line.isValid
                    ? [] : ["not valid: \(line.strategy): no repeat is valid, do not use its figures\n"])
                + (line.movement.map { [BaselineMovement.text($0)] } ?? [])
        }.joined()
    }

    private static let first: Entry = ("strategy", { $0.strategy })

    private static let closedLoop: [Entry] = [
        ("auth p50", { time($0.service.supported_ns(0.5)) }),
        ("auth p99", { time($0.service.supported_ns(0.99)) }),
        ("ops/s", { $0.operationsPerSecond.map(grouped) ?? "–" }),
        ("±", { uncertainty($0) }),
        ("CPU µs", { $0.cpu_us_per_op?.formatted(digits: 2) ?? "–" }),
        ("bytes", { $0.credential_bytes.map(String.init) ?? "–" }),
        ("slower", { $0.timesSlower.map { $0.formatted(digits: 2) + "×" } ?? "–" }),
    ]

    /// The lag of the baseline's line is that of the machine.
    private static let openLoop: [Entry] = [
        ("resp. p50", { time($0.response?.supported_ns(0.5)) }),
        ("resp. p99", { time($0.response?.supported_ns(0.99)) }),
        ("serv. p50", { time($0.service.supported_ns(0.5)) }),
        ("lag p99", { time($0.scheduleLag?.supported_ns(0.99)) }),
        ("ops/s", { $0.operationsPerSecond.map(grouped) ?? "–" }),
        ("CPU µs", { $0.cpu_us_per_op?.formatted(digits: 2) ?? "–" }),
    ]

    private static let decisions: [Entry] = [
        ("wrong", { String($0.total.wrongDecisions) }),
        ("stale", { String($0.total.staleAccepts) }),
        ("errs", { String($0.total.errors) }),
        ("valid", { "\($0.validRepeats)/\($0.repeats)" }),
    ]

    /// Half the interval of the operations per second, in per cent of them.
    private static func uncertainty(_ line: Summary) -> String {
        guard let rate = line.rate, let middle = line.operationsPerSecond, middle > 0 else { return "–" }
        return ((rate.high - rate.low) / 2 / middle * 100).formatted(digits: 0) + "%"
    }

    /// A time with three figures or so and its unit.
    package static func time(_ value_ns: UInt64?) -> String {
        guard let value_ns else { return "–" }
        let value = Double(value_ns)
        return switch value_ns {
        case ..<1000: "\(value_ns) ns"
        case ..<1_000_000: (value / 1e3).formatted(digits: value_ns < 100_000 ? 2 : 0) + " µs"
        case ..<1_000_000_000: (value / 1e6).formatted(digits: value_ns < 100_000_000 ? 2 : 0) + " ms"
        default: (value / 1e9).formatted(digits: 2) + " s"
        }
    }

    /// A whole number with a thin gap after each three digits.
    private static func grouped(_ value: Double) -> String {
        var text = ""
        for (index, digit) in value.formatted(digits: 0).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append(" ") }
            text.append(digit)
        }
        return String(text.reversed())
    }

    private static func padded(_ text: String, to width: Int, onTheLeft: Bool) -> String {
        let gap = String(repeating: " ", count: width - text.count)
        return onTheLeft ? gap + text : text + gap
    }
}

extension Summary {
    /// Whether the line must not be believed: no valid repeat, or a wrong decision or an error in any.
    fileprivate var isBad: Bool { !isValid || total.wrongDecisions > 0 || total.errors > 0 }
}

/// The rows of a table as a JSON array of objects, one per row, the keys being the names of the columns.
package enum JSONRows {
    package static func text<Row>(_ columns: [Column<Row>], _ rows: [Row]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(objects(columns, rows)), as: UTF8.self) + "\n"
    }

    /// The same as values, for an object around them.
    package static func objects<Row>(_ columns: [Column<Row>], _ rows: [Row]) -> [[String: Value]] {
        rows.map { row in
            Dictionary(uniqueKeysWithValues: columns.map { ($0.name, Value($0.cell(row))) })
        }
    }

    package struct Value: Encodable {
        let cell: Cell

        fileprivate init(_ cell: Cell) { self.cell = cell }

        package func encode(to encoder: any Encoder) throws {
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
