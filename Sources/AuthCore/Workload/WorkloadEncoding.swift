extension Workload: Encodable {
    /// Writes the file that would be read into the same workload, every key in it.
    public func encode(to encoder: any Encoder) throws {
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
        let shares = OperationKind.allCases.map { ($0.name, mix[$0]) }
        try file.encode(Dictionary(uniqueKeysWithValues: shares), forKey: .mix)
    }
}
