extension Workload: Decodable {
    enum Key: String, CodingKey, CaseIterable {
        case name, summary, population, clients, seed, skew, touch, mix, arrival
        case requestsPerSessionPerSecond = "requests_per_session_per_second"
        case touchInterval = "touch_interval_seconds"
        case lifetimes = "lifetimes_seconds"
        case requestsInParallel = "requests_in_parallel"
        case sessionBytes = "session_bytes"
        case sweepInterval = "sweep_interval_seconds"
    }

    /// Reads a workload file strictly: every key known, and those without a default present.
    ///
    /// - Parameter decoder: of a JSON text whose duplicates and grammar have been checked.
    /// - Throws: `WorkloadFault` or `DecodingError`.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(except: Key.allCases.map(\.rawValue), in: "the workload")
        let file = try decoder.container(keyedBy: Key.self)
        name = try file.decode(String.self, forKey: .name)
        summary = try file.decode(String.self, forKey: .summary)
        population = try file.decode(.population, orWhenAbsent: 100_000)
        clients = try file.decode(.clients, orWhenAbsent: 8)
        requestsInParallel = try file.decode(.requestsInParallel, orWhenAbsent: 1)
        seed = try file.decode(.seed, orWhenAbsent: 1)
        skew = try file.decode(.skew, orWhenAbsent: .zipfian)
        requestsPerSessionPerSecond = try file.decode(.requestsPerSessionPerSecond, orWhenAbsent: 0.1)
        mix = try file.decode(Mix.self, forKey: .mix)
        arrival = try file.decode(.arrival, orWhenAbsent: .closed)
        policy = Policy()
        policy.touch = try Self.touch(file)
        policy.lifetimes = try file.decode(.lifetimes, orWhenAbsent: Lifetimes())
        policy.session_bytes = try file.decode(.sessionBytes, orWhenAbsent: 0)
        policy.sweepInterval_ms = try Self.sweepInterval_ms(try file.decode(.sweepInterval, orWhenAbsent: 0))
        try validate()
    }

    private static func sweepInterval_ms(_ seconds: Double) throws -> Int64 {
        guard seconds == 0 || (0.01...3600).contains(seconds) else {
            throw WorkloadFault(
                "sweep_interval_seconds is \(seconds): from 0.01 to 3600, or 0 for no sweep")
        }
        return Int64((seconds * 1000).rounded())
    }

    private static func touch(_ file: KeyedDecodingContainer<Key>) throws -> TouchPolicy {
        let interval_s: Int32 = try file.decode(.touchInterval, orWhenAbsent: 60)
        let name = try file.decode(.touch, orWhenAbsent: "interval")
        if file.contains(.touchInterval), name != "interval" {
            throw WorkloadFault("touch_interval_seconds goes with \"touch\": \"interval\" only")
        }
        switch name {
        case "never": return .never
        case "always": return .always
        case "interval": return .interval(milliseconds: Int64(interval_s) * 1000)
        default: throw WorkloadFault("touch is \"\(name)\": never, interval or always")
        }
    }
}

extension Workload.Mix: Decodable {
    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(except: OperationKind.allCases.map(\.name), in: "mix")
        let file = try decoder.container(keyedBy: AnyKey.self)
        self.init()
        for kind in OperationKind.allCases {
            self[kind] = try file.decode(AnyKey(kind.name), orWhenAbsent: 0)
        }
    }
}

extension Arrival: Codable {
    private enum Key: String, CodingKey, CaseIterable { case process, rate }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(except: Key.allCases.map(\.rawValue), in: "arrival")
        let file = try decoder.container(keyedBy: Key.self)
        self = .open(
            try file.decode(Process.self, forKey: .process), rate: try file.decode(Double.self, forKey: .rate)
        )
    }

    public func encode(to encoder: any Encoder) throws {
        guard case .open(let process, let rate) = self else { return }
        var file = encoder.container(keyedBy: Key.self)
        try file.encode(process, forKey: .process)
        try file.encode(rate, forKey: .rate)
    }
}

extension Lifetimes: Decodable {
    static let keys: [(String, WritableKeyPath<Self, Int64> & Sendable)] = [
        ("idle", \.idle_ms), ("absolute", \.absolute_ms), ("token", \.token_ms), ("access", \.access_ms),
        ("refresh_idle", \.refreshIdle_ms), ("refresh_grace", \.refreshGrace_ms),
    ]

    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(except: Self.keys.map(\.0), in: "lifetimes_seconds")
        let file = try decoder.container(keyedBy: AnyKey.self)
        self.init()
        for (name, path) in Self.keys where file.contains(AnyKey(name)) {
            self[keyPath: path] = Int64(try file.decode(Int32.self, forKey: AnyKey(name))) * 1000
        }
    }
}

/// A coding key of any name.
struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension KeyedDecodingContainer {
    /// A value, or the default where the key is absent; a `null` is neither.
    fileprivate func decode<Value: Decodable>(_ key: Key, orWhenAbsent absent: Value) throws -> Value {
        contains(key) ? try decode(Value.self, forKey: key) : absent
    }
}

extension Decoder {
    fileprivate func refuseKeys(except known: [String], in place: String) throws {
        for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            throw WorkloadFault(
                "unknown key \"\(key.stringValue)\" in \(place); known: \(known.sorted().joined(separator: ", "))"
            )
        }
    }
}
