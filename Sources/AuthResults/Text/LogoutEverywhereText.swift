import AuthCore
import AuthStatistics
import Foundation

/// The logouts as a table for people: one line for each strategy and number of sessions, all repeats together.
package enum LogoutEverywhereText {
    package static func text(_ rows: [LogoutEverywhereAssessment], isColored: Bool) -> String {
        let lines = LogoutEverywhereLine.lines(rows)
        let aligned = TextTable.aligned(
            titles: columns.map(\.title), lines.map { line in columns.map { $0.cell(line) } }, leading: 1)
        var text = ""
        for (index, line) in aligned.enumerated() {
            let isBad = index > 0 && lines[index - 1].isBad
            text += (isColored && isBad ? "\u{1B}[31m\(line)\u{1B}[0m" : line) + "\n"
        }
        for row in rows where row.measurement.impossible == nil {
            guard let reason = row.reason else { continue }
            let one = row.measurement
            text +=
                "not valid: \(one.strategy), \(one.sessions) sessions, repeat \(one.repeatIndex): \(reason)\n"
        }
        var said: Set<String> = []
        for one in rows.map(\.measurement) where said.insert(one.strategy).inserted {
            if let reason = one.impossible { text += "not measured: \(one.strategy): \(reason)\n" }
        }
        return text
    }

    private typealias Entry = (title: String, cell: @Sendable (LogoutEverywhereLine) -> String)

    private static let columns: [Entry] = [
        ("strategy", { $0.strategy }),
        ("sessions", { String($0.sessions) }),
        ("logout p50", { time($0.logoutP50_ns) }),
        ("±", { factor($0.logoutP50_ns) }),
        ("longest", { TextTable.time($0.logoutMax_ns) }),
        ("commands", { $0.storeCommands.map { TextTable.trimmed($0, digits: 2) } ?? "–" }),
        ("p99 quiet", { time($0.quietP99_ns) }),
        ("p99 meanwhile", { time($0.meanwhileP99_ns) }),
        ("ratio", { $0.ratio.map { $0.value.formatted(digits: 2) } ?? "–" }),
        ("±", { factor($0.ratio) }),
        ("wrong", { $0.isImpossible ? "–" : String($0.wrong) }),
        ("valid", { $0.isImpossible ? "–" : "\($0.valid)/\($0.repeats)" }),
    ]

    private static func time(_ figure: LogoutEverywhereLine.Figure?) -> String {
        TextTable.time(figure.map { UInt64($0.value.rounded()) })
    }

    /// How far the upper end of the interval is above the figure.
    private static func factor(_ figure: LogoutEverywhereLine.Figure?) -> String {
        guard let figure, let interval = figure.interval else { return "–" }
        return "\(((interval.high / figure.value - 1) * 100).formatted(digits: 0)) %"
    }
}

/// The figures of one strategy and number of sessions: geometric means of the repeats in which both turns may be used, or of
/// all where none are.
struct LogoutEverywhereLine {
    typealias Figure = (value: Double, interval: Interval?)

    let strategy: String
    let sessions: Int
    let repeats: Int
    let valid: Int
    let isImpossible: Bool
    let wrong: UInt64
    let logoutP50_ns: Figure?
    let logoutMax_ns: UInt64?
    let storeCommands: Double?
    let quietP99_ns: Figure?
    let meanwhileP99_ns: Figure?
    /// p99 with logouts over p99 without, repeat by repeat.
    let ratio: Figure?

    var isBad: Bool { wrong > 0 || !isImpossible && valid == 0 }

    static func lines(_ rows: [LogoutEverywhereAssessment]) -> [Self] {
        var seen: Set<String> = []
        return rows.map(\.measurement).filter {
            $0.sessions > 0 && seen.insert("\($0.strategy) \($0.sessions)").inserted
        }.map { one in
            Self(rows.filter { $0.measurement.strategy == one.strategy }, one.sessions)
        }
    }

    /// - Parameters:
    ///   - all: of one strategy.
    ///   - sessions: how many its users had; the turns without logouts belong to each number.
    private init(_ all: [LogoutEverywhereAssessment], _ sessions: Int) {
        let rows = all.filter { [0, sessions].contains($0.measurement.sessions) }
        let repeats = Dictionary(grouping: rows, by: \.measurement.repeatIndex)
        let sound = repeats.filter { $0.value.allSatisfy { $0.reason == nil } }
        let used = sound.isEmpty ? repeats : sound
        (self.repeats, valid) = (repeats.count, sound.count)
        strategy = rows.first?.measurement.strategy ?? ""
        self.sessions = sessions
        isImpossible = rows.contains { $0.measurement.impossible != nil }
        wrong = rows.reduce(0) { $0 + $1.wrong }
        func values(
            _ sessions: Int, _ figure: (LogoutEverywhereAssessment) -> UInt64?
        ) -> [Int: Double] {
            used.compactMapValues { rows in
                rows.first { $0.measurement.sessions == sessions }.flatMap(figure).map { Double($0) }
            }
        }
        let quiet = values(0) { $0.times.supported_ns(0.99) }
        let meanwhile = values(sessions) { $0.times.supported_ns(0.99) }
        logoutP50_ns = Self.mean(Array(values(sessions, \.logoutP50_ns).values))
        logoutMax_ns = used.values.joined().compactMap(\.logoutMax_ns).max()
        let commands = used.values.joined().compactMap(\.storeCommands_perLogout)
        storeCommands = commands.isEmpty ? nil : commands.reduce(0, +) / Double(commands.count)
        quietP99_ns = Self.mean(Array(quiet.values))
        meanwhileP99_ns = Self.mean(Array(meanwhile.values))
        ratio = Self.mean(meanwhile.compactMap { index, with in quiet[index].map { with / $0 } })
    }

    private static func mean(_ values: [Double]) -> Figure? {
        guard !values.isEmpty, values.allSatisfy({ $0 > 0 }) else { return nil }
        let mean = exp(values.reduce(0) { $0 + log($1) } / Double(values.count))
        return (mean, StudentInterval.ofWhole(mean, parts: values))
    }
}

extension LogoutEverywhereAssessment {
    /// Decisions that were wrong, of whichever kind.
    fileprivate var wrong: UInt64 {
        let check = measurement.check
        return UInt64(check.refusedBefore + check.acceptedAfter + check.othersWrong)
            + (measurement.requests?.total.wrongDecisions ?? 0)
    }
}
