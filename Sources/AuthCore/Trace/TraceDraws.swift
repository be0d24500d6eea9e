/// Draws an index with given weights by searching their running sums.
struct Sampler: Sendable {
    private var sums: [Double]

    /// Weights need not sum to 1.
    init(weights: some Sequence<Double>) {
        var sum = 0.0
        sums = weights.map { weight in
            sum += weight
            return sum
        }
    }

    func draw(_ random: inout RandomSource) -> Int {
        let target = random.unit() * (sums.last ?? 0)
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Deals the ranks of live sessions to clients, so that all requests together follow the skew of the workload
/// however many clients there are.
///
/// A client makes one request in `clients`, and by Zipf's law the first sessions get more than that. So the first
/// ranks are shared: every client presents their credentials, and nobody renews them or signs them out. All other
/// ranks belong to one client each. How often a client turns to the shared ones makes up for what its own weigh.
/// Weights are quotients, no powers, so that every C library gives the same trace.
struct RankDeal: Sendable {
    /// How many ranks all clients share: the least with which no client's own outweigh its part of the requests.
    let shared: Int
    private let population: Int
    private let clients: Int
    private let skew: Workload.Skew
    /// The sum of 1/r over all ranks.
    private let total: Double

    init(_ workload: Workload) {
        (population, clients, skew) = (workload.population, workload.clients, workload.skew)
        guard skew == .zipfian, clients > 1 else {
            shared = 0
            total = Self.harmonic(0, Self.live(population, clients, shared: 0))
            return
        }
        // As many as there are clients are always enough: the first weight left is below one client's part.
        var (low, high) = (1, clients)
        while low < high {
            let middle = (low + high) / 2
            if Self.isEnough(middle, population, clients) { high = middle } else { low = middle + 1 }
        }
        shared = low
        total = Self.harmonic(0, Self.live(population, clients, shared: low))
    }

    /// The sessions of one client: those not shared, in parts as even as can be.
    func sessions(of client: Int) -> Int { Self.sessions(population, clients, shared, client) }

    /// How many of them are signed out when a lap begins.
    func revoked(of client: Int) -> Int { Self.revoked(sessions(of: client)) }

    /// A sampler over the shared ranks.
    var sharedSampler: Sampler { Sampler(weights: (0..<shared).lazy.map { 1 / Double($0 + 1) }) }

    /// A sampler over a client's own ranks, and the part of its requests that goes to them.
    func own(of client: Int) -> (sampler: Sampler, share: Double) {
        let count = sessions(of: client) - revoked(of: client)
        guard skew == .zipfian else { return (Sampler(weights: repeatElement(1.0, count: count)), 1) }
        let weights = (0..<count).map { 1 / Double(Self.rank($0, client, clients, shared)) }
        let share = shared == 0 ? 1 : weights.reduce(0, +) * Double(clients) / total
        return (Sampler(weights: weights), min(1, share))
    }

    private static func isEnough(_ shared: Int, _ population: Int, _ clients: Int) -> Bool {
        let most = harmonic(0, live(population, clients, shared: shared)) / Double(clients)
        return (0..<clients).allSatisfy { client in
            let sessions = sessions(population, clients, shared, client)
            return (0..<(sessions - revoked(sessions))).reduce(0.0) {
                $0 + 1 / Double(rank($1, client, clients, shared))
            } <= most
        }
    }

    /// The rank, counted from 1, of a client's session: dealt in rounds, every other one backwards.
    private static func rank(_ place: Int, _ client: Int, _ clients: Int, _ shared: Int) -> Int {
        let seat = place % 2 == 0 ? client : clients - 1 - client
        return shared + place * clients + seat + 1
    }

    private static func sessions(_ population: Int, _ clients: Int, _ shared: Int, _ client: Int) -> Int {
        (population - shared) / clients + (client < (population - shared) % clients ? 1 : 0)
    }

    /// At least two, so that one can come back and one is left for probes.
    private static func revoked(_ sessions: Int) -> Int { max(2, sessions / 20) }

    private static func live(_ population: Int, _ clients: Int, shared: Int) -> Int {
        (0..<clients).reduce(shared) { sum, client in
            let sessions = sessions(population, clients, shared, client)
            return sum + sessions - revoked(sessions)
        }
    }

    private static func harmonic(_ first: Int, _ end: Int) -> Double {
        (first..<end).reduce(0.0) { $0 + 1 / Double($1 + 1) }
    }
}

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

/// Which of a client's sessions are live and which are revoked, changed in such a way that a lap ends as it began.
struct SlotStates {
    private var live: SlotSet
    private var revoked: SlotSet
    /// Those that were live when the lap began and are revoked now.
    private var gone: SlotSet
    /// Those that were revoked when the lap began and are live now.
    private var returned: SlotSet

    /// All live but `revoked` randomly chosen ones.
    init(count: Int, revoked revokedCount: Int, random: inout RandomSource) {
        live = SlotSet(capacity: count)
        revoked = live
        gone = live
        returned = live
        for slot in 0..<count { live.insert(slot) }
        for _ in 0..<revokedCount {
            let slot = live.any(&random)
            live.remove(slot)
            revoked.insert(slot)
        }
    }

    func isLive(_ slot: Int) -> Bool { live.contains(slot) }

    /// Makes a live slot revoked: any, until all of the lap's `left` sign-outs are needed to undo its sign-ins.
    mutating func revoke(left: Int, _ random: inout RandomSource) -> Int {
        let slot = returned.count >= left ? returned.any(&random) : live.any(&random)
        live.remove(slot)
        revoked.insert(slot)
        if returned.contains(slot) { returned.remove(slot) } else { gone.insert(slot) }
        return slot
    }

    /// Makes a revoked slot live: any, until all of the lap's `left` sign-ins are needed to undo its sign-outs.
    mutating func revive(left: Int, _ random: inout RandomSource) -> Int {
        let slot = gone.count >= left ? gone.any(&random) : revoked.any(&random)
        revoked.remove(slot)
        live.insert(slot)
        if gone.contains(slot) { gone.remove(slot) } else { returned.insert(slot) }
        return slot
    }

    func anyLive(_ random: inout RandomSource) -> Int { live.any(&random) }

    func anyRevoked(_ random: inout RandomSource) -> Int { revoked.any(&random) }
}

/// A set of slots with a random pick in constant time.
private struct SlotSet {
    private var slots: [UInt32] = []
    /// Where each slot stands in `slots`, counted from 1; 0 for one that is not in the set.
    private var places: [UInt32]

    init(capacity: Int) { places = Array(repeating: 0, count: capacity) }

    var count: Int { slots.count }

    func contains(_ slot: Int) -> Bool { places[slot] > 0 }

    func any(_ random: inout RandomSource) -> Int { Int(slots[random.below(slots.count)]) }

    mutating func insert(_ slot: Int) {
        slots.append(UInt32(slot))
        places[slot] = UInt32(slots.count)
    }

    mutating func remove(_ slot: Int) {
        let place = Int(places[slot]) - 1
        let last = slots.removeLast()
        if place < slots.count {
            slots[place] = last
            places[Int(last)] = UInt32(place + 1)
        }
        places[slot] = 0
    }
}
