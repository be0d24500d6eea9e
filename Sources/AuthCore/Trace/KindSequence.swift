/// How often each kind of operation comes in a client's lap.
struct KindCounts {
    /// Pairs of a sign-out and the sign-in of somebody who was out.
    var returns = 0
    /// All others by kind; a sign-in among them is one on a second device, and no sign-out is.
    var others: [Int] = []

    var sum: Int { others.reduce(2 * returns, +) }
}

/// The kinds of a client's operations in their order: each kind spread evenly over the lap, at random within its turns.
///
/// A kind that comes n times has one turn in each nth of the lap, so every stretch of a lap has the mix of the whole
/// to about one operation. A slow strategy, which sees the beginning of a lap, does the same work as a fast one.
struct KindSequence {
    enum Step {
        /// One of so many that are left in the lap.
        case signOut(left: Int)
        /// Somebody who was out comes back; one of so many that are left in the lap.
        case signBackIn(left: Int)
        case other(OperationKind)
    }

    /// One kind's turns; the last of a lap may end in the next, and so begin this one.
    private struct Turns {
        let count: Int
        /// The part of a turn in which it comes.
        let part: Range<Double>
        /// How far the first turn begins after the lap: clients that all began alike would do the same at once.
        let offset: Double
        private var done = 0
        private var last: Double
        /// When the next one comes, in laps; above 1 when there is none.
        private(set) var next = 2.0

        init(count: Int, part: Range<Double> = 0..<1, offset: Double, _ random: inout RandomSource) {
            (self.count, self.part, self.offset) = (count, part, offset)
            last = 0
            last = draw(&random)
            advance(&random)
        }

        var left: Int { count - done }

        private func draw(_ random: inout RandomSource) -> Double {
            offset + part.lowerBound + random.unit() * (part.upperBound - part.lowerBound)
        }

        mutating func take(_ random: inout RandomSource) {
            done += 1
            advance(&random)
        }

        private mutating func advance(_ random: inout RandomSource) {
            guard done < count else { return next = 2 }
            // The last one, where it reaches into the next lap, is the first one here.
            let turn = last >= 1 ? done - 1 : done
            let isLast = turn == -1 || turn == count - 1
            next = (Double(turn) + (isLast ? last : draw(&random))) / Double(count)
        }
    }

    private var turns: [Turns]
    private var random: RandomSource
    private static let kinds = OperationKind.allCases
    private static let (signOuts, signIns) = (kinds.count, kinds.count + 1)

    init(_ counts: KindCounts, seed: UInt64) {
        random = RandomSource(seed: seed)
        turns = []
        for count in counts.others {
            turns.append(Turns(count: count, offset: random.unit(), &random))
        }
        // Sign-outs and returns take turns, so that their number never drifts.
        let offset = random.unit()
        turns.append(Turns(count: counts.returns, part: 0..<0.5, offset: offset, &random))
        turns.append(Turns(count: counts.returns, part: 0.5..<1, offset: offset, &random))
    }

    mutating func next() -> Step {
        var first = 0
        for index in turns.indices where turns[index].next < turns[first].next { first = index }
        let left = turns[first].left
        turns[first].take(&random)
        switch first {
        case Self.signOuts: return .signOut(left: left)
        case Self.signIns: return .signBackIn(left: left)
        default: return .other(Self.kinds[first])
        }
    }
}
