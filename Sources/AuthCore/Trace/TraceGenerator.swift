extension Trace {
    /// Generates the trace of a workload: the same for the same workload, seed, number of clients and lap.
    ///
    /// - Parameters:
    ///   - workload: what is done by whom.
    ///   - lapOperations: how many operations of all clients make a lap, before those that bring every slot back to
    ///     the lap's beginning; more where the population is larger than a quarter of it.
    public init(_ workload: Workload, lapOperations: Int = 524_288) {
        let size = TraceSize(workload, lapOperations: lapOperations)
        clock = TraceClock(lap_ms: size.lap_ms, horizon_ms: workload.horizon_ms)
        policy = workload.policy
        arrival = workload.arrival
        clients = []
        var firstSubject: UInt64 = 1
        for client in 0..<workload.clients {
            var generator = ClientTraceGenerator(
                workload, size: size, client: client, firstSubject: firstSubject)
            var own = generator.generate()
            if case .open(let process, let rate) = arrival {
                own.arrivals = ArrivalTimes(
                    process, rate: rate, clients: workload.clients, client: client,
                    count: own.operations.count, seed: workload.seed)
            }
            clients.append(own)
            firstSubject += UInt64(size.slots(of: client) + size.probeSlots)
        }
    }
}

/// How much there is in a trace.
struct TraceSize {
    let clients: Int
    let population: Int
    let operationsPerClient: Int
    let lap_ms: Int64
    /// Credentials of each probe kind that a client holds, so that no probe is answered from one hot cache
    /// line.
    let probesPerKind = 32
    /// Those that the workload presents.
    let probeKinds: [Slot.State]

    var probeSlots: Int { probesPerKind * probeKinds.count }

    init(_ workload: Workload, lapOperations: Int) {
        clients = workload.clients
        population = workload.population
        let kinds: [(OperationKind, Slot.State)] = [
            (.expired, .expired), (.tampered, .tampered), (.wrongAudience, .wrongAudience),
            (.unknown, .unknown),
        ]
        probeKinds = kinds.filter { workload.mix[$0.0] > 0 }.map(\.1)
        // Long enough that a lap goes through most of the population.
        operationsPerClient = max(lapOperations, 4 * population) / clients
        let rate = workload.requestsPerSessionPerSecond * Double(population) / Double(clients)
        lap_ms = Int64(min(Double(operationsPerClient) / rate * 1000, Double(UInt32.max))) + 1
    }

    /// The sessions of one client: the population in parts as even as can be.
    func slots(of client: Int) -> Int {
        population / clients + (client < population % clients ? 1 : 0)
    }
}

/// Generates one client's operations by acting them out on the states of its slots.
struct ClientTraceGenerator {
    private let workload: Workload
    private let size: TraceSize
    private let sessions: Int
    private let firstSubject: UInt64
    private let kinds: Sampler
    private let ranks: Sampler
    private var random: RandomSource
    private var states: SlotStates

    init(_ workload: Workload, size: TraceSize, client: Int, firstSubject: UInt64) {
        self.workload = workload
        self.size = size
        self.firstSubject = firstSubject
        sessions = size.slots(of: client)
        kinds = Sampler(weights: workload.mix.shares)
        ranks = workload.skew.sampler(count: sessions)
        random = RandomSource(seed: workload.seed, stream: UInt64(client))
        states = SlotStates(count: sessions, revoked: max(1, sessions / 20), random: &random)
    }

    mutating func generate() -> ClientTrace {
        let slots = makeSlots()
        let initial = states
        var steps: [(OperationKind, Int)] = []
        steps.reserveCapacity(size.operationsPerClient + sessions / 10)
        for _ in 0..<size.operationsPerClient { steps.append(nextStep()) }
        // Back to the beginning, so that the next lap finds what this one found.
        for slot in 0..<sessions where initial.isLive(slot) != states.isLive(slot) {
            steps.append((initial.isLive(slot) ? .login : .logout, slot))
        }
        let step_ms = Double(size.lap_ms) / Double(steps.count)
        let operations = steps.enumerated().map { index, step in
            Operation(kind: step.0, slot: UInt32(step.1), time_ms: UInt32(Double(index) * step_ms))
        }
        return ClientTrace(slots: slots, operations: operations)
    }

    private mutating func nextStep() -> (OperationKind, Int) {
        let kind = OperationKind.allCases[kinds.draw(&random)]
        switch kind {
        case .login:
            // A user who is out comes back; when hardly anybody is, somebody signs in on a second device.
            guard let slot = states.revive(&random) else { return (.login, liveSlot()) }
            return (.login, slot)
        case .authenticate, .renew: return (kind, liveSlot())
        case .logout:
            guard let slot = states.revoke(&random) else { return (.authenticate, liveSlot()) }
            return (.logout, slot)
        case .revoked: return (kind, states.anyRevoked(&random))
        case .expired: return (kind, probeSlot(.expired))
        case .tampered: return (kind, probeSlot(.tampered))
        case .wrongAudience: return (kind, probeSlot(.wrongAudience))
        case .unknown: return (kind, probeSlot(.unknown))
        }
    }

    private mutating func liveSlot() -> Int {
        var slot = ranks.draw(&random)
        // The next live one takes a revoked one's place; where hardly any is live, any live one.
        for _ in 0..<64 where !states.isLive(slot) { slot = (slot + 1) % sessions }
        return states.isLive(slot) ? slot : states.anyLive(&random)
    }

    private mutating func probeSlot(_ state: Slot.State) -> Int {
        let kind = size.probeKinds.firstIndex(of: state) ?? 0
        return sessions + kind * size.probesPerKind + random.below(size.probesPerKind)
    }

    private mutating func makeSlots() -> [Slot] {
        let oldest_ms = Int(workload.oldestAge_ms)
        var slots: [Slot] = []
        slots.reserveCapacity(sessions + size.probeSlots)
        for slot in 0..<sessions {
            let age_ms = oldest_ms > 0 ? Int64(random.below(oldest_ms)) : 0
            slots.append(
                .init(state: states.isLive(slot) ? .live : .revoked, subject: subject(slot), age_ms: age_ms))
        }
        for state in size.probeKinds {
            // An hour past the longest lifetime, so that no leeway saves it.
            let age_ms = state == .expired ? workload.policy.lifetimes.absolute_ms + 3_600_000 : 0
            for _ in 0..<size.probesPerKind {
                slots.append(.init(state: state, subject: subject(slots.count), age_ms: age_ms))
            }
        }
        return slots
    }

    private func subject(_ slot: Int) -> Subject { Subject(id: firstSubject + UInt64(slot)) }
}
