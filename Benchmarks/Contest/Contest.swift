import HotPaths

/// Two contestants that take turns in short slices, so that whatever the machine does meets both.
///
/// The slices go ours, theirs, theirs, ours: a drift that is even over the four cancels out, and the median over many
/// fours is not moved by the few in which something happened. Where both run on one thread, one round after the other
/// is bound to the next processor, because those of a shared machine may run at different speeds.
public final class Contest {
    private let ours: Contestant
    private let theirs: Contestant
    private let counts: (ours: Int, theirs: Int)
    private let fours: Int
    private let bind: (_ round: Int) -> Void
    private var rounds = 0

    /// What one round came to.
    public struct Round {
        /// Our time per operation as a multiple of theirs.
        public var ratio: Double
        /// Nanoseconds per operation, the median of the slices.
        public var ours_ns: Double
        public var theirs_ns: Double
    }

    /// - Parameters:
    ///   - ours: counted above the line.
    ///   - theirs: counted below it.
    ///   - slice_ns: how long a slice is, about.
    ///   - fours: how many fours of slices are a round.
    ///   - bind: chooses the processors before each round; by default one after the other for the whole process.
    /// - Throws: what a contestant throws.
    public init(
        _ ours: Contestant, against theirs: Contestant, slice_ns: UInt64 = 2_500_000, fours: Int = 25,
        bind: @escaping (_ round: Int) -> Void = Processors.bind(turn:)
    ) throws {
        self.ours = ours
        self.theirs = theirs
        self.fours = fours
        self.bind = bind
        bind(0)
        counts = (try ours.count(lasting: slice_ns), try theirs.count(lasting: slice_ns))
    }

    /// Runs one round.
    public func round() throws -> Round {
        bind(rounds)
        rounds += 1
        var (ratios, own, other) = ([Double](), [Double](), [Double]())
        for _ in 0..<fours {
            let first = Double(try ours.run(counts.ours)) / Double(counts.ours)
            let second = Double(try theirs.run(counts.theirs)) / Double(counts.theirs)
            let third = Double(try theirs.run(counts.theirs)) / Double(counts.theirs)
            let fourth = Double(try ours.run(counts.ours)) / Double(counts.ours)
            ratios.append(((first * fourth) / (second * third)).squareRoot())
            own += [first, fourth]
            other += [second, third]
        }
        return Round(ratio: median(ratios), ours_ns: median(own), theirs_ns: median(other))
    }
}

/// The middle value, or the mean of the two in the middle.
private func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
