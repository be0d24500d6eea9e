import AuthCore
import AuthResults
import AuthStatistics

/// The values of a sweep, as `--over` names them.
struct SweepValues {
    var quantity: SweepTable.Quantity
    var points: [SweepTable.Point]

    private static let most = 100
    private static let form =
        "write a list such as 100,200,400, or a range with a step such as 100..10000 x2 or 100..10000 +100"

    /// - Parameter words: the quantity, its values, and the step of a range.
    /// - Throws: `CommandError` for what cannot be read.
    init(_ words: [String]) throws(CommandError) {
        quantity = try Self.quantity(words)
        guard words.count > 1 else { throw Self.fault("no values: \(Self.form)") }
        if words[1].contains("..") {
            points = try Self.range(words[1], Array(words.dropFirst(2)), quantity)
        } else {
            guard words.count == 2 else {
                throw Self.fault("\"\(words[2].printable)\" behind the values: \(Self.form)")
            }
            points = try Self.list(words[1], quantity)
        }
        for (index, point) in points.enumerated()
        where points[..<index].contains(where: { $0.value == point.value }) {
            throw Self.fault("\(point.text) is there twice: give each value once")
        }
    }

    static func quantity(_ words: [String]) throws(CommandError) -> SweepTable.Quantity {
        let names = SweepTable.Quantity.allCases.map(\.rawValue).joined(separator: ", ")
        guard let name = words.first else { throw fault("nothing to vary: choose one of \(names)") }
        guard let quantity = SweepTable.Quantity(rawValue: name) else {
            throw fault("unknown quantity \"\(name.printable)\": choose one of \(names)")
        }
        return quantity
    }

    private static func fault(_ text: String) -> CommandError { CommandError.usage("--over has \(text)") }

    private static func list(
        _ text: String, _ quantity: SweepTable.Quantity
    ) throws(CommandError) -> [SweepTable.Point] {
        var points: [SweepTable.Point] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false).map(String.init) {
            if quantity == .storeRTT, part == "direct" {
                points.append(SweepTable.Point(quantity, part, value: nil))
            } else {
                points.append(SweepTable.Point(quantity, part, value: try value(part, quantity)))
            }
        }
        return points
    }

    /// The ends of a range `100..10000`, without a step.
    static func ends(
        _ text: String, _ quantity: SweepTable.Quantity
    ) throws(CommandError) -> ClosedRange<Double> {
        let ends = text.split(separator: "..", omittingEmptySubsequences: false).map(String.init)
        guard ends.count == 2 else { throw fault("\"\(text.printable)\": \(form)") }
        let (low, high) = (try value(ends[0], quantity), try value(ends[1], quantity))
        guard low < high else {
            throw fault("an empty range, \(text.printable): write the lower end first")
        }
        return low...high
    }

    private static func range(
        _ text: String, _ steps: [String], _ quantity: SweepTable.Quantity
    ) throws(CommandError) -> [SweepTable.Point] {
        let ends = try ends(text, quantity)
        guard steps.count == 1, let sign = steps[0].first, sign == "x" || sign == "+" else {
            throw fault("a range without a step, \(text.printable): add one such as x2 or +100")
        }
        let step = String(steps[0].dropFirst())
        let size = sign == "x" ? Double(step) : try value(step, quantity)
        guard let size, size.isFinite, sign == "x" ? size > 1 && ends.lowerBound > 0 : size > 0 else {
            throw fault("the step \(steps[0].printable), which leads nowhere: give one such as x2 or +100")
        }
        var (points, next) = ([SweepTable.Point](), ends.lowerBound)
        while next <= ends.upperBound * (1 + 1e-9) {
            guard points.count < most else { throw fault("more than \(most) values: give a greater step") }
            let text = Self.text(next, quantity)
            points.append(SweepTable.Point(quantity, text, value: try value(text, quantity)))
            next = sign == "x" ? next * size : next + size
        }
        return points
    }

    private static func value(
        _ text: String, _ quantity: SweepTable.Quantity
    ) throws(CommandError) -> Double {
        let (value, example): (Double?, String) =
            switch quantity {
            case .rate: (Double(text).flatMap { Arrival.rates.contains($0) ? $0 : nil }, "500, per second")
            case .clients, .population: (Int(text).flatMap { $0 > 0 ? Double($0) : nil }, "16")
            case .payload: (MemorySize(argument: text).map { Double($0.bytes) }, "512 or 4KiB")
            case .storeRTT:
                ((try? StoreRTT(text) { CommandError.usage($0) }).map { Double($0.time_ns) }, "200us or 1ms")
            case .cache, .accessLifetime:
                (StrategyParameters.milliseconds(text).map { Double($0) }, "500ms, 5s or 15m")
            }
        guard let value else {
            throw fault("\"\(text.printable)\" for \(quantity.rawValue): give a value such as \(example)")
        }
        return value
    }

    /// A value that a range came to, as a command line takes it.
    static func text(_ value: Double, _ quantity: SweepTable.Quantity) -> String {
        switch quantity {
        case .rate: number(CapacitySearch.rounded(value))
        case .clients, .population, .payload: number(value.rounded())
        case .storeRTT: value == 0 ? "0" : "\(number(value.rounded() / 1000))us"
        case .cache, .accessLifetime: time(value.rounded())
        }
    }

    /// Milliseconds in the largest unit of which they are a whole number.
    private static func time(_ value_ms: Double) -> String {
        let units = [("h", 3_600_000.0), ("m", 60_000.0), ("s", 1000.0)]
        let (unit, size) =
            units.first { value_ms > 0 && value_ms.truncatingRemainder(dividingBy: $0.1) == 0 } ?? ("ms", 1)
        return number(value_ms / size) + unit
    }

    /// Without a point where it is whole.
    static func number(_ value: Double) -> String {
        value == value.rounded() ? value.formatted(digits: 0) : String(value)
    }
}
