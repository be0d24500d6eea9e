import AuthCore
import Dispatch
import Synchronization

/// Measures what a strategy does while its store is away: requests come at a given rate, whatever happens to the store.
package struct OutageRun: Sendable {
    /// What is done to a store, and undone; both are called on the thread that measures.
    package struct Injection {
        package var fault: StoreFault
        /// Whether the store may forget what it has acknowledged: a session, or that something was ended.
        package var losesWrites: Bool
        /// Called when all credentials have been issued, before the first request.
        package var prepare: () throws -> Void
        package var begin: () throws -> Void
        /// Returns when the store can be asked again.
        package var end: () throws -> Void

        package init(
            _ fault: StoreFault, prepare: @escaping () throws -> Void = {},
            begin: @escaping () throws -> Void, end: @escaping () throws -> Void
        ) {
            (self.fault, self.prepare, self.begin, self.end) = (fault, prepare, begin, end)
            losesWrites = fault.losesWrites
        }
    }

    /// With requests at moments fixed in advance.
    package var trace: Trace
    /// How long requests are due before the fault, while it lasts, and after it.
    package var before_ns: UInt64
    package var fault_ns: UInt64
    package var after_ns: UInt64
    /// How many clients load at once.
    package var cores: Int
    /// Where the lines of hostile probes come from.
    package var hostile: (any HostileSource)?
    package var instruments: Instruments
    package var stop: StopFlag

    package init(
        trace: Trace, before_ns: UInt64, fault_ns: UInt64, after_ns: UInt64, cores: Int,
        instruments: Instruments, stop: StopFlag
    ) {
        self.trace = trace
        self.before_ns = before_ns
        self.fault_ns = fault_ns
        self.after_ns = after_ns
        self.cores = cores
        self.instruments = instruments
        self.stop = stop
    }

    var duration_ns: UInt64 { before_ns + fault_ns + after_ns }

    /// Measures one strategy once.
    ///
    /// - Parameters:
    ///   - strategy: the strategy.
    ///   - environment: where the stores are.
    ///   - injection: what happens to its store; `nil` where it has none.
    /// - Returns: what was measured; its `repeatIndex` is 1.
    /// - Throws: `StoppedError` when the stop flag was raised, else what the strategy threw before the clock started, or
    ///   what the injection threw.
    package func measure(
        _ strategy: any (AuthStrategy & ~Copyable).Type, in environment: Environment,
        injecting injection: Injection?
    ) throws -> OutageMeasurement {
        var run = self
        run.trace = strategy.own(trace, under: environment.policy)
        return try strategy.outlast(run, in: environment, injecting: injection)
    }

    /// Does to the store what is to be done to it, each when it is due.
    ///
    /// - Returns: when it began and when the store was back.
    fileprivate func inject(_ injection: Injection?, from start_ns: UInt64) throws -> Range<UInt64> {
        let monotonic = instruments.monotonic
        monotonic.rest(until_ns: start_ns + before_ns, stop: stop)
        var began_ns = monotonic.now_ns
        if !stop.isRaised { try injection?.begin() }
        // Who wants a lock waits for those who have it.
        if injection?.fault == .lock { began_ns = monotonic.now_ns }
        monotonic.rest(until_ns: start_ns + before_ns + fault_ns, stop: stop)
        try injection?.end()
        return (began_ns - start_ns)..<(monotonic.now_ns - start_ns)
    }
}

extension AuthStrategy where Self: ~Copyable {
    fileprivate static func outlast(
        _ run: OutageRun, in environment: Environment, injecting injection: OutageRun.Injection?
    ) throws -> OutageMeasurement {
        let descriptor = descriptor(under: run.trace.policy)
        let clients = try loadedClients(run, in: environment)
        try injection?.prepare()
        let logs = clients.map { _ in OutageLogBox() }
        let due = DueRequests(run.trace.clients.map(\.arrivals), in: 0..<run.duration_ns)
        let barrier = StartBarrier(clients: clients.count, startThread: run.instruments.startThread)
        let (pulse, over) = (Pulse(), StopFlag())
        var observed: (@Sendable () -> Usage)?
        let start = { @Sendable in
            for (client, log) in zip(clients, logs) {
                client.outlast(through: barrier, into: log, by: run.instruments, pulse: pulse, stop: over)
            }
        }
        let phase = try barrier.open(starting: start) {
            observed = run.instruments.observe(descriptor)
            return Phase(
                due: due, start_ns: run.instruments.monotonic.now_ns, duration_ns: run.duration_ns,
                isDrained: true)
        }
        let fault = Result { try run.inject(injection, from: phase.start_ns) }
        if (try? fault.get()) == nil || run.stop.isRaised { over.raise() }
        try pulse.wait(
            for: barrier.done, quiet_ns: run.duration_ns, patience_s: run.instruments.patience_s,
            strategy: descriptor.id)
        let usage = observed?()
        let fault_ns = try fault.get()
        if run.stop.isRaised { throw StoppedError() }
        let group = DispatchGroup()
        for (client, log) in zip(clients, logs) { client.check(group, into: log, by: run) }
        group.wait()
        if run.stop.isRaised { throw StoppedError() }
        return measurement(of: logs, descriptor, run, injection, fault_ns, usage)
    }

    private static func loadedClients(
        _ run: OutageRun, in environment: Environment
    ) throws -> [Client<Self>] {
        let shared = try prepare(in: environment)
        let lines = try run.hostile?.lines(for: Self.self, sharing: shared, policy: environment.policy) ?? []
        let clients = try run.trace.clients.indices.map {
            try Client<Self>($0, sharing: shared, trace: run.trace, hostile: lines)
        }
        let loading = Loading(
            width: run.cores, patience_s: run.instruments.loadingPatience_s, stop: run.stop,
            progress: { _ in })
        for client in clients { client.load(loading, share: 1) }
        try loading.wait(for: descriptor(under: run.trace.policy).id)
        let common = try clients.first?.issue(run.trace.shared) ?? []
        for client in clients { client.take(common, of: run.trace.shared) }
        return clients
    }

    private static func measurement(
        of logs: [OutageLogBox], _ descriptor: StrategyDescriptor, _ run: OutageRun,
        _ injection: OutageRun.Injection?, _ fault_ns: Range<UInt64>, _ usage: Usage?
    ) -> OutageMeasurement {
        var (requests, check, errors) = ([OutageRequest](), OutageAftermath(), ErrorKinds())
        for box in logs {
            box.log.withLock { log in
                requests += log.requests
                check += log.check
                errors += log.errors
            }
        }
        for index in requests.indices where requests[index].answer == .staleAccepted {
            requests[index].answer = answer(requests[index], of: descriptor, injection, fault_ns)
        }
        var measurement = OutageMeasurement(
            strategy: descriptor.id, promise: descriptor.revocation, fault: injection?.fault, repeatIndex: 1,
            clients: logs.count, targetRate: run.trace.arrival.rate ?? 0, duration_ns: run.duration_ns,
            fault_ns: fault_ns, requests: requests.sorted { $0.due_ns < $1.due_ns }, check: check,
            errors: errors)
        measurement.losesWrites = injection?.losesWrites ?? false
        measurement.mayRevive = mayRevive(descriptor, injection)
        measurement.standstill_ns = usage?.standstill_ns ?? 0
        return measurement
    }

    /// Whether what was ended may be good again: a replica has not heard of it, or a list of it is empty.
    private static func mayRevive(
        _ strategy: StrategyDescriptor, _ injection: OutageRun.Injection?
    ) -> Bool {
        guard let injection, injection.losesWrites else { return false }
        return injection.fault == .failover || strategy.listsEnded
    }

    /// What it is that a signed-out credential was accepted: promised, the doing of a store that forgot, or wrong.
    private static func answer(
        _ request: OutageRequest, of strategy: StrategyDescriptor, _ injection: OutageRun.Injection?,
        _ fault_ns: Range<UInt64>
    ) -> OutageRequest.Answer {
        // A client signs out itself what it presents afterwards: nobody need be told, no copy is another's.
        if strategy.revocation == .atExpiry { return .staleAccepted }
        // As somebody set it, and no longer than the store is away.
        if strategy.acceptsOnFailure, fault_ns.contains(request.due_ns) || fault_ns.contains(request.end_ns) {
            return .staleAccepted
        }
        let hasForgotten = mayRevive(strategy, injection) && request.end_ns >= fault_ns.lowerBound
        return hasForgotten ? .revived : .wronglyAccepted
    }
}
