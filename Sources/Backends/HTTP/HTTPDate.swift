/// The moment of an answer as a field has it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
package struct HTTPDate: Sendable {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private var second: Int64?
    /// The whole line, made once a second.
    private var line: [UInt8] = []

    package init() {}

    /// Appends the line of a moment, in seconds since 1970.
    package mutating func append(_ second: Int64, to fields: inout [UInt8]) {
        if self.second != second {
            (self.second, line) = (second, Array("Date: \(Self.text(second))\r\n".utf8))
        }
        fields.append(contentsOf: line)
    }

    /// - Parameter second: since 1970, not before.
    static func text(_ second: Int64) -> String {
        let (day, rest) = (second / 86_400, second % 86_400)
        // Days of the calendar that begins with March (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
        let shifted = day + 719_468
        let (era, ofEra) = (shifted / 146_097, shifted % 146_097)
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let ofMonth = ofYear - (153 * month + 2) / 5 + 1
        let index = Int(month < 10 ? month + 2 : month - 10)
        let written = era * 400 + year + (index < 2 ? 1 : 0)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let time = "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
        return "\(days[Int(day % 7)]), \(two(ofMonth)) \(months[index]) \(written) \(time) GMT"
    }
}
