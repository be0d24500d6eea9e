import AuthResults
import AuthStatistics
import Foundation

/// A number with its 95 % interval, and every cell that it is made of.
package struct Figure {
    package var name: String
    package var unit: String
    package var value: Double
    package var interval: Interval
    package var cells: [Cited]
    /// Whether every repeat that it is made of may be used.
    package var isValid = true

    /// On which side of a line a figure lies, by so much that another run would say the same.
    package enum Side { case below, above, undecided }

    /// Two runs on one machine differ by some per cent, whatever their intervals say.
    package static let margin = 1.1

    /// On which side of a line the whole interval lies, whatever another run would say.
    func whole(of line: Double) -> Side {
        interval.low > line ? .above : interval.high < line ? .below : .undecided
    }

    /// Compares the whole interval with a line; a line of 0 divides what is 0 from what is not.
    package func side(of line: Double) -> Side {
        if line == 0 { return value > 0 ? .above : .below }
        if interval.low > line * Self.margin { return .above }
        return interval.high < line / Self.margin ? .below : .undecided
    }
}

/// A cell that enters a figure, and how.
package struct Cited {
    /// A figure of a repeat is (sum of `plus` - sum of `minus`) / sum of `over`, times each of `times`.
    package enum Part: String { case plus, minus, over, times, low, high }

    package var row: Evidence.Row
    package var column: String
    package var part: Part

    package var value: Double? { row.number(column) }
}

/// A quantity in each repeat of an experiment.
struct Repeats {
    struct One {
        var index: String
        var isValid: Bool
        var cells: [Cited]

        var value: Double? {
            func sum(_ part: Cited.Part) -> Double? {
                let own = cells.filter { $0.part == part }.map(\.value)
                return own.contains(nil) ? nil : own.compactMap { $0 }.reduce(0, +)
            }
            guard let plus = sum(.plus), let minus = sum(.minus), let over = sum(.over) else { return nil }
            let factors = cells.filter { $0.part == .times }.map(\.value)
            guard !factors.contains(nil) else { return nil }
            let difference = factors.compactMap { $0 }.reduce(plus - minus, *)
            guard cells.contains(where: { $0.part == .over }) else { return difference }
            return over > 0 ? difference / over : nil
        }
    }

    var all: [One]

    static func + (left: Self, right: Self) -> Self { left.with(right, as: .plus) }
    static func - (left: Self, right: Self) -> Self { left.with(right, as: .minus) }
    static func / (left: Self, right: Self) -> Self { left.with(right, as: .over) }
    /// By one plain column.
    static func * (left: Self, right: Self) -> Self { left.with(right, as: .times) }

    /// Puts the quantities of equal repeats together; `part` says what becomes of the plain cells of the other one.
    private func with(_ other: Self, as part: Cited.Part) -> Self {
        let flipped: [Cited.Part: Cited.Part] = [.plus: part, .minus: part == .minus ? .plus : .minus]
        return Self(
            all: all.compactMap { one in
                guard let match = other.all.first(where: { $0.index == one.index }) else { return nil }
                let added = match.cells.map { cell in
                    Cited(row: cell.row, column: cell.column, part: flipped[cell.part] ?? cell.part)
                }
                return One(
                    index: one.index, isValid: one.isValid && match.isValid, cells: one.cells + added)
            })
    }

    /// The geometric mean of the repeats with its Student interval, of those that may be used where there are two.
    ///
    /// Differences may be negative: their mean is the arithmetic one.
    func figure(_ name: String, _ unit: String) throws(UnmeasuredError) -> Figure {
        let valid = all.filter(\.isValid)
        let used = valid.count > 1 ? valid : all
        let values = used.compactMap(\.value)
        guard values.count == used.count, values.count > 1 else {
            throw UnmeasuredError("fewer than two repeats tell \(name)")
        }
        let mean = Self.mean(values)
        let isDifference = used.contains { $0.cells.contains { $0.part == .minus } }
        let interval =
            isDifference
            ? StudentInterval.ofMean(values) : StudentInterval.ofWhole(mean, parts: values)
        return Figure(
            name: name, unit: unit, value: isDifference ? Self.arithmetic(values) : mean,
            interval: interval ?? Interval(low: mean, high: mean), cells: used.flatMap(\.cells),
            isValid: used.allSatisfy(\.isValid))
    }

    private static func arithmetic(_ values: [Double]) -> Double {
        values.reduce(0, +) / Double(values.count)
    }

    private static func mean(_ values: [Double]) -> Double {
        guard values.allSatisfy({ $0 > 0 }) else { return arithmetic(values) }
        return exp(arithmetic(values.map { log($0) }))
    }
}

/// Why a claim could not be settled, in one phrase.
package struct UnmeasuredError: Error, CustomStringConvertible, Equatable {
    package var description: String

    package init(_ description: String) { self.description = description }
}

extension Evidence {
    /// Of each repeat one column of `throughput.csv`.
    func repeats(
        _ column: String, of strategy: String, in experiment: String
    ) throws(UnmeasuredError) -> Repeats {
        try repeats(rows("throughput.csv", of: experiment, strategy), column, strategy, experiment)
    }

    /// Of each repeat the p50 of the service time of an operation, in ns.
    func p50(
        _ strategy: String, _ operation: String = "authenticate", in experiment: String
    ) throws(UnmeasuredError) -> Repeats {
        try serviceTime("p50_ns", strategy, operation, in: experiment)
    }

    /// Of each repeat the p99 of the service time of a check, in ns.
    func p99(_ strategy: String, in experiment: String) throws(UnmeasuredError) -> Repeats {
        try serviceTime("p99_ns", strategy, "authenticate", in: experiment)
    }

    private func serviceTime(
        _ column: String, _ strategy: String, _ operation: String, in experiment: String
    ) throws(UnmeasuredError) -> Repeats {
        let own = rows(
            "latency.csv", of: experiment, strategy, where: ["operation": operation, "clock": "service"])
        return try repeats(own, column, strategy, experiment)
    }

    /// CPU time of the service and the store's process for one operation, in µs.
    func cpu(_ strategy: String, in experiment: String) throws(UnmeasuredError) -> Repeats {
        try repeats("cpu_us_per_op", of: strategy, in: experiment)
            + repeats("store_cpu_us_per_op", of: strategy, in: experiment)
    }

    private func repeats(
        _ rows: [Row], _ column: String, _ strategy: String, _ experiment: String
    ) throws(UnmeasuredError) -> Repeats {
        guard !rows.isEmpty else { throw Self.missing(strategy, experiment) }
        let usable = Set(
            self.rows("throughput.csv", of: experiment, strategy, where: ["valid": "true"])
                .map { $0["repeat"] })
        return Repeats(
            all: rows.map { row in
                Repeats.One(
                    index: row["repeat"], isValid: usable.contains(row["repeat"]),
                    cells: [Cited(row: row, column: column, part: .plus)])
            })
    }

    /// A figure that stands in one row, with its own interval where the file has one.
    func stated(
        _ name: String, _ unit: String, _ file: String, of experiment: String, _ strategy: String,
        where fields: KeyValuePairs<String, String> = [:], _ column: String, low: String? = nil,
        high: String? = nil
    ) throws(UnmeasuredError) -> Figure {
        guard let row = rows(file, of: experiment, strategy, where: fields).first else {
            throw Self.missing(strategy, experiment)
        }
        guard let value = row.number(column) else {
            throw UnmeasuredError("\(column) of \(strategy) is blank: \(row["reason"])")
        }
        var (cells, ends) = ([Cited(row: row, column: column, part: .plus)], (value, value))
        if let low, let end = row.number(low) {
            cells.append(Cited(row: row, column: low, part: .low))
            ends.0 = end
        }
        if let high, let end = row.number(high) {
            cells.append(Cited(row: row, column: high, part: .high))
            ends.1 = end
        }
        return Figure(
            name: name, unit: unit, value: value, interval: Interval(low: ends.0, high: ends.1), cells: cells)
    }

    private static func missing(_ strategy: String, _ experiment: String) -> UnmeasuredError {
        UnmeasuredError("the results have no \(strategy) of the experiment \(experiment)")
    }
}
