import AuthCore
import Dispatch
import Synchronization

/// One strategy with its clients, loaded once and measured in each repeat.
final class StrategyRunner<S: AuthStrategy & ~Copyable>: AnyStrategyRunner {
    let descriptor: StrategyDescriptor
    private let clients: [Client<S>]
    /// How many clients that follow each other act for one person.
    private let inParallel: Int
    /// One for each person, where several clients act for one.
    private let jars = Mutex<[Jar]>([])
    private let arrival: Arrival
    private let arrivals: [ArrivalTimes]
    private let shared: [Slot]
    private let policy: Policy
    /// Where the next phase begins in the schedule of an open loop.
    private let scheduled_ns = Mutex<UInt64>(0)
    private let sweeper: Sweeper<S>?

    init(_: S.Type, sharing shared: S.Shared, trace: Trace, hostile lines: [[UInt8]]) throws {
        descriptor = S.descriptor(under: trace.policy)
        arrival = trace.arrival
        arrivals = trace.clients.map(\.arrivals)
        self.shared = trace.shared
        policy = trace.policy
        sweeper = try Sweeper(
            sharing: shared, policy: trace.policy,
            population: trace.clients.reduce(0) { $0 + $1.slots.count })
        inParallel = trace.requestsInParallel
        clients = try (0..<trace.clientCount).map { index in
            try Client<S>(index, sharing: shared, trace: trace, hostile: lines)
        }
    }

    func load(
        width: Int, patience_s: Double, stop: StopFlag, progress: @escaping @Sendable (Int) -> Void
    ) throws -> CostReport {
        let loading = Loading(width: width, patience_s: patience_s, stop: stop, progress: progress)
        func wait() throws { try loading.wait(for: descriptor.id) }
        var growth = StoreGrowth()
        // The store is looked at on the way, because what it takes empty says nothing about a session.
        let holders = stride(from: 0, to: clients.count, by: inParallel).map { clients[$0] }
        for stage in 1...5 {
            for (index, client) in holders.enumerated() {
                client.load(loading, share: share(ofClient: index, afterStage: stage))
            }
            try wait()
            if let bytes = try clients.first?.storeBytes() {
                growth.add(sessions: holders.reduce(0) { $0 + $1.storedSessions }, bytes: bytes)
            }
        }
        // On the client's own queue too, where a call that does not come back holds up nobody else.
        let issued = Mutex<[Credential]>([])
        clients.first?.perform(loading) { [shared] client in
            let credentials = try client.issue(shared)
            issued.withLock { $0 = credentials }
        }
        try wait()
        let credentials = issued.withLock { $0 }
        if !credentials.isEmpty { for client in holders { client.take(credentials, of: shared) } }
        if inParallel > 1 { shareJars(of: holders) }
        let weighed = Mutex<([CredentialSize], StoreCommands)>(([], StoreCommands()))
        clients.first?.perform(loading) { [policy] client in
            let weights = try client.weigh(policy.touch)
            weighed.withLock { $0 = weights }
        }
        try wait()
        let (sizes, commands) = weighed.withLock { $0 }
        var report = CostReport(
            strategy: descriptor.id, sizes: sizes, growth: growth.points.isEmpty ? nil : growth,
            commands: commands)
        if descriptor.hasExposureTheory {
            report.revocation = (
                descriptor.revocation, S.lifetime(under: policy),
                S.staleness_ms(after: .logout, under: policy)
            )
        }
        return report
    }

    private func shareJars(of holders: [Client<S>]) {
        let jars = holders.map { $0.makeJar() }
        for (index, client) in clients.enumerated() { client.use(jars[index / inParallel]) }
        self.jars.withLock { $0 = jars }
    }

    /// How much of a client's sessions are there after each of five stages: of a few clients a fifth of each more, of many
    /// all those of a fifth of the clients, because a store takes sessions the better the more come at once.
    private func share(ofClient index: Int, afterStage stage: Int) -> Double {
        let holders = clients.count / inParallel
        guard holders >= 5 else { return Double(stage) / 5 }
        return index * 5 / holders < stage ? 1 : 0
    }

    func replay(
        _ extent: Extent, isWarmUp: Bool, into boxes: [RecorderBox], by instruments: Instruments,
        stop: StopFlag
    ) throws -> Replay {
        let shift = sweeper?.prepare(extent)
        let barrier = StartBarrier(clients: clients.count, startThread: instruments.startThread)
        let pulse = Pulse()
        var finish: (@Sendable () -> Usage)?
        var phase = phase(extent, isDrained: !isWarmUp)
        for jar in jars.withLock({ $0 }) {
            jar.begin(phase.due?.indices[jar.client] ?? 0..<phase.operations(of: jar.client))
        }
        let start = { @Sendable [clients] in
            for (client, box) in zip(clients, boxes) {
                client.replay(through: barrier, into: box, by: instruments, pulse: pulse, stop: stop)
            }
        }
        // What is not recorded need not begin together.
        let together = isWarmUp ? nil : instruments.together
        var startedUnix_ns: UInt64?
        phase = try barrier.open(starting: start) {
            try together?.gather()
            // It takes a while, and longer on one machine than on another.
            finish = instruments.observe(descriptor)
            try together?.start()
            phase.start_ns = instruments.monotonic.now_ns
            startedUnix_ns = instruments.unix_ns?()
            return phase
        }
        together?.begun()
        if let shift { sweeper?.begin(shift, by: instruments) }
        // Before the end of its schedule an open loop may have nothing to do.
        let quiet_ns = arrival == .closed ? 0 : phase.duration_ns
        try pulse.wait(
            for: barrier.done, quiet_ns: quiet_ns, patience_s: instruments.patience_s, strategy: descriptor.id
        )
        let swept = shift?.finish()
        let usage = finish?() ?? Usage()
        var replay = Replay(boxes, phase: phase, arrival: arrival)
        replay.sweep = swept
        // Its time is the strategy's, as the clients' is.
        replay.clientCPU_ns += swept?.cpu_ns ?? 0
        replay.usage = usage
        replay.startedUnix_ns = startedUnix_ns
        return replay
    }

    /// A phase that has not begun; in an open loop it goes on in the schedule where the last one ended.
    private func phase(_ extent: Extent, isDrained: Bool) -> Phase {
        let longest_ns = UInt64.max / 4
        guard let rate = arrival.rate else {
            return Phase(
                counts: extent.counts(clients: arrivals.count), start_ns: 0,
                duration_ns: extent.duration_ns ?? longest_ns, isDrained: isDrained)
        }
        return scheduled_ns.withLock { from_ns in
            let (due, duration_ns) =
                switch extent {
                case .duration(let duration_ns):
                    (DueRequests(arrivals, in: from_ns..<(from_ns + duration_ns)), duration_ns)
                case .operations(let count):
                    (
                        DueRequests(arrivals, from: from_ns, count: count, arrival: arrival),
                        UInt64(min(Double(count) / rate * 1e9, Double(longest_ns)))
                    )
                }
            from_ns = due.schedule_ns.upperBound
            return Phase(due: due, start_ns: 0, duration_ns: duration_ns, isDrained: isDrained)
        }
    }
}

/// A strategy under test, its type erased, so that strategies of different types stand in one list.
protocol AnyStrategyRunner: Sendable {
    var descriptor: StrategyDescriptor { get }

    /// Issues the population's credentials, `width` clients at once.
    ///
    /// - Returns: what the strategy's credentials weigh and what it asks of its store.
    /// - Throws: what the strategy threw, `StoppedError`, or `HangError`.
    func load(
        width: Int, patience_s: Double, stop: StopFlag, progress: @escaping @Sendable (Int) -> Void
    ) throws -> CostReport

    /// Lets all clients replay the trace from where they stand, each recording into the box of its index.
    ///
    /// In a warm-up nothing overdue is made up for, because nobody will read what is recorded.
    ///
    /// - Throws: `TooFewThreadsError` when they cannot all run at once, `HangError` when nothing gets on.
    func replay(
        _ extent: Extent, isWarmUp: Bool, into boxes: [RecorderBox], by instruments: Instruments,
        stop: StopFlag
    ) throws -> Replay
}

/// How long one measurement goes on.
package enum Extent: Sendable, Equatable {
    case duration(nanoseconds: UInt64)
    /// Operations of all clients together.
    case operations(Int)

    package var duration_ns: UInt64? {
        if case .duration(let nanoseconds) = self { nanoseconds } else { nil }
    }

    package var operationCount: Int? {
        if case .operations(let count) = self { count } else { nil }
    }

    /// What a shard of a trace's clients measures: its clients' operations, or the same time.
    package func part(of shard: Shard, in trace: Trace) -> Self {
        let counts = counts(clients: trace.clientCount)
        guard !counts.isEmpty else { return self }
        let groups = shard.range(of: trace.clients.count)
        let (first, end) = (groups.lowerBound, groups.upperBound)
        return .operations(
            counts[(first * trace.requestsInParallel)..<(end * trace.requestsInParallel)].reduce(0, +))
    }

    /// How many operations each of several clients does, as even as can be; empty for a duration.
    func counts(clients: Int) -> [Int] {
        guard case .operations(let count) = self else { return [] }
        return (0..<clients).map { count / clients + ($0 < count % clients ? 1 : 0) }
    }
}

extension AuthStrategy where Self: ~Copyable {
    /// One runner for each trace; all share the keys and the schema that are made here, once.
    static func contenders(
        traces: [Trace], environment: Environment, hostile: (any HostileSource)?
    ) throws -> [any AnyStrategyRunner] {
        let shared = try prepare(in: environment)
        let lines = try hostile?.lines(for: Self.self, sharing: shared, policy: environment.policy) ?? []
        return try traces.map { trace in
            let own = own(trace, under: environment.policy)
            return try StrategyRunner(Self.self, sharing: shared, trace: own, hostile: lines)
        }
    }
}
