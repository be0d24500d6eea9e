import Backends
import Foundation

/// A table for people: columns aligned, numbers to the right, in as many columns as a terminal has; below it why a line
/// must not be used, where that is so, and what the columns say.
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
        var columns = first + (isOpenLoop ? openLoop : closedLoop(lines.first?.clients ?? 0)) + decisions
        func aligned(_ columns: [Entry]) -> [String] {
            Self.aligned(
                titles: columns.map(\.title), lines.map { line in columns.map { $0.cell(line) } }, leading: 2)
        }
        var rows = aligned(columns)
        var leftOut: [String] = []
        for title in expendable where rows[0].count > width ?? .max {
            guard let index = columns.firstIndex(where: { $0.title.hasPrefix(title) }),
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
        return text + notes(lines) + legend(lines, columns.map(\.title))
    }

    /// What a narrow terminal does without, in this order.
    private static let expendable = [
        "errs", "wrong", "±", "serv. p50", "bytes", "ops/s", "lag p99", "valid", "needs", "trips", "store",
    ]
    private static let faults: Set<String> = ["errs", "wrong"]

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
            line.invalid.map { "not valid: \(line.name), repeat \($0.repeatIndex): \($0.fault.reason)\n" }
                + (line.isValid
                    ? [] : ["not valid: \(line.name): no repeat is valid, do not use its figures\n"])
                + (line.movement.map { [BaselineMovement.text($0)] } ?? [])
        }.joined()
    }

    /// What a reader must know who sees the table for the first time, in lines of 80 columns; of the columns shown only.
    private static func legend(_ lines: [Summary], _ titles: [String]) -> String {
        let clients = lines.first?.clients ?? 0
        let meanings = [
            ("store", "a distance is the time of a round trip; none: nothing is looked up"),
            ("exposure", "half of the credentials work so long after logout; ~ by lifetime"),
            ("CPU µs", "processor time of service and store for one operation"),
            ("trips", "how often one operation waits for a store across the network"),
            ("auth", "half, or 99 %, of the checks of good credentials took no longer"),
            ("needs", "operations under way on average when 1000 begin in each second"),
            (
                lines.contains { $0.response != nil } ? "" : "ops/s",
                "what \(clients) clients did, each waiting for its answers: no ranking"
            ),
        ].filter { meaning in titles.contains { !meaning.0.isEmpty && $0.hasPrefix(meaning.0) } }
        guard !meanings.isEmpty, lines.contains(where: { !$0.isBaseline }) else { return "" }
        return "Sorted by exposure, then by CPU µs: what the distance to a store changes least.\n"
            + meanings.map { "  \(padded($0.0, to: 8, onTheLeft: false))  \($0.1)\n" }.joined()
    }

    private static let first: [Entry] = [
        ("strategy", { $0.strategy }),
        ("store", { $0.store }),
        (
            "exposure",
            { line in
                line.exposure.map { $0.max_ms == 0 ? "0" : "~" + duration($0.quantile_ms(0.5)) } ?? "–"
            }
        ),
        ("CPU µs", { processor($0) }),
        ("trips", { $0.storeRoundTrips_per_op.map { $0 == 0 ? "0" : $0.formatted(digits: 2) } ?? "–" }),
    ]

    private static func closedLoop(_ clients: Int) -> [Entry] {
        [
            ("auth p50", { time($0.service.supported_ns(0.5)) }),
            ("auth p99", { time($0.service.supported_ns(0.99)) }),
            ("needs", { needed($0) }),
            ("bytes", { $0.credential_bytes.map(String.init) ?? "–" }),
            ("ops/s of \(clients)", { $0.operationsPerSecond.map(grouped) ?? "–" }),
            ("±", { uncertainty($0) }),
        ]
    }

    /// The lag of the baseline's line is that of the machine.
    private static let openLoop: [Entry] = [
        ("resp. p50", { time($0.response?.supported_ns(0.5)) }),
        ("resp. p99", { time($0.response?.supported_ns(0.99)) }),
        ("serv. p50", { time($0.service.supported_ns(0.5)) }),
        ("lag p99", { time($0.scheduleLag?.supported_ns(0.99)) }),
        ("needs", { needed($0) }),
        ("bytes", { $0.credential_bytes.map(String.init) ?? "–" }),
        ("ops/s", { $0.operationsPerSecond.map(grouped) ?? "–" }),
    ]

    private static let decisions: [Entry] = [
        ("wrong", { String($0.total.wrongDecisions) }),
        ("errs", { String($0.total.errors) }),
        ("valid", { "\($0.validRepeats)/\($0.repeats)" }),
    ]

    /// Of service and store; with a mark where the store does not tell its own.
    private static func processor(_ line: Summary) -> String {
        guard let all = line.allCPU_us_per_op else { return "–" }
        return all.formatted(digits: 2) + (line.storeCPU_us_per_op == nil ? " + ?" : "")
    }

    /// Clients that wait at once, to two digits.
    private static func needed(_ line: Summary) -> String {
        guard let count = line.neededClients else { return "–" }
        return count < 0.01 ? "<0.01" : count.formatted(digits: count < 1 ? 2 : count < 10 ? 1 : 0)
    }

    /// A lifetime in the largest unit of which there are two.
    package static func duration(_ value_ms: Double) -> String {
        let units = [("h", 3_600_000.0), ("min", 60_000.0), ("s", 1000.0)]
        let (unit, size) = units.first { value_ms >= 2 * $0.1 } ?? ("ms", 1)
        return trimmed(value_ms / size, digits: 1) + " " + unit
    }

    /// A number without the zeros at its end.
    package static func trimmed(_ value: Double, digits: Int) -> String {
        var text = value.formatted(digits: digits)
        guard digits > 0 else { return text }
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

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
