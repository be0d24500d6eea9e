import AuthCore
import AuthStatistics

/// What a rate must keep to count as carried: `p99 <= 5ms`, `service p50 <= 200us`, `errors <= 0.1%`.
package struct Objective: Sendable, Equatable {
    package enum Quantity: Sendable, Hashable {
        /// A quantile of `authenticate` by one clock.
        case time(LatencyClock, quantile: Double)
        /// The share of the requests on which nothing was decided.
        case errors
    }

    /// As it was typed, with single blanks.
    package let text: String
    package let quantity: Quantity
    /// In nanoseconds, or as a share.
    package let limit: Double

    /// What holds where no objective speaks of errors.
    package static let noErrors = Self(text: "errors <= 0", quantity: .errors, limit: 0)

    private static let quantiles = ["p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999]
    private static let form = "write it as \"p99 <= 5ms\", \"service p50 <= 200us\" or \"errors <= 0.1%\""

    private init(text: String, quantity: Quantity, limit: Double) {
        (self.text, self.quantity, self.limit) = (text, quantity, limit)
    }

    /// Reads an objective.
    ///
    /// - Throws: `ResultError` that says what is wrong with it.
    package init(_ text: String) throws(ResultError) {
        let words = text.replacing("<=", with: " <= ").split(separator: " ").map(String.init)
        func fault(_ what: String) -> ResultError { ResultError("\"\(text.printable)\": \(what)") }
        guard words.count >= 3, words[words.count - 2] == "<=", words.count <= 4 else {
            throw fault(Self.form)
        }
        let (name, bound) = (words[words.count - 3], words[words.count - 1])
        var clock = LatencyClock.response
        if words.count == 4 {
            guard let own = LatencyClock(rawValue: words[0]), name != "errors" else {
                throw fault("\(words[0].printable) is no clock: choose response or service")
            }
            clock = own
        }
        self.text = words.joined(separator: " ")
        if name == "errors" {
            guard let share = Self.share(bound) else {
                throw fault("give the errors as a share, such as 0.1%, or 0")
            }
            (quantity, limit) = (.errors, share)
            return
        }
        guard let quantile = Self.quantiles[name] else {
            throw fault("\(name.printable) is unknown: choose p50, p90, p99, p999 or errors")
        }
        guard let time_ns = TimeText.nanoseconds(bound, in: ["us", "ms", "s"]), time_ns > 0 else {
            throw fault("give a time with its unit, such as 200us, 5ms or 1s")
        }
        (quantity, limit) = (.time(clock, quantile: quantile), time_ns)
    }

    /// Reads several, and adds that there are no errors where none speaks of these.
    ///
    /// - Throws: `ResultError` for two that contradict each other, too.
    package static func all(_ texts: [String]) throws(ResultError) -> [Objective] {
        var all: [Objective] = []
        for text in texts { all.append(try Objective(text)) }
        for (index, one) in all.enumerated() {
            for other in all[..<index] {
                if one.quantity == other.quantity {
                    throw ResultError("\"\(other.text)\" and \"\(one.text)\" contradict each other: give one")
                }
                guard case .time(let clock, let quantile) = one.quantity,
                    case .time(clock, let second) = other.quantity,
                    (quantile < second) != (one.limit < other.limit), one.limit != other.limit
                else { continue }
                throw ResultError(
                    "\"\(other.text)\" and \"\(one.text)\" contradict each other: a higher quantile is never shorter"
                )
            }
        }
        return all.contains { $0.quantity == .errors } ? all : all + [noErrors]
    }

    private static func share(_ text: String) -> Double? {
        if text == "0" { return 0 }
        guard text.hasSuffix("%"), let percent = TimeText.number(text.dropLast()), percent <= 100 else {
            return nil
        }
        return percent / 100
    }
}

extension Objective {
    /// How many requests a probe needs so that the quantile may be given.
    package var samples: UInt64 {
        if case .time(_, let quantile) = quantity { QuantileRule.minimumCount(for: quantile) } else { 0 }
    }

    private func time_ns(in row: SweepTable.Row, _ clock: LatencyClock, _ quantile: Double) -> UInt64? {
        (clock == .service ? row.service : row.response)?.times.supported_ns(quantile)
    }

    /// Whether a row has requests enough to say anything of the objective.
    package func isKnown(in row: SweepTable.Row) -> Bool {
        guard case .time(let clock, let quantile) = quantity else { return row.errorShare != nil }
        return time_ns(in: row, clock, quantile) != nil
    }

    /// What breaks the objective in a row, in one phrase; `nil` where nothing does.
    package func fault(in row: SweepTable.Row) -> String? {
        switch quantity {
        case .errors:
            guard let share = row.errorShare, share > limit else { return nil }
            return "\(text): \((share * 100).formatted(digits: 2)) % errors"
        case .time(let clock, let quantile):
            guard let time_ns = time_ns(in: row, clock, quantile), Double(time_ns) > limit else { return nil }
            return "\(text): it was \(TextTable.time(time_ns))"
        }
    }
}
