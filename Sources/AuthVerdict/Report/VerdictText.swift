import AuthCore
import AuthResults
import AuthStatistics

/// A comparison for people on a terminal: the verdict, the rows with the gravest first, why, and the machine.
package enum VerdictText {
    private typealias Entry = (title: String, cell: (VerdictRow) -> String)

    package static func text(_ report: VerdictReport, isColored: Bool) -> String {
        var text = headline(report, isColored: isColored) + "\n"
        text += report.reasons.prefix(reasonLimit).map { "  \(oneLine($0))\n" }.joined()
        if report.reasons.count > reasonLimit {
            text += "  and \(report.reasons.count - reasonLimit) more, below\n"
        }
        guard !report.rows.isEmpty else { return text + machine(report) }
        let (shared, columns) = split(report.rows)
        if !shared.isEmpty { text += "all rows: \(shared)\n" }
        let lines = TextTable.aligned(
            titles: columns.map(\.title), report.rows.map { row in columns.map { oneLine($0.cell(row)) } },
            leading: columns.prefix { leading.contains($0.title) }.count)
        text += "\n\(trimmed(lines[0]))\n"
        for (row, line) in zip(report.rows, lines.dropFirst()) {
            let isBad = row.verdict == .wrong || row.verdict == .regression
            text += (isColored && isBad ? "\u{1B}[31m\(trimmed(line))\u{1B}[0m" : trimmed(line)) + "\n"
        }
        return text + "\n" + remarks(report) + machine(report)
    }

    /// A fraction as `+5.0%`, or `+250%`.
    package static func percent(_ fraction: Double?, isSigned: Bool = true) -> String {
        guard let fraction else { return "–" }
        guard abs(fraction) < 9.995 else { return fraction > 0 ? ">999%" : "<-999%" }
        let text = (fraction * 100).formatted(digits: abs(fraction) < 0.9995 ? 1 : 0) + "%"
        return isSigned && fraction > 0 && text != "0.0%" ? "+" + text : text
    }

    /// A value of a metric with three figures, and its unit where the metric's name has one; bytes to the byte.
    static func value(_ value: Double?, of metric: String) -> String {
        guard let value else { return "–" }
        if metric.hasSuffix("_bytes") { return value.formatted(digits: 0) + " B" }
        if metric.hasSuffix("_ns") { return scaled(value, ["ns", "µs", "ms", "s"]) }
        if metric.contains("_us") { return scaled(value * 1000, ["ns", "µs", "ms", "s"]) }
        return scaled(value, ["", "k", "M", "G"])
    }

    /// The metric without its unit, which stands beside the value.
    private static func title(_ metric: String) -> String {
        if metric == "throughput" { return "ops/s" }
        if metric == "cpu_us_per_op" { return "CPU/op" }
        return metric.hasSuffix("_ns") ? String(metric.dropLast(3)).replacing("_", with: " ") : metric
    }

    /// In one line, without anything that moves a terminal's cursor.
    static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map {
                    $0.properties.generalCategory == .control ? " " : $0
                }))
    }

    private static let reasonLimit = 12
    private static let leading = ["verdict", "strategy", "operation", "metric"]

    private static func headline(_ report: VerdictReport, isColored: Bool) -> String {
        let code =
            switch report.verdict {
            case .pass: "32"
            case .regression, .wrong, .error: "31"
            default: "33"
            }
        let word = report.verdict.rawValue.uppercased()
        let counts = report.counts.isEmpty ? "" : " (\(report.counts))"
        let first = (isColored ? "\u{1B}[\(code)m\(word)\u{1B}[0m" : word) + "  "
        return first + oneLine(report.title) + counts + "\n  " + oneLine("\(report.base) -> \(report.head)")
    }

    /// What all rows share goes above the table, the rest into it.
    private static func split(_ rows: [VerdictRow]) -> (shared: String, columns: [Entry]) {
        let candidates: [Entry] = [
            ("workload", { $0.workload }), ("operation", { $0.operation }),
            ("clients", { String($0.clients) }), ("n", { $0.n.map(String.init) ?? "–" }),
        ]
        // A row of sizes has no pairs, which is no other number of them.
        func values(_ one: Entry) -> Set<String> { Set(rows.map { one.cell($0) }).subtracting(["–"]) }
        let varying = candidates.filter { values($0).count > 1 }.map(\.title)
        let shared = candidates.compactMap { one -> String? in
            guard let value = values(one).first, values(one).count == 1, !value.isEmpty else { return nil }
            return "\(one.title) \(value)"
        }.joined(separator: ", ")
        let all: [Entry] =
            [("verdict", { $0.verdict.rawValue }), ("strategy", { $0.strategy })] + candidates.prefix(2)
            + [("metric", { title($0.metric) })] + candidates.dropFirst(2) + numbers
        let names = candidates.map(\.title)
        return (shared, all.filter { varying.contains($0.title) || !names.contains($0.title) })
    }

    private static var numbers: [Entry] {
        [
            ("base", { value($0.base, of: $0.metric) }), ("head", { value($0.head, of: $0.metric) }),
            ("change", { percent($0.change) }), ("95 %", { interval($0.interval) }),
            ("MDE", { percent($0.mde, isSigned: false) }),
        ]
    }

    static func interval(_ interval: Interval?) -> String {
        guard let interval else { return "–" }
        return "\(percent(interval.low).dropLast())…\(percent(interval.high))"
    }

    /// Why, once for all rows of which the same is said.
    private static func remarks(_ report: VerdictReport) -> String {
        var groups: [(verdict: VerdictRow.Verdict, why: String, rows: [VerdictRow])] = []
        for row in report.rows where !row.why.isEmpty {
            if let index = groups.firstIndex(where: { ($0.verdict, $0.why) == (row.verdict, row.why) }) {
                groups[index].rows.append(row)
            } else {
                groups.append((row.verdict, row.why, [row]))
            }
        }
        return groups.map { group in
            let subject = group.rows.count == 1 ? group.rows[0].subject : "\(group.rows.count) rows"
            return oneLine("\(group.verdict.rawValue): \(subject): \(group.why)") + "\n"
        }.joined()
    }

    private static func machine(_ report: VerdictReport) -> String {
        report.notes.map { oneLine("\($0.name): \($0.value)") + "\n" }.joined()
    }

    /// In the unit that leaves one to three digits before the point.
    private static func scaled(_ value: Double, _ units: [String]) -> String {
        var (value, place) = (value, 0)
        while abs(value) >= 999.5, place + 1 < units.count { (value, place) = (value / 1000, place + 1) }
        let digits = abs(value) < 9.995 ? 2 : abs(value) < 99.95 ? 1 : 0
        return value.formatted(digits: digits) + (units[place].isEmpty ? "" : " " + units[place])
    }

    private static func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }
}
