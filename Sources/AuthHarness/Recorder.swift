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
    /// CPU time of the client's thread meanwhile.
    var cpu_ns: UInt64 = 0
    /// Last-seen moments that the strategy could not write meanwhile.
    var touchFailures = 0
    /// What the strategy sent to its store meanwhile.
    var storeCommands = 0
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
        (lateOperations, backlog, slice) = (0, 0, 0)
        errors = ErrorKinds()
        touchFailures = 0
        storeCommands = 0
    }

    @inline(__always)
    mutating func record(_ kind: OperationKind, _ time_ns: UInt64, _ verdict: Verdict) {
        counts.record(time_ns, in: place(of: kind, slice))
        tallies[Int(kind.rawValue)].count(verdict)
        unbeaten_ns &+= time_ns
        if unbeaten_ns > Self.beat_ns { beat() }
    }

    private mutating func beat() {
        unbeaten_ns = 0
        pulse?.beat()
    }

    /// Records an operation of an open loop.
    mutating func record(
        _ kind: OperationKind, service_ns: UInt64, response_ns: UInt64, _ verdict: Verdict
    ) {
        record(kind, service_ns, verdict)
        counts.record(response_ns, in: place(of: kind, Phase.slices + slice))
    }

    mutating func record(_ kind: OperationKind, error: any Error) {
        tallies[Int(kind.rawValue)].errors &+= 1
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
    mutating func count(_ verdict: Verdict) {
        completed &+= 1
        switch verdict {
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
