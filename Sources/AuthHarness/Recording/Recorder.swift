import AuthCore
import Synchronization

/// Times and decisions of one client in one phase: for each slice and kind of operation a histogram of service
/// times, and in an open loop one of response times; made before the clock starts and used for all strategies
/// in turn.
struct Recorder {
    private var counts: BucketCounts
    private(set) var tallies: [Tally]
    private(set) var lateOperations: UInt64 = 0
    private(set) var backlog: UInt64 = 0
    var errors = ErrorKinds()
    /// When the client's own first operation began and its last one ended.
    var span_ns: Range<UInt64> = 0..<0
    /// What of that time errors took in a closed loop, and the pauses after them.
    var undecided_ns: UInt64 = 0
    /// CPU time of the client's thread meanwhile.
    var cpu_ns: UInt64 = 0
    /// Last-seen moments that the strategy could not write meanwhile.
    var touchFailures = 0
    /// What the strategy sent to its store meanwhile.
    var storeCommands = 0
    /// How often it waited for a store in another process meanwhile.
    var storeRoundTrips = 0
    private(set) var upkeep = Upkeep()
    /// The slice that is going on.
    var slice = 0
    /// Beats about every 50 ms of operations, however long each is.
    var pulse: Pulse?
    private var unbeaten_ns: UInt64 = 0
    private static let beat_ns: UInt64 = 50_000_000

    /// For each kind the place of its histogram within a slice.
    private let places: [Int]
    private let kinds: Int
    let isOpenLoop: Bool
    private let lagHistogram: Int

    /// - Parameters:
    ///   - kinds: those that will be recorded.
    ///   - isOpenLoop: whether there are response times and a schedule.
    init(_ kinds: Set<OperationKind>, isOpenLoop: Bool) {
        self.kinds = kinds.count
        self.isOpenLoop = isOpenLoop
        var next = 0
        places = OperationKind.allCases.map { kind in
            guard kinds.contains(kind) else { return 0 }
            defer { next += 1 }
            return next
        }
        lagHistogram = Phase.slices * kinds.count * (isOpenLoop ? 2 : 1)
        counts = BucketCounts(histograms: lagHistogram + (isOpenLoop ? 1 : 0))
        tallies = Array(repeating: Tally(), count: OperationKind.allCases.count)
    }

    mutating func reset() {
        counts.reset()
        for kind in tallies.indices { tallies[kind] = Tally() }
        (lateOperations, backlog, slice, undecided_ns) = (0, 0, 0, 0)
        errors = ErrorKinds()
        touchFailures = 0
        (storeCommands, storeRoundTrips) = (0, 0)
        upkeep = Upkeep()
    }

    /// What was done beside the trace's operations so that users stay signed in; it is among the tallies too.
    struct Upkeep {
        var completed: UInt64 = 0
        var errors: UInt64 = 0

        var sum: UInt64 { completed + errors }
    }

    @inline(__always)
    mutating func record(_ step: ClientState.Step, _ time_ns: UInt64, _ judgement: Judgement) {
        let kind = step.operation.kind
        counts.record(time_ns, in: place(of: kind, slice))
        tallies[Int(kind.rawValue)].count(judgement)
        if step.isUpkeep { upkeep.completed &+= 1 }
        unbeaten_ns &+= time_ns
        if unbeaten_ns > Self.beat_ns { beat() }
    }

    private mutating func beat() {
        unbeaten_ns = 0
        pulse?.beat()
    }

    /// Records an operation of an open loop.
    mutating func record(
        _ step: ClientState.Step, service_ns: UInt64, response_ns: UInt64, _ judgement: Judgement
    ) {
        record(step, service_ns, judgement)
        counts.record(response_ns, in: place(of: step.operation.kind, Phase.slices + slice))
    }

    mutating func record(_ step: ClientState.Step, error: any Error) {
        let kind = step.operation.kind
        tallies[Int(kind.rawValue)].errors &+= 1
        if step.isUpkeep { upkeep.errors &+= 1 }
        errors.note("\(kind.name): \(error)")
        beat()
    }

    mutating func recordLag(_ time_ns: UInt64) { counts.record(time_ns, in: lagHistogram) }

    mutating func recordLate(isBacklog: Bool) {
        lateOperations &+= 1
        if isBacklog { backlog &+= 1 }
    }

    @inline(__always)
    private func place(of kind: OperationKind, _ slice: Int) -> Int {
        slice &* kinds &+ places[Int(kind.rawValue)]
    }

    var scheduleLag: LatencyHistogram { counts.histogram(lagHistogram) }

    /// The service times of one kind, slice by slice.
    func service(_ kind: OperationKind) -> [LatencyHistogram] {
        (0..<Phase.slices).map { counts.histogram(place(of: kind, $0)) }
    }

    /// The response times of one kind, slice by slice; `nil` in a closed loop.
    func response(_ kind: OperationKind) -> [LatencyHistogram]? {
        guard isOpenLoop else { return nil }
        return (0..<Phase.slices).map { counts.histogram(place(of: kind, Phase.slices + $0)) }
    }

    func tally(_ kind: OperationKind) -> Tally { tallies[Int(kind.rawValue)] }
}

extension Tally {
    @inline(__always)
    mutating func count(_ judgement: Judgement) {
        completed &+= 1
        switch judgement {
        case .done: break
        case .accepted: accepted &+= 1
        case .refused: refused &+= 1
        case .falseAccept:
            accepted &+= 1
            falseAccepts &+= 1
        case .falseReject:
            refused &+= 1
            falseRejects &+= 1
        case .staleAccept:
            accepted &+= 1
            staleAccepts &+= 1
        }
    }
}

/// The recorder of one client as it is handed from strategy to strategy; locked once a phase, never in one.
final class RecorderBox: Sendable {
    let recorder: Mutex<Recorder>

    init(_ kinds: Set<OperationKind>, isOpenLoop: Bool) {
        recorder = Mutex(Recorder(kinds, isOpenLoop: isOpenLoop))
    }
}

extension Trace {
    /// The kinds that a client may have to record, whichever strategy replays the trace.
    func recordedKinds(of client: ClientTrace) -> Set<OperationKind> {
        Set(client.operations.map(\.kind)).union(userRate_perSecond == nil ? [.login] : [.login, .renew])
    }
}

/// The counts of many histograms with the layout of `BucketLayout`, in one block of memory.
///
/// A client needs hundreds of histograms, each of which is nearly empty, so a histogram is a tree that gets
/// memory for those leaves only into which a time has fallen: a root for each of its stretches of 1024 buckets, a
/// node of 64 leaves, a leaf of 16 buckets.
struct BucketCounts {
    private static let leaf = 16
    private static let leaves = 64
    private static let stretches = (BucketLayout.count + leaf * leaves - 1) / (leaf * leaves)

    /// For each histogram where the node of each of its stretches begins in `pool`; 0 for one that has none.
    private var roots: [UInt32]
    /// Nodes, whose entries say where their leaves begin, and leaves, whose entries count.
    ///
    /// The first entry belongs to nobody. No count overflows: the limits of a run keep a slice below 2^32 operations of one client.
    private var pool: [UInt32] = [0]

    init(histograms: Int) {
        roots = Array(repeating: 0, count: histograms * Self.stretches)
        // So that the timed loop does not run into the first few reallocations.
        pool.reserveCapacity(1 << 16)
    }

    @inline(__always)
    mutating func record(_ time_ns: UInt64, in histogram: Int) {
        let bucket = BucketLayout.index(of: min(time_ns, BucketLayout.longest_ns))
        let root = histogram &* Self.stretches &+ bucket >> 10
        var node = Int(roots[root])
        if node == 0 {
            node = grow(by: Self.leaves)
            roots[root] = UInt32(truncatingIfNeeded: node)
        }
        let place = node &+ bucket >> 4 & 63
        var leaf = Int(pool[place])
        if leaf == 0 {
            leaf = grow(by: Self.leaf)
            pool[place] = UInt32(truncatingIfNeeded: leaf)
        }
        pool[leaf &+ bucket & 15] &+= 1
    }

    @inline(never)
    private mutating func grow(by entries: Int) -> Int {
        let start = pool.count
        pool.append(contentsOf: repeatElement(0, count: entries))
        return start
    }

    /// Makes all histograms empty and keeps the memory.
    mutating func reset() {
        for root in roots.indices { roots[root] = 0 }
        pool.removeLast(pool.count - 1)
    }

    func histogram(_ histogram: Int) -> LatencyHistogram {
        var buckets: [LatencyHistogram.Bucket] = []
        for stretch in 0..<Self.stretches {
            let node = Int(roots[histogram * Self.stretches + stretch])
            guard node > 0 else { continue }
            for leaf in 0..<Self.leaves where pool[node + leaf] > 0 {
                let start = Int(pool[node + leaf])
                for offset in 0..<Self.leaf where pool[start + offset] > 0 {
                    let index = (stretch * Self.leaves + leaf) * Self.leaf + offset
                    buckets.append(.init(index: index, count: UInt64(pool[start + offset])))
                }
            }
        }
        return LatencyHistogram(buckets)
    }
}

/// The parts of the timed loop one at a time, so that the cost of each can be seen.
package struct HarnessParts {
    private var counts = BucketCounts(histograms: 1)
    private var state: ClientState
    private let monotonic: MonotonicClock

    /// - Parameters:
    ///   - trace: what is stepped through.
    ///   - monotonic: what is read.
    package init(_ trace: Trace, monotonic: MonotonicClock) {
        state = ClientState(trace, client: 0, promise: .immediate)
        self.monotonic = monotonic
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
        var (right, last_ns) = (0, monotonic.now_ns)
        for _ in range {
            let now_ns = monotonic.now_ns
            if now_ns >= last_ns { right &+= 1 }
            last_ns = now_ns
        }
        return right
    }

    /// Goes from one operation of the trace to the next.
    ///
    /// - Returns: how many operations lay within the trace's time.
    package mutating func step(_ range: Range<Int>) -> Int {
        var right = 0
        for _ in range {
            let step = state.step
            if state.instant(of: step) >= .traceStart { right &+= 1 }
            state.advance(after: step)
        }
        return right
    }
}
