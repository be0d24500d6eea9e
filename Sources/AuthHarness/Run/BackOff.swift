import AuthCore

/// How long a client of a closed loop waits after an error, like a user who is told to try again later.
///
/// A store that refuses answers within microseconds. A client that went on at once would count how fast it can fail, and
/// not how many requests its users would have made. So it waits up to 1 ms after the first error, up to twice as long
/// after each that follows, and never longer than 250 ms. The first decision ends that. Each time is drawn evenly from 0
/// on ("full jitter"), so clients that failed together do not come back together.
struct BackOff: Sendable {
    static let shortest_ns: UInt64 = 1_000_000
    static let longest_ns: UInt64 = 250_000_000
    /// A client that is to do a number of operations does not do the rest after so long without a decision.
    static let patience_ns: UInt64 = 5_000_000_000

    /// The same for the same client in each run.
    private var random: RandomSource
    /// How long the pause under way may be; 0 before the first error.
    private var limit_ns: UInt64 = 0
    /// When the first of the errors in a row began.
    private var first_ns: UInt64 = 0
    /// When the last pause ended.
    private var resumed_ns: UInt64 = 0

    /// - Parameter client: its number among all clients, so that no two draw the same times.
    init(client: Int) { random = RandomSource(seed: 0xBAC0_FF, stream: UInt64(client)) }

    /// Waits after an operation that decided nothing.
    ///
    /// A loop calls it for errors only, so decisions cost nothing: an error follows another one where its operation began
    /// at the moment when the last pause ended.
    ///
    /// - Parameters:
    ///   - began_ns: when the operation began.
    ///   - end_ns: when the phase ends, and the pause at the latest.
    ///   - monotonic: the clock.
    ///   - stop: ends the pause.
    /// - Returns: when the client goes on.
    @inline(never)
    mutating func pause(
        after began_ns: UInt64, until end_ns: UInt64, by monotonic: MonotonicClock, stop: StopFlag
    ) -> UInt64 {
        let isAnother = limit_ns > 0 && began_ns == resumed_ns
        limit_ns = isAnother ? min(Self.longest_ns, 2 * limit_ns) : Self.shortest_ns
        if !isAnother { first_ns = began_ns }
        let pause_ns = UInt64.random(in: 0...limit_ns, using: &random)
        monotonic.rest(until_ns: min(monotonic.now_ns &+ pause_ns, end_ns), stop: stop)
        resumed_ns = monotonic.now_ns
        return resumed_ns
    }

    /// Whether the last error was one of a row that is longer than a client has patience for.
    ///
    /// A phase with a duration ends anyway; one of 100 000 operations would take hours of pauses.
    func isHopeless(in phase: Phase) -> Bool {
        !phase.counts.isEmpty && resumed_ns &- first_ns > Self.patience_ns
    }
}
