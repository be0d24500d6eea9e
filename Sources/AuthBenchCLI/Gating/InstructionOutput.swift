/// What Callgrind writes (https://valgrind.org/docs/manual/cl-format.html).
enum InstructionOutput {
    /// The instructions counted in the whole run.
    ///
    /// - Returns: `nil` for a text that is no complete output with the event `Ir`.
    static func total(_ text: String) -> UInt64? {
        var events: [Substring] = []
        var totals: [Substring] = []
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("events:") { events = line.split(separator: " ").dropFirst().map(\.self) }
            // The last part stands at the end of the file: one that is cut short has no totals.
            if line.hasPrefix("totals:") { totals = line.split(separator: " ").dropFirst().map(\.self) }
        }
        guard let place = events.firstIndex(of: "Ir"), place < totals.count else { return nil }
        return UInt64(totals[place])
    }
}
