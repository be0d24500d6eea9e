import AuthCore

/// The parts of the timed loop one at a time, so that the cost of each can be seen.
package struct HarnessParts {
    private var counts = BucketCounts(histograms: 1)
    private var desk: Desk
    private let timepiece: Timepiece

    /// - Parameters:
    ///   - trace: what is stepped through.
    ///   - timepiece: what is read.
    package init(_ trace: Trace, timepiece: Timepiece) {
        desk = Desk(trace, client: 0, promise: .immediate)
        self.timepiece = timepiece
    }

    /// Records times between 1 and 2 µs.
    package mutating func record(_ range: Range<Int>) {
        for index in range { counts.record(1000 &+ UInt64(truncatingIfNeeded: index) & 1023, in: 0) }
    }

    /// How many times have been recorded.
    package var recorded: Int { Int(counts.histogram(0).count) }

    /// Reads the clock.
    ///
    /// - Returns: how often it had not gone backwards.
    package func readClock(_ range: Range<Int>) -> Int {
        var (right, last_ns) = (0, timepiece.now_ns)
        for _ in range {
            let now_ns = timepiece.now_ns
            if now_ns >= last_ns { right &+= 1 }
            last_ns = now_ns
        }
        return right
    }

    /// Goes from one operation of the trace to the next.
    ///
    /// - Returns: how many operations lay within the trace's time.
    package mutating func step(_ range: Range<Int>) -> Int {
        let operations = desk.operations
        var right = 0
        for _ in range {
            let now = desk.clock.instant(of: operations[desk.cursor], lap: desk.lap)
            if now >= .traceStart { right &+= 1 }
            desk.advance()
        }
        return right
    }
}
