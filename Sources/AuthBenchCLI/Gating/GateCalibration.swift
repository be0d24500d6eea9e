import Dispatch

/// A fixed piece of work, timed once a block: says how fast the machine was at that moment, whatever is compared.
struct GateCalibration {
    /// 4 MiB: beyond the second-level caches.
    private var memory = [UInt64](repeating: 1, count: 1 << 19)

    /// Computes and walks through memory, a few milliseconds long.
    ///
    /// - Returns: the time it took, in nanoseconds.
    mutating func measure() -> UInt64 {
        let start_ns = DispatchTime.now().uptimeNanoseconds
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for _ in 0..<1_000_000 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            memory[Int(truncatingIfNeeded: state & 0x7FFFF)] &+= state
        }
        return DispatchTime.now().uptimeNanoseconds - start_ns
    }
}
