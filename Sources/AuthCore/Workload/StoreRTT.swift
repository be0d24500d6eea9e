/// The time of a round trip to a store that is not next door.
package struct StoreRTT: Sendable, Equatable {
    package let time_ns: UInt64

    /// The greatest: once around the earth and back takes a third of it.
    package static let most_ns: UInt64 = 1_000_000_000

    /// Through a relay that does not delay.
    package static let zero = Self(time_ns: 0)

    private init(time_ns: UInt64) { self.time_ns = time_ns }

    /// Reads a number with its unit, `800us` or `0.8ms`; 0 needs none.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - fault: makes an error of what is wrong.
    /// - Throws: that error for another text.
    package init<Failure: Error>(_ text: String, fault: (String) -> Failure) throws(Failure) {
        let isZero = TimeText.number(text) == 0
        guard let given_ns = isZero ? 0 : TimeText.nanoseconds(text, in: ["us", "ms"]) else {
            throw fault("is \"\(text)\": give a time with its unit, such as 200us or 0.8ms, or 0")
        }
        let time_ns = given_ns.rounded()
        guard time_ns <= Double(Self.most_ns) else {
            throw fault("is \"\(text)\": give at most 1000ms")
        }
        self.time_ns = UInt64(time_ns)
    }

    /// Puts it among the bytes of a hash.
    func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "store-rtt".utf8)
        bytes.append(time_ns, count: 8)
    }

    /// As it is written in a workload file.
    package var text: String {
        if time_ns == 0 { return "0" }
        return time_ns % 1000 == 0 ? "\(time_ns / 1000)us" : "\(Double(time_ns) / 1000)us"
    }
}

/// How far away a store was while something was measured.
package struct StoreDistance: Sendable, Equatable {
    package var asked_ns: UInt64
    /// The time of half of the round trips; `nil` where nothing went.
    package var p50_ns: UInt64?
    package var p99_ns: UInt64?

    package init(asked_ns: UInt64, p50_ns: UInt64? = nil, p99_ns: UInt64? = nil) {
        (self.asked_ns, self.p50_ns, self.p99_ns) = (asked_ns, p50_ns, p99_ns)
    }
}

/// Times as people type them: decimal digits, perhaps with a point, and a unit.
package enum TimeText {
    private static let units = [
        ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]

    /// Reads a time with one of some units; `nil` for another text.
    package static func nanoseconds(_ text: String, in allowed: Set<String>) -> Double? {
        guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }), allowed.contains(unit) else {
            return nil
        }
        return number(text.dropLast(unit.count)).map { $0 * factor }
    }

    /// Reads digits with at most one point among them; `nil` for a sign, an exponent or anything else.
    package static func number(_ text: some StringProtocol) -> Double? {
        guard text.utf8.allSatisfy({ "0123456789.".utf8.contains($0) }) else { return nil }
        return Double(text)
    }
}
