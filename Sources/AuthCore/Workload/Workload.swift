/// What is run: who is there, what they do, and in which proportions.
package struct Workload: Sendable, Equatable {
    package var name: String
    /// What real traffic it stands for.
    package var summary: String
    /// How many people have signed in before the clock starts; one in twenty has signed out again.
    package var population: Int
    package var clients: Int
    /// How many clients act for one person, as the connections of a browser do: they share all their sessions.
    package var requestsInParallel = 1
    package var seed: UInt64
    package var skew: Skew
    /// How often one session sends a request, on the trace's clock: decides how often touching is due.
    package var requestsPerSessionPerSecond: Double
    package var mix: Mix
    package var arrival = Arrival.closed
    package var policy: Policy
    /// How far away a networked store is: the time of a round trip, 0 for a relay without delay; `nil` for none.
    package var storeRTT: StoreRTT?
    /// After how many requests a client of a server over HTTP connects anew; `nil` for never.
    package var requestsPerConnection: Int?

    /// How requests spread over the sessions.
    package enum Skew: String, Codable, Sendable {
        case uniform
        /// The session of rank r gets a share proportional to 1/r (Zipf's law, exponent 1).
        case zipfian
    }

    /// The share of each kind of operation, in the order of `OperationKind.allCases`; they sum to 1.
    package struct Mix: Sendable, Equatable {
        package var shares: [Double]
        /// Whether each strategy renews as often as its credentials need it, instead of a share of its own.
        package var renewsAsNeeded = false

        package subscript(kind: OperationKind) -> Double {
            get { shares[Int(kind.rawValue)] }
            set { shares[Int(kind.rawValue)] = newValue }
        }

        package init() {
            shares = Array(repeating: 0, count: OperationKind.allCases.count)
        }
    }

    /// Makes a workload of one kind of operation, on sessions that are all asked for equally often.
    package static func only(
        _ kind: OperationKind, clients: Int, population: Int, policy: Policy = Policy()
    ) -> Self {
        var mix = Mix()
        mix[kind] = 1
        return Self(
            name: kind.name, summary: "One kind of operation.", population: population, clients: clients,
            seed: 1,
            skew: .uniform, requestsPerSessionPerSecond: 1000, mix: mix, policy: policy)
    }

    /// How long the population may age before the first credential of any strategy would expire.
    ///
    /// The trace's clock stands still from there on, so that no live credential ever expires in a run.
    package var horizon_ms: Int64 { policy.lifetimes.shortest_ms - oldestAge_ms - 1000 }

    /// How long ago the oldest session of the population was last seen when the trace begins.
    ///
    /// Ages are spread evenly over a touch interval, as they are in a system that has been running.
    package var oldestAge_ms: Int64 {
        if case .interval(let milliseconds) = policy.touch { milliseconds } else { 0 }
    }
}

/// When requests come: as soon as a client is free, or when it is their time.
package enum Arrival: Sendable, Equatable {
    /// Each client sends its next request when the last one is answered.
    case closed
    /// Requests come at moments fixed in advance, `rate` per second over all clients, however long the
    /// answers take; so a stall delays all that were due in it, and is seen (Tene, coordinated omission).
    case open(Process, rate: Double)

    package enum Process: String, Codable, CaseIterable, Sendable {
        /// Independent of each other, as the requests of many people are.
        case poisson
        /// Evenly spaced, the clients taking turns.
        case constant
    }

    package var rate: Double? {
        if case .open(_, let rate) = self { rate } else { nil }
    }

    /// The rates that a schedule in nanoseconds can hold.
    package static let rates = 0.01...1e8
}

extension Workload: Encodable {
    /// Writes the file that would be read into the same workload, every key in it.
    package func encode(to encoder: any Encoder) throws {
        var file = encoder.container(keyedBy: Key.self)
        try file.encode(name, forKey: .name)
        try file.encode(summary, forKey: .summary)
        try file.encode(population, forKey: .population)
        try file.encode(clients, forKey: .clients)
        try file.encode(requestsInParallel, forKey: .requestsInParallel)
        try file.encode(seed, forKey: .seed)
        try file.encode(skew, forKey: .skew)
        try file.encode(requestsPerSessionPerSecond, forKey: .requestsPerSessionPerSecond)
        if arrival != .closed { try file.encode(arrival, forKey: .arrival) }
        switch policy.touch {
        case .never: try file.encode("never", forKey: .touch)
        case .always: try file.encode("always", forKey: .touch)
        case .interval(let milliseconds):
            try file.encode("interval", forKey: .touch)
            try file.encode(milliseconds / 1000, forKey: .touchInterval)
        }
        let lifetimes = Lifetimes.keys.map { ($0.0, policy.lifetimes[keyPath: $0.1] / 1000) }
        try file.encode(Dictionary(uniqueKeysWithValues: lifetimes), forKey: .lifetimes)
        try file.encode(policy.session_bytes, forKey: .sessionBytes)
        try file.encode(Double(policy.sweepInterval_ms) / 1000, forKey: .sweepInterval)
        if !policy.claims.isEmpty { try file.encode(policy.claims, forKey: .claims) }
        if let storeRTT { try file.encode(storeRTT.text, forKey: .storeRTT) }
        if let requestsPerConnection {
            try file.encode(requestsPerConnection, forKey: .requestsPerConnection)
        }
        try file.encode(mix, forKey: .mix)
    }
}
