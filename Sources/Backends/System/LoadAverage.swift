/// How many threads ran or waited to run, on average (proc_loadavg(5)).
package struct LoadAverage: Sendable, Equatable {
    package var oneMinute: Double
    package var fiveMinutes: Double
    package var fifteenMinutes: Double

    /// Reads the text of `/proc/loadavg`; `nil` for anything else.
    package init?(_ text: String) {
        let numbers = text.split(whereSeparator: \.isWhitespace).prefix(3).compactMap { Double($0) }
        guard numbers.count == 3 else { return nil }
        (oneMinute, fiveMinutes, fifteenMinutes) = (numbers[0], numbers[1], numbers[2])
    }
}
