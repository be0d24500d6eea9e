import AuthCore

/// How long the clients replay: until an operation count or a deadline, whichever comes first.
struct Phase: Sendable {
    /// Into how many slices a measurement is cut: enough for MSER-5 to have eight batches of five.
    static let slices = 40

    /// Operations for each client.
    var operations: Int
    /// When the gate opened.
    var start_ns: UInt64
    var duration_ns: UInt64
    /// Whether an open loop goes on after the end until all that was due is done; a warm-up does not.
    var isDrained: Bool

    var end_ns: UInt64 { start_ns &+ duration_ns }

    /// When a slice ends.
    func end_ns(ofSlice slice: Int) -> UInt64 {
        let slice_ns = duration_ns / UInt64(Self.slices)
        return slice == Self.slices - 1 ? end_ns : start_ns &+ slice_ns * UInt64(slice + 1)
    }

    /// How many operations of a client are left when a slice ends.
    func remaining(afterSlice slice: Int) -> Int {
        let (high, low) = operations.multipliedFullWidth(by: Self.slices - 1 - slice)
        return Self.slices.dividingFullWidth((high, low)).quotient
    }

    /// The slice in which a moment lies; what comes after the end is in the last one.
    func slice(at time_ns: UInt64) -> Int {
        let slice_ns = max(1, duration_ns / UInt64(Self.slices))
        return time_ns < start_ns ? 0 : Int(min(UInt64(Self.slices - 1), (time_ns - start_ns) / slice_ns))
    }
}
