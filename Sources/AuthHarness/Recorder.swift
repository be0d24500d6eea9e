import AuthCore
import Histogram
import Synchronization

/// Times and decisions of one client: one histogram for each kind of operation, made before the clock starts
/// and used for all strategies in turn.
struct Recorder {
    /// Longer times count as this one; no operation outlives a store's timeout.
    static let longest_ns: UInt64 = 60_000_000_000

    private var histograms: [Histogram<UInt64>]
    private(set) var tallies: [Tally]
    var firstError: String?

    /// - Parameter kinds: those that will be recorded; the others get no memory to speak of.
    init(_ kinds: Set<OperationKind>) {
        // Each made by itself: equal ones would share their storage until the first record copies it.
        histograms = OperationKind.allCases.map { kind in
            Histogram<UInt64>(
                highestTrackableValue: kinds.contains(kind) ? Self.longest_ns : 2,
                numberOfSignificantValueDigits: .three)
        }
        tallies = Array(repeating: Tally(), count: histograms.count)
    }

    mutating func reset() {
        for kind in histograms.indices where tallies[kind] != Tally() {
            histograms[kind].reset()
            tallies[kind] = Tally()
        }
        firstError = nil
    }

    @inline(__always)
    mutating func record(_ kind: OperationKind, _ time_ns: UInt64, _ verdict: Verdict) {
        let index = Int(kind.rawValue)
        _ = histograms[index].record(min(time_ns, Self.longest_ns))
        tallies[index].completed &+= 1
        switch verdict {
        case .done: break
        case .accepted: tallies[index].accepted &+= 1
        case .refused: tallies[index].refused &+= 1
        case .falseAccept:
            tallies[index].accepted &+= 1
            tallies[index].falseAccepts &+= 1
        case .falseReject:
            tallies[index].refused &+= 1
            tallies[index].falseRejects &+= 1
        case .staleAccept:
            tallies[index].accepted &+= 1
            tallies[index].staleAccepts &+= 1
        }
    }

    mutating func record(_ kind: OperationKind, error: any Error) {
        tallies[Int(kind.rawValue)].errors &+= 1
        if firstError == nil { firstError = "\(kind.name): \(error)" }
    }

    /// What was recorded, as values; kinds that never occurred are left out.
    func operations() -> [OperationMeasurement] {
        OperationKind.allCases.compactMap { kind in
            let index = Int(kind.rawValue)
            guard tallies[index] != Tally() else { return nil }
            return OperationMeasurement(
                kind: kind, service: LatencyHistogram(histograms[index]), tally: tallies[index])
        }
    }
}

extension LatencyHistogram {
    init(_ histogram: Histogram<UInt64>) {
        self.init(
            histogram.recordedValues().map { value in
                let width = histogram.sizeOfEquivalentRangeForValue(value.value)
                let lower_ns = value.value / width * width
                return Bucket(lower_ns: lower_ns, upper_ns: lower_ns + width - 1, count: value.count)
            })
    }
}

/// The recorder of one client as it is handed from strategy to strategy; locked once a phase, never in one.
final class RecorderBox: Sendable {
    let recorder: Mutex<Recorder>

    init(_ kinds: Set<OperationKind>) { recorder = Mutex(Recorder(kinds)) }
}
