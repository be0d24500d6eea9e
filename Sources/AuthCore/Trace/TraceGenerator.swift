extension Trace {
    /// Generates the trace of a workload: the same for the same workload, seed, number of clients and lap.
    ///
    /// - Parameters:
    ///   - workload: what is done by whom.
    ///   - lapOperations: how many operations of all clients make a lap; more where the population is larger than a
    ///     quarter of it.
    package init(_ workload: Workload, lapOperations: Int = 524_288) {
        requestsInParallel = workload.requestsInParallel
        // Clients that share their sessions have one list of operations.
        var workload = workload
        workload.clients /= requestsInParallel
        let size = TraceSize(workload, lapOperations: lapOperations)
        clock = TraceClock(lap_ms: size.lap_ms, horizon_ms: workload.horizon_ms)
        policy = workload.policy
        arrival = workload.arrival
        storeRTT = workload.storeRTT
        userRate_perSecond = workload.mix.renewsAsNeeded ? workload.requestsPerSessionPerSecond : nil
        clients = []
        var firstSubject: UInt64 = 1
        for client in 0..<workload.clients {
            var generator = ClientTraceGenerator(
                workload, size: size, client: client, firstSubject: firstSubject)
            var own = generator.generate()
            own.bundle(requestsInParallel)
            if case .open(let process, let rate) = arrival {
                own.arrivals = ArrivalTimes(
                    process, rate: rate, clients: workload.clients, client: client,
                    count: own.operations.count, seed: workload.seed)
            }
            clients.append(own)
            firstSubject += UInt64(own.slots.count)
        }
        var random = RandomSource(seed: workload.seed, stream: 0x5AA2_ED00)
        shared = (0..<size.ranks.shared).map { index in
            Slot(
                state: .live, subject: Subject(id: firstSubject + UInt64(index)),
                age_ms: workload.drawAge_ms(&random))
        }
    }
}

extension Workload {
    /// How long before the trace begins a session was last seen.
    fileprivate func drawAge_ms(_ random: inout RandomSource) -> Int64 {
        oldestAge_ms > 0 ? Int64(random.below(Int(oldestAge_ms))) : 0
    }
}

/// How much there is in a trace.
struct TraceSize {
    let ranks: RankDeal
    let lap_ms: Int64
    /// Credentials of each probe kind that a client holds, so that no probe is answered from one hot cache
    /// line.
    let probesPerKind = 32
    /// Those that the workload presents.
    let probeKinds: [Slot.State]
    var probeSlots: Int { probesPerKind * probeKinds.count }
    private let clients: Int
    /// How often each kind comes in a lap of all clients.
    private let counts: [Int]

    init(_ workload: Workload, lapOperations: Int) {
        clients = workload.clients
        ranks = RankDeal(workload)
        let kinds: [(OperationKind, Slot.State)] = [
            (.expired, .expired), (.tampered, .tampered), (.wrongAudience, .wrongAudience),
            (.unknown, .unknown),
        ]
        probeKinds = kinds.filter { workload.mix[$0.0] > 0 }.map(\.1)
        // Long enough that a lap goes through most of the population.
        let operations = max(lapOperations, 4 * workload.population) / clients * clients
        counts = Self.counts(of: workload.mix, among: operations)
        let rate = workload.requestsPerSessionPerSecond * Double(workload.population)
        lap_ms = Int64(min(Double(operations) / rate * 1000, Double(UInt32.max))) + 1
    }

    /// Rounds the shares of a mix to whole operations, none of a kind that has a share left out.
    private static func counts(of mix: Workload.Mix, among operations: Int) -> [Int] {
        var counts = mix.shares.map { share in
            share > 0 ? max(1, Int((share * Double(operations)).rounded())) : 0
        }
        let (login, logout) = (Int(OperationKind.login.rawValue), Int(OperationKind.logout.rawValue))
        counts[logout] = min(counts[logout], counts[login])
        return counts
    }

    /// How often each kind comes in a lap of one client: all clients together keep exactly to the mix.
    func counts(of client: Int, seed: UInt64) -> KindCounts {
        func part(_ count: Int, _ kind: OperationKind) -> Int {
            // What does not divide falls to other clients for each kind.
            var random = RandomSource(seed: seed, stream: 0xDEA1_0000 + UInt64(kind.rawValue))
            let offset = random.below(clients)
            return (count * (client + 1) + offset) / clients - (count * client + offset) / clients
        }
        let logouts = counts[Int(OperationKind.logout.rawValue)]
        var own = KindCounts()
        own.returns = part(logouts, .logout)
        own.others = OperationKind.allCases.map { kind in
            let count = counts[Int(kind.rawValue)]
            switch kind {
            case .logout: return 0
            case .login: return part(count - logouts, kind)
            default: return part(count, kind)
            }
        }
        return own
    }
}

/// Generates one client's operations by acting them out on the states of its slots.
struct ClientTraceGenerator {
    private let workload: Workload
    private let size: TraceSize
    private let sessions: Int
    private let firstSubject: UInt64
    private let counts: KindCounts
    private let ranks: Sampler
    private let sharedRanks: Sampler
    /// The part of requests that goes to sessions of its own, and not to those that all clients share.
    private let ownShare: Double
    private var random: RandomSource
    private var states: SlotStates
    /// The live session at each rank of its own; the place of one that signed out goes to the next that comes back.
    private var rankedSlots: [Int]
    private var places: [UInt32]
    private var freePlace: Int?
    /// One that came back before another left.
    private var unranked: Int?

    init(_ workload: Workload, size: TraceSize, client: Int, firstSubject: UInt64) {
        self.workload = workload
        self.size = size
        self.firstSubject = firstSubject
        sessions = size.ranks.sessions(of: client)
        counts = size.counts(of: client, seed: workload.seed)
        (ranks, ownShare) = size.ranks.own(of: client)
        sharedRanks = size.ranks.sharedSampler
        random = RandomSource(seed: workload.seed, stream: UInt64(client))
        let states = SlotStates(count: sessions, revoked: size.ranks.revoked(of: client), random: &random)
        self.states = states
        rankedSlots = (0..<sessions).filter { states.isLive($0) }
        places = Array(repeating: 0, count: sessions)
        for (place, slot) in rankedSlots.enumerated() { places[slot] = UInt32(place) }
    }

    mutating func generate() -> ClientTrace {
        let slots = makeSlots()
        var kinds = KindSequence(counts, seed: random.next())
        let step_ms = Double(size.lap_ms) / Double(counts.sum)
        let operations = (0..<counts.sum).map { index in
            let (kind, slot) = step(kinds.next())
            return Operation(kind: kind, slot: UInt32(slot), time_ms: UInt32(Double(index) * step_ms))
        }
        return ClientTrace(slots: slots, operations: operations)
    }

    private mutating func step(_ step: KindSequence.Step) -> (OperationKind, Int) {
        switch step {
        case .signOut(let left):
            let slot = states.revoke(left: left, &random)
            leave(slot)
            return (.logout, slot)
        case .signBackIn(let left):
            let slot = states.revive(left: left, &random)
            join(slot)
            return (.login, slot)
        case .other(.authenticate): return (.authenticate, requestedSlot())
        case .other(.login): return (.login, states.anyLive(&random))
        case .other(.revoked): return (.revoked, states.anyRevoked(&random))
        case .other(.expired): return (.expired, probeSlot(.expired))
        case .other(.tampered): return (.tampered, probeSlot(.tampered))
        case .other(.wrongAudience): return (.wrongAudience, probeSlot(.wrongAudience))
        case .other(.unknown): return (.unknown, probeSlot(.unknown))
        case .other(let kind): return (kind, ownSlot())
        }
    }

    private mutating func leave(_ slot: Int) {
        guard slot != unranked else { return unranked = nil }
        freePlace = Int(places[slot])
        if let next = unranked {
            unranked = nil
            join(next)
        }
    }

    private mutating func join(_ slot: Int) {
        guard let place = freePlace else { return unranked = slot }
        rankedSlots[place] = slot
        places[slot] = UInt32(place)
        freePlace = nil
    }

    private mutating func requestedSlot() -> Int {
        guard ownShare < 1, random.unit() >= ownShare else { return ownSlot() }
        return sessions + size.probeSlots + sharedRanks.draw(&random)
    }

    private mutating func ownSlot() -> Int {
        var place = ranks.draw(&random)
        while place == freePlace { place = ranks.draw(&random) }
        return rankedSlots[place]
    }

    private mutating func probeSlot(_ state: Slot.State) -> Int {
        let kind = size.probeKinds.firstIndex(of: state) ?? 0
        return sessions + kind * size.probesPerKind + random.below(size.probesPerKind)
    }

    private mutating func makeSlots() -> [Slot] {
        var slots: [Slot] = []
        slots.reserveCapacity(sessions + size.probeSlots)
        for slot in 0..<sessions {
            let age_ms = workload.drawAge_ms(&random)
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
