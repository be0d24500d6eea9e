import AuthCore

/// What the recorded intervals of all clients say about each withdrawal; pure arithmetic.
struct ExposureAccount {
    private let timetable: WithdrawalTimetable
    private let start_ns: UInt64
    private let withdrawals: WithdrawalLog
    private let probes: [ProbeLog]

    init(
        _ timetable: WithdrawalTimetable, start_ns: UInt64, withdrawals: WithdrawalLog, probes: [ProbeLog]
    ) {
        self.timetable = timetable
        self.start_ns = start_ns
        self.withdrawals = withdrawals
        self.probes = probes
    }

    /// One for each kind of withdrawal; the errors, which belong to all, are in each.
    func measurements(of strategy: StrategyDescriptor, clients: Int) -> [ExposureMeasurement] {
        Withdrawal.allCases.map { kind in
            var measurement = ExposureMeasurement(
                strategy: strategy.id, withdrawal: kind, promise: strategy.revocation,
                lifetime: timetable.lifetime, clients: clients, compression: timetable.compression)
            for (index, entry) in withdrawals.entries.enumerated()
            where timetable.tasks[index].withdrawal == kind {
                add(index, entry, to: &measurement)
            }
            measurement.errors = probes.reduce(into: withdrawals.errors) { $0 += $1.errors }
            return measurement
        }
    }

    private func add(
        _ index: Int, _ withdrawal: WithdrawalLog.Entry, to measurement: inout ExposureMeasurement
    ) {
        let probes = probes.map { $0.entries[index] }
        measurement.lag_ns = max(measurement.lag_ns, withdrawal.lag_ns)
        measurement.probes += probes.reduce(0) { $0 + $1.probes }
        if probes.contains(where: \.isMistaken) { measurement.wrong += 1 }
        switch withdrawal.state {
        case .expired:
            measurement.expiredBefore += 1
            return
        case .wrong: measurement.wrong += 1
        case .alive: break
        }
        measurement.exposures.append(exposure(index, probes, after: withdrawal.acknowledged_ns))
        measurement.acceptedAfter += probes.reduce(0) { $0 + $1.acceptedAfter(withdrawal.acknowledged_ns) }
        if probes.contains(where: \.isContested) { measurement.contested += 1 }
        if isOutlived(index, probes) { measurement.outlived += 1 }
    }

    private func exposure(
        _ index: Int, _ probes: [ProbeLog.Entry], after acknowledged_ns: UInt64
    ) -> Exposure {
        let last_ns = probes.map(\.lastAccepted_ns).max() ?? 0
        let first_ns = probes.map(\.firstRefused_ns).filter { $0 > last_ns && $0 != .max }.min()
        return Exposure(
            shortest_ms: timetable.clock_ms(from: acknowledged_ns, to: last_ns),
            longest_ms: first_ns.map { timetable.clock_ms(from: acknowledged_ns, to: $0) } ?? .infinity,
            delay_ms: timetable.clock_ms(from: start_ns + timetable.tasks[index].due_ns, to: acknowledged_ns))
    }

    /// A touched session lives longer than an unused one, so only what dies at expiry can outlive its lifetime.
    private func isOutlived(_ index: Int, _ probes: [ProbeLog.Entry]) -> Bool {
        let last_ns = probes.map(\.lastAccepted_ns).max() ?? 0
        guard timetable.promise == .atExpiry, last_ns > start_ns else { return false }
        let age_ms =
            timetable.instant(at: last_ns, start_ns: start_ns).milliseconds
            - timetable.tasks[index].issuedAt.milliseconds
        return age_ms >= timetable.lifetime.longest_ms
    }
}

extension ProbeLog.Entry {
    /// Accepted requests that began after a moment.
    ///
    /// Those of which the client knew are counted; the last one may have begun between the acknowledgement and
    /// the word of it.
    fileprivate func acceptedAfter(_ acknowledged_ns: UInt64) -> UInt64 {
        acceptedAfter + (!isLastAfter && lastAccepted_ns > acknowledged_ns ? 1 : 0)
    }
}
