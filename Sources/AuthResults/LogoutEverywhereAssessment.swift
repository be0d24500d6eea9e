import AuthCore
import AuthStatistics

/// A turn of `authbench logout-everywhere` with what follows from it.
package struct LogoutEverywhereAssessment: Sendable {
    package let measurement: LogoutEverywhereMeasurement

    package init(_ measurement: LogoutEverywhereMeasurement) { self.measurement = measurement }

    /// The response times of other users' `authenticate`: from the moment when each was due.
    package var times: LatencyHistogram {
        measurement.requests?.operations.first { $0.kind == .authenticate }?.response?.total
            ?? LatencyHistogram()
    }

    private var walls_ns: [Double] { measurement.logouts.map { Double($0.wall_ns) } }

    /// The median of the users' times, by the rule that a median needs six.
    package var logoutP50_ns: UInt64? { Self.median_ns(walls_ns) }

    package var logoutMax_ns: UInt64? { measurement.logouts.map(\.wall_ns).max() }

    package static func median_ns(_ times_ns: [Double]) -> UInt64? {
        guard UInt64(times_ns.count) >= QuantileRule.minimumCount(for: 0.5) else { return nil }
        return QuantileRule.median(times_ns).map { UInt64($0.rounded()) }
    }

    package var storeCommands_perLogout: Double? { mean(\.storeCommands) }
    package var storeRoundTrips_perLogout: Double? { mean(\.storeRoundTrips) }

    private func mean(_ count: (LogoutEverywhereMeasurement.Logout) -> Int) -> Double? {
        let logouts = measurement.logouts
        guard !logouts.isEmpty else { return nil }
        return Double(logouts.reduce(0) { $0 + count($1) }) / Double(logouts.count)
    }

    /// What is wrong with the turn, the gravest first; empty where its numbers may be used, or where there is nothing to end.
    package var faults: [Invalidity] {
        guard let requests = measurement.requests else { return [] }
        return LogoutEverywhereFacts(measurement, requests: times.count).faults(
            besides: requests.invalidities)
    }

    /// Why the numbers may not be used, or why there are none.
    package var reason: String? {
        if let impossible = measurement.impossible { return impossible }
        let faults = faults
        return faults.isEmpty ? nil : faults.map(\.reason).joined(separator: "; ")
    }
}

/// What decides whether a row of `logout_everywhere.csv` may be used, beside what decides it for other rows: who writes the
/// row and who checks it come to the same.
package struct LogoutEverywhereFacts {
    private var refusedBefore: UInt64
    private var acceptedAfter: UInt64
    private var othersWrong: UInt64
    private var users: UInt64
    private var late: UInt64
    /// Of other users, timed.
    private var requests: UInt64

    init(_ measurement: LogoutEverywhereMeasurement, requests: UInt64) {
        let check = measurement.check
        (refusedBefore, acceptedAfter) = (UInt64(check.refusedBefore), UInt64(check.acceptedAfter))
        othersWrong = UInt64(check.othersWrong)
        (users, late) = (UInt64(measurement.logouts.count), UInt64(measurement.lateLogouts))
        self.requests = requests
    }

    package init(_ row: TableRow) {
        func count(_ name: String) -> UInt64 { row.count(name) ?? 0 }
        (refusedBefore, acceptedAfter) = (count("refused_before"), count("accepted_after"))
        (othersWrong, users) = (count("others_wrong"), count("users"))
        (late, requests) = (count("late_logouts"), count("n"))
    }

    /// The faults, the gravest first, with those of the other users' requests.
    package func faults(besides others: [Invalidity]) -> [Invalidity] {
        func note(_ count: UInt64, _ kind: Invalidity.Kind, _ text: String) -> Invalidity? {
            count > 0 ? Invalidity(kind: kind, reason: text) : nil
        }
        let needed = QuantileRule.minimumCount(for: 0.99)
        let lacking = requests < needed ? needed - requests : 0
        let own = [
            note(
                refusedBefore, .wrongDecision,
                "\(refusedBefore) credentials were refused before their logout"),
            note(
                acceptedAfter, .wrongDecision,
                "\(acceptedAfter) credentials were accepted after the logout, against the promise"),
            note(othersWrong, .wrongDecision, "\(othersWrong) requests of other users were decided wrongly"),
            note(
                late, .disturbed,
                "\(late) of \(users) logouts ended when the others' requests were over: raise --every"),
            note(
                lacking, .disturbed,
                "p99 needs \(needed) requests of other users, and the turn had \(requests): raise --users or --every"
            ),
        ].compactMap(\.self)
        return (own + others).enumerated().sorted {
            ($0.element.kind, $0.offset) < ($1.element.kind, $1.offset)
        }
        .map(\.element)
    }
}
