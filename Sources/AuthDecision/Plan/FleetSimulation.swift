import AuthCore
import AuthStatistics
import Foundation

/// A fleet played through request by request, for what no formula has: nodes that share users unevenly, caches that are
/// empty all at once, and a store that is away and comes back to a line.
///
/// Nothing in it is random but the seed's draws, so the same fleet gives the same outcome byte for byte.
package struct FleetSimulation {
    /// A kind of place with one line for each of its members.
    package struct Tier: Sendable {
        package var members: Int
        package var servers: Int
        /// What a server takes for one request, on average, in ns.
        package var service_ns: Double
        /// Whether times are exponential; otherwise each request takes equally long.
        package var isExponential: Bool

        package init(members: Int, servers: Int, service_ns: Double, isExponential: Bool = true) {
            (self.members, self.servers) = (members, servers)
            (self.service_ns, self.isExponential) = (service_ns, isExponential)
        }
    }

    package enum Routing: Sendable {
        /// A user's requests go to one node, by a hash.
        case sticky
        case random
    }

    package var nodes: Tier
    /// `nil` where no request waits for a store.
    package var store: Tier?
    package var routing = Routing.random
    /// How long a node goes by its copy of what the store said, in ns; `nil` where it asks each time.
    package var cache_ns: Double?
    /// While the store is away, in ns since the beginning.
    package var away_ns: Range<Double>?
    package var seed: UInt64 = 1

    package init(nodes: Tier, store: Tier?) { (self.nodes, self.store) = (nodes, store) }

    package struct Outcome: Sendable {
        /// Of each request in its order, from its arrival to its answer.
        package var responses_ns: [Double] = []
        /// What each node was asked.
        package var perNode: [Int]
        /// Of those that had to ask the store, what each shard was asked.
        package var perShard: [Int]
        package var asked: Int { perShard.reduce(0, +) }
        /// When nobody waited any more for a store that had been away; `nil` where that did not come.
        package var backlogEnd_ns: Double?

        /// The requests of the busiest node over those of the average one.
        package var nodeImbalance: Double { Self.imbalance(perNode) }
        package var shardImbalance: Double { Self.imbalance(perShard) }

        private static func imbalance(_ counts: [Int]) -> Double {
            let all = counts.reduce(0, +)
            return all > 0 ? Double((counts.max() ?? 0) * counts.count) / Double(all) : 1
        }

        package func quantile_ns(_ share: Double) -> Double {
            let sorted = responses_ns.sorted()
            let place = Int((share * Double(sorted.count)).rounded(.up)) - 1
            return sorted.isEmpty ? 0 : sorted[max(0, min(place, sorted.count - 1))]
        }
    }

    /// Plays requests through, each by its moment and its user.
    package func play(_ requests: [ReplayedRequest]) -> Outcome {
        var state = SimulatedFleet(self, requests)
        state.play()
        return state.outcome
    }
}

/// A request of a trace: when it comes, and of whom.
package struct ReplayedRequest: Sendable {
    package var due_ns: Double
    package var subject: UInt64
}

/// The requests of a trace in the order in which they are due.
package struct ReplayedTrace: Sendable {
    /// By the trace's own time; none where it has no arrivals.
    private var lap: [ReplayedRequest] = []
    private let lap_ns: Double

    /// - Parameter trace: of an open loop.
    package init(_ trace: Trace) {
        lap_ns = Double(trace.clients.map(\.arrivals.lap_ns).max() ?? 0)
        guard lap_ns > 0 else { return }
        for (client, one) in trace.clients.enumerated() {
            for (operation, due_ns) in zip(one.operations, one.arrivals.times_ns) {
                let subject = trace.slot(of: operation, client: client).subject.id
                lap.append(ReplayedRequest(due_ns: Double(due_ns), subject: subject))
            }
        }
        lap.sort { ($0.due_ns, $0.subject) < ($1.due_ns, $1.subject) }
    }

    /// Its requests, the trace's own time being stretched to a rate.
    ///
    /// - Parameters:
    ///   - perSecond: of all clients together.
    ///   - count: as many; the trace begins again where it has fewer.
    /// - Returns: none where the trace has no arrivals.
    package func requests(perSecond: Double, count: Int) -> [ReplayedRequest] {
        guard !lap.isEmpty else { return [] }
        let stretch = Double(lap.count) / lap_ns * 1e9 / perSecond
        return (0..<count).map { index in
            let (round, place) = index.quotientAndRemainder(dividingBy: lap.count)
            return ReplayedRequest(
                due_ns: (Double(round) * lap_ns + lap[place].due_ns) * stretch, subject: lap[place].subject)
        }
    }
}

/// What the lines, the caches and the events of a fleet are while it is played through.
private struct SimulatedFleet {
    private enum Step { case nodeDone, storeDone, storeAway, storeBack }

    private let fleet: FleetSimulation
    private let requests: [ReplayedRequest]
    private var events = EventQueue<(step: Step, request: Int)>()
    private var nodes: [Line]
    private var shards: [Line]
    private var nodeOf: [Int]
    /// Until when each node may go by its copy, by node and user.
    private var copies: [[UInt64: Double]]
    private var random: RandomSource
    private(set) var outcome: FleetSimulation.Outcome

    init(_ fleet: FleetSimulation, _ requests: [ReplayedRequest]) {
        (self.fleet, self.requests) = (fleet, requests)
        nodes = Array(repeating: Line(servers: fleet.nodes.servers), count: fleet.nodes.members)
        shards = Array(repeating: Line(servers: fleet.store?.servers ?? 1), count: fleet.store?.members ?? 0)
        copies = Array(repeating: [:], count: fleet.cache_ns == nil ? 0 : fleet.nodes.members)
        random = RandomSource(seed: fleet.seed, stream: 0xF1EE_7000)
        nodeOf = Array(repeating: 0, count: requests.count)
        outcome = .init(
            perNode: Array(repeating: 0, count: nodes.count),
            perShard: Array(repeating: 0, count: shards.count))
        outcome.responses_ns = Array(repeating: 0, count: requests.count)
    }

    mutating func play() {
        if let away_ns = fleet.away_ns {
            events.add((.storeAway, 0), at: away_ns.lowerBound)
            events.add((.storeBack, 0), at: away_ns.upperBound)
        }
        var next = 0
        while next < requests.count || !events.isEmpty {
            if next < requests.count, requests[next].due_ns <= events.first_ns ?? .infinity {
                arrive(next, at: requests[next].due_ns)
                next += 1
            } else if let (now_ns, event) = events.removeFirst() {
                advance(event.step, event.request, at: now_ns)
            }
        }
    }

    private mutating func arrive(_ request: Int, at now_ns: Double) {
        let node =
            switch fleet.routing {
            case .sticky: Self.place(of: requests[request].subject, among: nodes.count, salt: 1)
            case .random: random.below(nodes.count)
            }
        nodeOf[request] = node
        outcome.perNode[node] += 1
        if nodes[node].takes(request) { serveAtNode(request, at: now_ns) }
    }

    private mutating func advance(_ step: Step, _ request: Int, at now_ns: Double) {
        switch step {
        case .nodeDone:
            if let next = nodes[nodeOf[request]].leave() { serveAtNode(next, at: now_ns) }
            askStore(request, at: now_ns)
        case .storeDone:
            let shard = shard(of: request)
            if let next = shards[shard].leave() {
                serveAtStore(next, at: now_ns)
            } else if shards[shard].isBehind {
                shards[shard].isBehind = false
                outcome.backlogEnd_ns = max(outcome.backlogEnd_ns ?? 0, now_ns)
            }
            if let cache_ns = fleet.cache_ns {
                copies[nodeOf[request]][requests[request].subject] = now_ns + cache_ns
            }
            answer(request, at: now_ns)
        case .storeAway:
            for index in shards.indices { shards[index].isAway = true }
        case .storeBack:
            for index in shards.indices {
                for next in shards[index].comeBack() { serveAtStore(next, at: now_ns) }
            }
        }
    }

    private mutating func askStore(_ request: Int, at now_ns: Double) {
        let subject = requests[request].subject
        let isCopied = fleet.cache_ns != nil && copies[nodeOf[request]][subject] ?? 0 > now_ns
        guard !shards.isEmpty, !isCopied else { return answer(request, at: now_ns) }
        let shard = shard(of: request)
        outcome.perShard[shard] += 1
        if shards[shard].takes(request) { serveAtStore(request, at: now_ns) }
    }

    private mutating func serveAtNode(_ request: Int, at now_ns: Double) {
        events.add((.nodeDone, request), at: now_ns + draw(fleet.nodes))
    }

    private mutating func serveAtStore(_ request: Int, at now_ns: Double) {
        guard let store = fleet.store else { return }
        events.add((.storeDone, request), at: now_ns + draw(store))
    }

    private mutating func answer(_ request: Int, at now_ns: Double) {
        outcome.responses_ns[request] = now_ns - requests[request].due_ns
    }

    private func shard(of request: Int) -> Int {
        Self.place(of: requests[request].subject, among: shards.count, salt: 2)
    }

    /// Where a hash puts a user.
    private static func place(of subject: UInt64, among count: Int, salt: UInt64) -> Int {
        var hash = RandomSource(seed: subject, stream: salt)
        return hash.below(count)
    }

    private mutating func draw(_ tier: FleetSimulation.Tier) -> Double {
        tier.isExponential ? -log(1 - random.unit()) * tier.service_ns : tier.service_ns
    }
}
