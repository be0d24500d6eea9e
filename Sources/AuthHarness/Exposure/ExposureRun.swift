import AuthCore

/// Measures how long withdrawn credentials are still accepted: one client withdraws, all others probe.
package struct ExposureRun: Sendable {
    package var plan: WithdrawalPlan
    package var policy: Policy
    /// The one that withdraws, and those that probe: 2 or more.
    package var clients: Int
    /// How long one strategy is measured, in real time.
    package var duration_ns: UInt64
    package var instruments: Instruments
    package var stop: StopFlag

    package init(
        plan: WithdrawalPlan, policy: Policy, clients: Int, duration_ns: UInt64, instruments: Instruments,
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
    /// - Returns: one measurement for each kind of withdrawal.
    /// - Throws: `Stopped` when the stop flag was raised, else what the strategy threw before the clock started.
    package func measure(
        _ strategy: any (AuthStrategy & ~Copyable).Type, in environment: Environment
    ) throws -> [ExposureMeasurement] {
        try strategy.measureExposure(self, in: environment)
    }
}

extension AuthStrategy where Self: ~Copyable {
    fileprivate static func measureExposure(
        _ run: ExposureRun, in environment: Environment
    ) throws -> [ExposureMeasurement] {
        let timetable = WithdrawalTimetable(
            run.plan, lifetime: lifetime(under: run.policy), promise: descriptor.revocation,
            duration_ns: run.duration_ns)
        let shared = try prepare(in: environment)
        let clients = try (0..<run.clients).map { try ExposureClient<Self>($0, sharing: shared) }
        let wallet = try clients[0].issue(timetable.tasks, stop: run.stop)
        let scene = ExposureScene(
            wallet: wallet, timetable: timetable, instruments: run.instruments, stop: run.stop)

        let gate = Gate(clients: run.clients)
        let start = { @Sendable in
            for client in clients.dropFirst() { client.probe(scene, through: gate) }
            clients[0].withdraw(scene, through: gate)
        }
        let phase = try gate.open(starting: start) {
            Phase(
                start_ns: scene.timepiece.now_ns, duration_ns: run.duration_ns,
                isDrained: false)
        }
        gate.done.wait()
        if run.stop.isRaised { throw Stopped() }
        let account = ExposureAccount(
            timetable, start_ns: phase.start_ns, withdrawals: clients[0].withdrawals.withLock { $0 },
            probes: clients.dropFirst().map { client in client.probes.withLock { $0 } })
        var measurements = account.measurements(of: descriptor, clients: run.clients)
        for index in measurements.indices {
            let withdrawal = measurements[index].withdrawal
            measurements[index].longestLogin_ms = longestExposure_ms(
                ofLoginAfter: withdrawal, under: run.policy)
            // A store that failed once has said enough.
            guard measurements[index].errors.count == 0 else { continue }
            let trial = HolderTrial(withdrawal: withdrawal, lifetime: timetable.lifetime, stop: run.stop)
            do { measurements[index].logins = try clients[0].follow(trial) } catch is Stopped {
                throw Stopped()
            } catch {
                measurements[index].errors.note("\(error)")
            }
        }
        return measurements
    }
}
