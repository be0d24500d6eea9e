import AuthCore
import AuthStatistics

/// What an outage was for those who sent requests: all figures follow from the list of requests.
package struct OutageAssessment: Sendable {
    /// How long a slice of the time line is.
    package static let slice_ns: UInt64 = 100_000_000
    /// Over how much time a p99 must be as it was before the outage, to be normal again.
    package static let window_ns: UInt64 = 1_000_000_000
    /// Before the outage no more than this share may be late or undecided.
    static let mostTroubled_share = 0.01

    package let measurement: OutageMeasurement
    /// Answers later than this are late, in nanoseconds after they were due.
    package let limit_ns: UInt64

    /// The requests that were due while the store was away.
    private let away: [OutageRequest]
    /// The time line, made once: all rows are written anew with each new one.
    package private(set) var slices: [Slice] = []

    package init(_ measurement: OutageMeasurement, limit_ns: UInt64) {
        (self.measurement, self.limit_ns) = (measurement, limit_ns)
        away = measurement.requests.filter { measurement.fault_ns.contains($0.due_ns) }
        slices = makeSlices()
    }

    // MARK: While the store was away

    private func due(in time_ns: Range<UInt64>) -> [OutageRequest] {
        measurement.requests.filter { time_ns.contains($0.due_ns) }
    }

    package func isLate(_ request: OutageRequest) -> Bool {
        request.answer != .undecided && request.response_ns > limit_ns
    }

    private func isTroubled(_ request: OutageRequest) -> Bool {
        request.answer == .undecided || isLate(request)
    }

    /// Whether a request due before the outage was in trouble without it.
    ///
    /// One that was on its way when the outage began is the outage's, unless it was late already.
    private func wasTroubledBefore(_ request: OutageRequest) -> Bool {
        let begin_ns = measurement.fault_ns.lowerBound
        return request.end_ns < begin_ns ? isTroubled(request) : begin_ns - request.due_ns > limit_ns
    }

    package var dueWhileAway: Int { away.count }
    package var undecidedShare: Double? { share { $0.answer == .undecided } }
    package var lateShare: Double? { share(isLate) }
    /// Those that were decided in time.
    package var decidedShare: Double? { share { !isTroubled($0) } }

    private func share(_ holds: (OutageRequest) -> Bool) -> Double? {
        let all = away
        return all.isEmpty ? nil : Double(all.count(where: holds)) / Double(all.count)
    }

    /// From the beginning until the first request was told that nothing can be decided; `nil` where none was.
    package var firstError_ns: UInt64? {
        measurement.requests.filter {
            $0.answer == .undecided && $0.end_ns >= measurement.fault_ns.lowerBound
        }
        .map(\.end_ns).min().map { $0 - measurement.fault_ns.lowerBound }
    }

    // MARK: When the store was back

    /// The kinds of operation that the outage reached; a hybrid goes on authenticating, for instance.
    private var reachedKinds: Set<OperationKind> { Set(away.filter(isTroubled).map(\.kind)) }

    /// From the store's return until one of those was accepted; `nil` where none was reached, or none was accepted.
    package var firstGood_ns: UInt64? {
        let (kinds, back_ns) = (reachedKinds, measurement.fault_ns.upperBound)
        return measurement.requests
            .filter { kinds.contains($0.kind) && $0.answer == .accepted && $0.end_ns >= back_ns }
            .map(\.end_ns).min().map { $0 - back_ns }
    }

    /// The p99 of the responses before the outage.
    package var usualP99_ns: UInt64? {
        let before = due(in: 0..<measurement.fault_ns.lowerBound).filter { $0.answer != .undecided }
        return OrderStatistics.quantile(0.99, of: before.map(\.response_ns).sorted())
    }

    /// What is still normal afterwards: twice the usual p99, or a millisecond more.
    package var normal_ns: UInt64? { usualP99_ns.map { max(2 * $0, $0 + 1_000_000) } }

    /// From the store's return until the p99 of a second's requests was normal again; `nil` where it was not in time.
    package var normalAgain_ns: UInt64? {
        guard let normal_ns else { return nil }
        let back_ns = measurement.fault_ns.upperBound
        let after = measurement.requests.filter { $0.due_ns >= back_ns }
        // What is slow is one in so many of those in the window: a step of two pointers through the time after.
        var (last, slow) = (0, 0)
        func isSlow(_ request: OutageRequest) -> Bool {
            request.answer == .undecided || request.response_ns > normal_ns
        }
        for first in 0...after.count {
            let begin_ns = first == 0 ? back_ns : after[first - 1].due_ns + 1
            guard begin_ns + Self.window_ns <= measurement.duration_ns else { return nil }
            if first > 0, isSlow(after[first - 1]) { slow -= 1 }
            while last < after.count, after[last].due_ns < begin_ns + Self.window_ns {
                if isSlow(after[last]) { slow += 1 }
                last += 1
            }
            if last > first, slow * 100 <= last - first { return begin_ns - back_ns }
        }
        return nil
    }

    // MARK: What was decided wrongly, and what was lost

    package var wronglyAccepted: Int { count(.wronglyAccepted) }
    package var revived: Int { count(.revived) }
    package var staleAccepted: Int { count(.staleAccepted) }
    package var undecided: Int { count(.undecided) }
    package var goodRefused: Int { count(.goodRefused) }

    /// Good credentials that were refused although the store had forgotten nothing: before the fault, or at any time where
    /// the fault lets no store forget.
    package var refusedWithoutLoss: Int {
        guard measurement.losesWrites else { return goodRefused + measurement.check.lost }
        return measurement.requests.count {
            $0.answer == .goodRefused && $0.end_ns < measurement.fault_ns.lowerBound
        }
    }

    /// Sign-outs that came back although the store had forgotten none, or each waited for the replica that took over.
    package var cameBackWithoutLoss: Int {
        let waited = measurement.replication.map { $0.replicas > 0 } ?? false
        return measurement.mayRevive && !waited ? 0 : measurement.check.cameBack + revived
    }

    private func count(_ answer: OutageRequest.Answer) -> Int {
        measurement.requests.count { $0.answer == answer }
    }

    package var lostShare: Double? {
        measurement.check.good == 0
            ? nil : Double(measurement.check.lost) / Double(measurement.check.good)
    }

    /// How many sign-outs a fail-over should bring back: those acknowledged in the time that the replica is behind, at
    /// their rate before; none where each waited for a replica.
    package var revivedByTheory: Double? {
        guard let replication = measurement.replication else { return nil }
        guard replication.replicas == 0 else { return 0 }
        let before_ns = measurement.fault_ns.lowerBound
        let signOuts = measurement.requests.count {
            $0.kind == .logout && $0.answer == .accepted && $0.end_ns < before_ns
        }
        return Double(signOuts) * Double(replication.delay_ns) / Double(max(1, before_ns))
    }

    /// The 95 % interval of the mean of which those that came back are one draw.
    package var revivedInterval: Interval? {
        measurement.replication == nil ? nil : PoissonInterval.exact(measurement.check.cameBack)
    }

    // MARK: Whether it says anything

    /// Why nothing follows, if so.
    package var inconclusive: String? {
        if measurement.standstill_ns > Self.slice_ns {
            let stood_ms = measurement.standstill_ns / 1_000_000
            return "the whole program stood still for \(stood_ms) ms: measure on a quieter machine"
        }
        if measurement.fault_ns.upperBound > measurement.duration_ns {
            return "the store was back too late to see how it went on: raise --recovery"
        }
        let before = due(in: 0..<measurement.fault_ns.lowerBound)
        guard !before.isEmpty else { return "no request was due before the outage: raise --rate or --after" }
        let troubled = before.count(where: wasTroubledBefore)
        if Double(troubled) > Self.mostTroubled_share * Double(before.count) {
            let waits = measurement.replication.map { $0.replicas > 0 } ?? false
            return "\(troubled) of \(before.count) requests were late or undecided before the outage: "
                + (waits
                    ? "sign-outs wait for the replica and back, so raise --late-after or lower --rate"
                    : "lower --rate, or measure on a quieter machine")
        }
        guard measurement.check.undecided == 0 else {
            return "the store did not answer afterwards: \(measurement.errors.text)"
        }
        return nil
    }

    // MARK: The time line

    /// What became of the requests that were due in a tenth of a second.
    package struct Slice: Sendable {
        package var start_ns: UInt64
        package var due = 0
        package var late = 0
        package var undecided = 0
        package var goodRefused = 0
        package var wronglyAccepted = 0
        /// Response times of those that were decided, ascending.
        package var times_ns: [UInt64] = []

        package func quantile_ns(_ share: Double) -> UInt64? { OrderStatistics.quantile(share, of: times_ns) }
    }

    private func makeSlices() -> [Slice] {
        let count = Int((measurement.duration_ns + Self.slice_ns - 1) / Self.slice_ns)
        var slices = (0..<count).map { Slice(start_ns: UInt64($0) * Self.slice_ns) }
        for request in measurement.requests {
            let index = min(count - 1, Int(request.due_ns / Self.slice_ns))
            slices[index].due += 1
            switch request.answer {
            case .undecided: slices[index].undecided += 1
            case .goodRefused: slices[index].goodRefused += 1
            case .wronglyAccepted: slices[index].wronglyAccepted += 1
            case .accepted, .refused, .staleAccepted, .revived: break
            }
            guard request.answer != .undecided else { continue }
            if isLate(request) { slices[index].late += 1 }
            slices[index].times_ns.append(request.response_ns)
        }
        for index in slices.indices { slices[index].times_ns.sort() }
        return slices
    }
}
