import Foundation

/// Wall-clock time for names and records; nothing is measured with it.
enum RunClock {
    /// `2026-11-21T08:45:00Z`.
    static func timestamp(_ date: Date = Date()) -> String {
        date.ISO8601Format()
    }

    /// `20261121T084500.123Z-mixed`: sorts by time, and two runs of one second differ.
    static func identifier(_ workload: String, _ date: Date = Date()) -> String {
        let milliseconds = Int(date.timeIntervalSince1970 * 1000) % 1000
        let second = timestamp(date).filter { $0 != "-" && $0 != ":" && $0 != "Z" }
        let fraction = String(milliseconds + 1000).dropFirst()
        let name = workload.map { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "_" }
        return "\(second).\(fraction)Z-\(String(name))"
    }
}
