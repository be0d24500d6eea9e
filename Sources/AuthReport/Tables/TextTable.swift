/// A table for people: columns aligned, numbers to the right, in at most 100 columns of a terminal.
package enum TextTable {
    private static let titles = [
        "strategy", "auth p50", "auth p99", "ops/s", "CPU µs/op", "cred. B", "slower", "wrong", "stale",
        "errors",
    ]

    /// Renders one line for each strategy; in colour, wrong decisions and errors stand out in red.
    package static func text(_ lines: [Summary], isColored: Bool) -> String {
        let rows = [titles] + lines.map(cells)
        let widths = titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.enumerated().map { index, row in
            let line = zip(row, widths).enumerated().map { column, cell in
                padded(cell.0, to: cell.1, onTheLeft: column > 0)
            }.joined(separator: "  ")
            let isBad = index > 0 && isWrong(lines[index - 1])
            return isColored && isBad ? "\u{1B}[31m\(line)\u{1B}[0m" : line
        }.joined(separator: "\n") + "\n"
    }

    private static func isWrong(_ line: Summary) -> Bool {
        line.total.wrongDecisions > 0 || line.total.errors > 0
    }

    private static func cells(_ line: Summary) -> [String] {
        [
            line.strategy, time(line.authenticate.supported_ns(0.5)),
            time(line.authenticate.supported_ns(0.99)),
            line.operationsPerSecond.map { grouped($0) } ?? "–",
            line.cpu_us_per_op.map { $0.formatted(digits: 2) } ?? "–",
            line.credential_bytes.map(String.init) ?? "–",
            line.timesSlower.map { $0.formatted(digits: 2) + "×" } ?? "–",
            String(line.total.wrongDecisions), String(line.total.staleAccepts), String(line.total.errors),
        ]
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
