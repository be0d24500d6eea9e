import AuthCore

/// The exposures as a table for people.
package enum ExposureText {
    private typealias Entry = (title: String, cell: @Sendable (ExposureAssessment) -> String)

    package static func text(_ rows: [ExposureAssessment], isColored: Bool) -> String {
        let lines = TextTable.aligned(
            titles: columns.map(\.title), rows.map { row in columns.map { $0.cell(row) } }, leading: 2)
        var text = ""
        for (index, line) in lines.enumerated() {
            let isBad = index > 0 && rows[index - 1].matchesTheory == false
            text += (isColored && isBad ? "\u{1B}[31m\(line)\u{1B}[0m" : line) + "\n"
        }
        for row in rows {
            guard let reason = row.inconclusive else { continue }
            text += "cannot be told: \(row.measurement.strategy): \(reason)\n"
        }
        return text
    }

    private static let columns: [Entry] = [
        ("strategy", { $0.measurement.strategy }),
        ("after", { $0.measurement.withdrawal == .permissionChange ? "permission" : "logout" }),
        ("n", { String($0.count) }),
        ("p50", { time($0.quantile_ms(0.5)) }),
        ("95 %", { $0.interval_ms(0.5).map { "\(time($0.low))–\(time($0.high))" } ?? "–" }),
        ("theory", { time($0.theory_ms(0.5)) }),
        ("p99", { time($0.quantile_ms(0.99)) }),
        ("theory", { time($0.theory_ms(0.99)) }),
        ("max", { time($0.max_ms) }),
        ("theory", { time($0.theoryMax_ms) }),
        ("login p50", { time($0.loginMedian_ms) }),
        ("login max", { time($0.loginMax_ms) }),
        ("as theory", { $0.matchesTheory.map { $0 ? "yes" : "no" } ?? "–" }),
        ("wrong", { String($0.measurement.falseAccepts + UInt64($0.measurement.wrong)) }),
    ]

    /// Minutes and seconds, as lifetimes are thought of.
    private static func time(_ value_ms: Double?) -> String {
        guard let value_ms else { return "–" }
        switch value_ms {
        case 0: return "0"
        case ..<1: return TextTable.time(UInt64(value_ms * 1e6))
        case ..<1000: return value_ms.formatted(digits: 1) + " ms"
        case ..<60_000: return (value_ms / 1000).formatted(digits: 1) + " s"
        case 7_200_000...: return (value_ms / 3_600_000).formatted(digits: 1) + " h"
        default:
            let seconds = Int((value_ms / 1000).rounded())
            return "\(seconds / 60):\(String(seconds % 60 + 100).dropFirst())"
        }
    }
}
