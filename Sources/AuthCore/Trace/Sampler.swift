/// Draws an index with given weights by searching their running sums.
struct Sampler: Sendable {
    private var sums: [Double]

    /// Weights need not sum to 1.
    init(weights: some Sequence<Double>) {
        var sum = 0.0
        sums = weights.map { weight in
            sum += weight
            return sum
        }
    }

    func draw(_ random: inout RandomSource) -> Int {
        let target = random.unit() * (sums.last ?? 0)
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Deals the ranks of live sessions to clients, so that all requests together follow the skew of the workload
/// however many clients there are.
///
/// A client makes one request in `clients`, and by Zipf's law the first sessions get more than that. So the first
/// ranks are shared: every client presents their credentials, and nobody renews them or signs them out. All other
/// ranks belong to one client each. How often a client turns to the shared ones makes up for what its own weigh.
/// Weights are quotients, no powers, so that every C library gives the same trace.
struct RankDeal: Sendable {
    /// How many ranks all clients share: the least with which no client's own outweigh its part of the requests.
    let shared: Int
    private let population: Int
    private let clients: Int
    private let skew: Workload.Skew
    /// The sum of 1/r over all ranks.
    private let total: Double

    init(_ workload: Workload) {
        (population, clients, skew) = (workload.population, workload.clients, workload.skew)
        guard skew == .zipfian, clients > 1 else {
            shared = 0
            total = Self.harmonic(0, Self.live(population, clients, shared: 0))
            return
        }
        // As many as there are clients are always enough: the first weight left is below one client's part.
        var (low, high) = (1, clients)
        while low < high {
            let middle = (low + high) / 2
            if Self.isEnough(middle, population, clients) { high = middle } else { low = middle + 1 }
        }
        shared = low
        total = Self.harmonic(0, Self.live(population, clients, shared: low))
    }

    /// The sessions of one client: those not shared, in parts as even as can be.
    func sessions(of client: Int) -> Int { Self.sessions(population, clients, shared, client) }

    /// How many of them are signed out when a lap begins.
    func revoked(of client: Int) -> Int { Self.revoked(sessions(of: client)) }

    /// A sampler over the shared ranks.
    var sharedSampler: Sampler { Sampler(weights: (0..<shared).lazy.map { 1 / Double($0 + 1) }) }

    /// A sampler over a client's own ranks, and the part of its requests that goes to them.
    func own(of client: Int) -> (sampler: Sampler, share: Double) {
        let count = sessions(of: client) - revoked(of: client)
        guard skew == .zipfian else { return (Sampler(weights: repeatElement(1.0, count: count)), 1) }
        let weights = (0..<count).map { 1 / Double(Self.rank($0, client, clients, shared)) }
        let share = shared == 0 ? 1 : weights.reduce(0, +) * Double(clients) / total
        return (Sampler(weights: weights), min(1, share))
    }

    private static func isEnough(_ shared: Int, _ population: Int, _ clients: Int) -> Bool {
        let most = harmonic(0, live(population, clients, shared: shared)) / Double(clients)
        return (0..<clients).allSatisfy { client in
            let sessions = sessions(population, clients, shared, client)
            return (0..<(sessions - revoked(sessions))).reduce(0.0) {
                $0 + 1 / Double(rank($1, client, clients, shared))
            } <= most
        }
    }

    /// The rank, counted from 1, of a client's session: dealt in rounds, every other one backwards.
    private static func rank(_ place: Int, _ client: Int, _ clients: Int, _ shared: Int) -> Int {
        let seat = place % 2 == 0 ? client : clients - 1 - client
        return shared + place * clients + seat + 1
    }

    private static func sessions(_ population: Int, _ clients: Int, _ shared: Int, _ client: Int) -> Int {
        (population - shared) / clients + (client < (population - shared) % clients ? 1 : 0)
    }

    /// At least two, so that one can come back and one is left for probes.
    private static func revoked(_ sessions: Int) -> Int { max(2, sessions / 20) }

    private static func live(_ population: Int, _ clients: Int, shared: Int) -> Int {
        (0..<clients).reduce(shared) { sum, client in
            let sessions = sessions(population, clients, shared, client)
            return sum + sessions - revoked(sessions)
        }
    }

    private static func harmonic(_ first: Int, _ end: Int) -> Double {
        (first..<end).reduce(0.0) { $0 + 1 / Double($1 + 1) }
    }
}
