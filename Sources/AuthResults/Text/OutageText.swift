import AuthCore

/// The outages as a table for people.
package enum OutageText {
    private typealias Entry = (title: String, cell: @Sendable (OutageAssessment) -> String)

    package static func text(_ rows: [OutageAssessment], isColored: Bool) -> String {
        let lines = TextTable.aligned(
            titles: columns.map(\.title), rows.map { row in columns.map { $0.cell(row) } }, leading: 2)
        var text = ""
        for (index, line) in lines.enumerated() {
            let isBad =
                index > 0 && (rows[index - 1].wronglyAccepted > 0 || rows[index - 1].inconclusive != nil)
            text += (isColored && isBad ? "\u{1B}[31m\(line)\u{1B}[0m" : line) + "\n"
        }
        for row in rows {
            guard let reason = row.inconclusive else { continue }
            text += "not valid: \(row.measurement.strategy), \(fault(row)): \(reason)\n"
        }
        return text
    }

    private static let columns: [Entry] = [
        ("strategy", { $0.measurement.strategy }),
        ("fault", fault),
        ("decided", { percent($0.decidedShare) }),
        ("late", { percent($0.lateShare) }),
        ("undecided", { percent($0.undecidedShare) }),
        ("1st error", { TextTable.time($0.firstError_ns) }),
        ("good again", { TextTable.time($0.firstGood_ns) }),
        ("normal again", { TextTable.time($0.normalAgain_ns) }),
        ("lost", { percent($0.lostShare) }),
        ("came back", { $0.measurement.check.signedOut == 0 ? "–" : String($0.measurement.check.cameBack) }),
        ("wrong", { String($0.wronglyAccepted) }),
    ]

    private static func fault(_ row: OutageAssessment) -> String {
        row.measurement.fault?.rawValue ?? "no store"
    }

    private static func percent(_ share: Double?) -> String {
        guard let share else { return "–" }
        let text = (share * 100).formatted(digits: 1)
        // What is not all and not nothing must not look so.
        if share < 1, text == "100.0" { return ">99.9 %" }
        if share > 0, text == "0.0" { return "<0.1 %" }
        return (share == 0 || share == 1 ? (share * 100).formatted(digits: 0) : text) + " %"
    }
}
