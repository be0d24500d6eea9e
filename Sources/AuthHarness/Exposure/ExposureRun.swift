import AuthCore
import Synchronization

/// Measures how long revoked credentials are still accepted: one client revokes, all others probe.
package struct ExposureRun: Sendable {
    package var plan: RevocationPlan
    package var policy: Policy
    /// The one that revokes, and those that probe: 2 or more.
    package var clients: Int
    /// How long one strategy is measured, in real time.
    package var duration_ns: UInt64
    package var instruments: Instruments
    package var stop: StopFlag

    package init(
        plan: RevocationPlan, policy: Policy, clients: Int, duration_ns: UInt64, instruments: Instruments,
        stop: StopFlag
    ) {
        self.plan = plan
        self.policy = policy
        self.clients = clients
        self.duration_ns = duration_ns
        self.instruments = instruments
        self.stop = stop
    }

    /// Measures one strategy.
    ///
    /// - Returns: one measurement for each kind of revocation.
    /// - Throws: `StoppedError` when the stop flag was raised, else what the strategy threw before the clock started.
    package func measure(
        _ strategy: StrategyChoice, in environment: Environment
    ) throws -> [ExposureMeasurement] {
        var run = self
        run.policy = strategy.policy(policy)
        return try strategy.type.measureExposure(run, in: strategy.environment(environment))
    }
}

extension AuthStrategy where Self: ~Copyable {
    fileprivate static func measureExposure(
        _ run: ExposureRun, in environment: Environment
    ) throws -> [ExposureMeasurement] {
        let descriptor = descriptor(under: run.policy)
        let timetable = RevocationTimetable(
            run.plan, lifetime: lifetime(under: run.policy), promise: descriptor.revocation,
            staleness_ms: staleness_ms(after: .logout, under: run.policy), duration_ns: run.duration_ns)
        let shared = try prepare(in: environment)
        let clients = try (0..<run.clients).map { try ExposureClient<Self>($0, sharing: shared) }
        let wallet = try clients[0].issue(timetable.tasks, stop: run.stop)
        let sandbox = ExposureSandbox(
            wallet: wallet, timetable: timetable, probers: run.clients - 1,
            rests: descriptor.revocation != .immediate && descriptor.server != nil,
            instruments: run.instruments, stop: run.stop)

        let barrier = StartBarrier(clients: run.clients, startThread: run.instruments.startThread)
        let start = { @Sendable in
            for client in clients.dropFirst() { client.probe(sandbox, through: barrier) }
            clients[0].revoke(sandbox, through: barrier)
        }
        let phase = try barrier.open(starting: start) {
            Phase(
                start_ns: sandbox.monotonic.now_ns, duration_ns: run.duration_ns,
                isDrained: false)
        }
        barrier.done.wait()
        if run.stop.isRaised { throw StoppedError() }
        let account = ExposureAccount(
            timetable, start_ns: phase.start_ns, revocations: clients[0].revocations.withLock { $0 },
            probes: clients.dropFirst().map { client in client.probes.withLock { $0 } })
        var measurements = account.measurements(of: descriptor.id, clients: run.clients) { revocation in
            (
                promise(after: revocation, under: run.policy),
                staleness_ms(after: revocation, under: run.policy)
            )
        }
        for index in measurements.indices {
            let revocation = measurements[index].revocation
            measurements[index].hasTheory = descriptor.hasExposureTheory
            measurements[index].longestLogin_ms = longestExposure_ms(
                ofLoginAfter: revocation, under: run.policy)
            // A store that failed once has said enough.
            guard measurements[index].errors.count == 0 else { continue }
            let trial = HolderTrial(revocation: revocation, lifetime: timetable.lifetime, stop: run.stop)
            do { measurements[index].logins = try clients[0].follow(trial) } catch is StoppedError {
                throw StoppedError()
            } catch {
                measurements[index].errors.note("\(error)")
            }
        }
        return measurements
    }
}

/// What the recorded intervals of all clients say about each revocation; pure arithmetic.
struct ExposureAccount {
    private let timetable: RevocationTimetable
    private let start_ns: UInt64
    private let revocations: RevocationLog
    private let probes: [ProbeLog]

    init(
        _ timetable: RevocationTimetable, start_ns: UInt64, revocations: RevocationLog, probes: [ProbeLog]
    ) {
        self.timetable = timetable
        self.start_ns = start_ns
        self.revocations = revocations
        self.probes = probes
    }

    /// One for each kind of revocation; the errors, which belong to all, are in each.
    func measurements(
        of strategy: String, clients: Int, promise: (Revocation) -> (RevocationPromise, staleness_ms: Int64)
    ) -> [ExposureMeasurement] {
        Revocation.allCases.map { kind in
            let (promise, staleness_ms) = promise(kind)
            var measurement = ExposureMeasurement(
                strategy: strategy, revocation: kind, promise: promise,
                lifetime: timetable.lifetime, clients: clients, compression: timetable.compression)
            measurement.staleness_ms = staleness_ms
            for (index, entry) in revocations.entries.enumerated()
            where timetable.tasks[index].revocation == kind {
                add(index, entry, to: &measurement)
            }
            measurement.errors = probes.reduce(into: revocations.errors) { $0 += $1.errors }
            return measurement
        }
    }

    private func add(
        _ index: Int, _ revocation: RevocationLog.Entry, to measurement: inout ExposureMeasurement
    ) {
        let probes = probes.map { $0.entries[index] }
        measurement.lag_ns = max(measurement.lag_ns, revocation.lag_ns)
        measurement.probes += probes.reduce(0) { $0 + $1.probes }
        if probes.contains(where: \.isMistaken) { measurement.wrong += 1 }
        switch revocation.state {
        case .expired:
            measurement.expiredBefore += 1
            return
        case .wrong: measurement.wrong += 1
        case .alive: break
        }
        // Being told takes real time, however fast the strategy's clock goes.
        let scale = measurement.promise == .pushed ? 1 / timetable.compression : 1
        measurement.exposures.append(
            exposure(index, probes, after: revocation.acknowledged_ns).scaled(by: scale))
        measurement.acceptedAfter += probes.reduce(0) { $0 + $1.acceptedAfter(revocation.acknowledged_ns) }
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

/// What all clients of one exposure measurement look at.
final class ExposureSandbox: Sendable {
    /// One credential for each task, in the same order.
    let wallet: Wallet
    let timetable: RevocationTimetable
    /// How many clients present them.
    let probers: Int
    /// Whether they rest now and then: what asks nobody takes the processors from the one that revokes, and from its store.
    let rests: Bool
    let stop: StopFlag
    let instruments: Instruments
    /// How many revocations have been acknowledged: those of the first tasks, because one client does them in order.
    let acknowledged = Atomic(0)

    init(
        wallet: Wallet, timetable: RevocationTimetable, probers: Int, rests: Bool, instruments: Instruments,
        stop: StopFlag
    ) {
        (self.probers, self.rests) = (probers, rests)
        self.wallet = wallet
        self.timetable = timetable
        self.instruments = instruments
        self.stop = stop
    }

    var monotonic: MonotonicClock { instruments.monotonic }
}
