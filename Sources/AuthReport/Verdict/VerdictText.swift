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

    /// A fraction as `+5.0%`.
    static func percent(_ fraction: Double?, isSigned: Bool = true) -> String {
        guard let fraction else { return "–" }
        guard abs(fraction) < 9.995 else { return fraction > 0 ? ">999%" : "<-999%" }
        let text = (fraction * 100).formatted(digits: 1) + "%"
        return isSigned && fraction > 0 && text != "0.0%" ? "+" + text : text
    }

    /// A value of a metric with about three figures, and its unit where the metric's name has one.
    static func value(_ value: Double?, of metric: String) -> String {
        guard let value else { return "–" }
        if metric.hasSuffix("_ns"), value >= 0 {
            return value < 100 ? figures(value) + " ns" : TextTable.time(UInt64(value.rounded()))
        }
        return figures(value) + (metric.contains("_us") ? " µs" : metric.hasSuffix("_bytes") ? " B" : "")
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
        let names = "\(report.title): \(report.base) -> \(report.head)"
        return (isColored ? "\u{1B}[\(code)m\(word)\u{1B}[0m" : word) + counts + "  " + oneLine(names)
    }

    /// What all rows share goes above the table, the rest into it.
    private static func split(_ rows: [VerdictRow]) -> (shared: String, columns: [Entry]) {
        let candidates: [Entry] = [
            ("workload", { $0.workload }), ("operation", { $0.operation }),
            ("clients", { String($0.clients) }), ("n", { $0.n.map(String.init) ?? "–" }),
        ]
        let varying = candidates.filter { one in Set(rows.map { one.cell($0) }).count > 1 }.map(\.title)
        let shared = candidates.filter { !varying.contains($0.title) && !$0.cell(rows[0]).isEmpty }
            .map { "\($0.title) \($0.cell(rows[0]))" }.joined(separator: ", ")
        let all: [Entry] =
            [("verdict", { $0.verdict.rawValue }), ("strategy", { $0.strategy })] + candidates.prefix(2)
            + [("metric", { $0.metric })] + candidates.dropFirst(2) + numbers
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

    private static func figures(_ value: Double) -> String {
        switch abs(value) {
        case ..<10: value.formatted(digits: 2)
        case ..<100: value.formatted(digits: 1)
        default: value.formatted(digits: 0)
        }
    }

    private static func trimmed(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }
}
