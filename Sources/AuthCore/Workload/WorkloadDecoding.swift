extension Workload: Decodable {
    enum Key: String, CodingKey, CaseIterable {
        case name, summary, population, clients, seed, skew, touch, mix, arrival, claims
        case requestsPerSessionPerSecond = "requests_per_session_per_second"
        case touchInterval = "touch_interval_seconds"
        case lifetimes = "lifetimes_seconds"
        case requestsInParallel = "requests_in_parallel"
        case sessionBytes = "session_bytes"
        case sweepInterval = "sweep_interval_seconds"
        case storeRTT = "store_rtt"
        case requestsPerConnection = "requests_per_connection"
    }

    /// Reads a workload file strictly: every key known, and those without a default present.
    ///
    /// - Parameter decoder: of a JSON text whose duplicates and grammar have been checked.
    /// - Throws: `WorkloadError` or `DecodingError`.
    package init(from decoder: any Decoder) throws {
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
        policy.claims = try file.decode(.claims, orWhenAbsent: OwnClaims())
        policy.sweepInterval_ms = try Self.sweepInterval_ms(try file.decode(.sweepInterval, orWhenAbsent: 0))
        if file.contains(.storeRTT) {
            storeRTT = try StoreRTT(try file.decode(String.self, forKey: .storeRTT)) {
                WorkloadError("store_rtt \($0)")
            }
        }
        requestsPerConnection = try file.decodeIfPresent(Int.self, forKey: .requestsPerConnection)
        try validate()
    }

    private static func sweepInterval_ms(_ seconds: Double) throws -> Int64 {
        guard seconds == 0 || (0.01...3600).contains(seconds) else {
            throw WorkloadError(
                "sweep_interval_seconds is \(seconds): give 0.01 to 3600, or 0 for no sweep")
        }
        return Int64((seconds * 1000).rounded())
    }

    private static func touch(_ file: KeyedDecodingContainer<Key>) throws -> TouchPolicy {
        let interval_s: Int32 = try file.decode(.touchInterval, orWhenAbsent: 60)
        let name = try file.decode(.touch, orWhenAbsent: "interval")
        if file.contains(.touchInterval), name != "interval" {
            throw WorkloadError(
                "touch_interval_seconds needs \"touch\": \"interval\": change touch, or remove the interval")
        }
        switch name {
        case "never": return .never
        case "always": return .always
        case "interval": return .interval(milliseconds: Int64(interval_s) * 1000)
        default: throw WorkloadError("touch is \"\(name)\": give never, interval or always")
        }
    }
}

extension Workload.Mix: Codable {
    /// Stands for the share of renewals.
    private static let auto = "auto"

    package init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(except: OperationKind.allCases.map(\.name), in: "mix")
        let file = try decoder.container(keyedBy: AnyKey.self)
        self.init()
        for kind in OperationKind.allCases {
            let key = AnyKey(kind.name)
            guard kind == .renew, !file.contains(key) || (try? file.decode(String.self, forKey: key)) != nil
            else {
                self[kind] = try file.decode(key, orWhenAbsent: 0)
                continue
            }
            let word = try file.decode(key, orWhenAbsent: Self.auto)
            guard word == Self.auto else {
                throw WorkloadError("mix.renew is \"\(word)\": give a share from 0 to 1, or \"auto\"")
            }
            renewsAsNeeded = true
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var file = encoder.container(keyedBy: AnyKey.self)
        for kind in OperationKind.allCases {
            if kind == .renew, renewsAsNeeded {
                try file.encode(Self.auto, forKey: AnyKey(kind.name))
            } else {
                try file.encode(self[kind], forKey: AnyKey(kind.name))
            }
        }
    }
}

extension Arrival: Codable {
    private enum Key: String, CodingKey, CaseIterable { case process, rate }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(except: Key.allCases.map(\.rawValue), in: "arrival")
        let file = try decoder.container(keyedBy: Key.self)
        self = .open(
            try file.decode(Process.self, forKey: .process), rate: try file.decode(Double.self, forKey: .rate)
        )
    }

    package func encode(to encoder: any Encoder) throws {
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
    package func decode<Value: Decodable>(_ key: Key, orWhenAbsent absent: Value) throws -> Value {
        contains(key) ? try decode(Value.self, forKey: key) : absent
    }
}

extension Decoder {
    package func refuseKeys(
        except known: [String], in place: String, allowingRemarks: Bool = false
    ) throws {
        for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            if allowingRemarks, key.stringValue.hasPrefix("//") { continue }
            throw WorkloadError(
                "unknown key \"\(key.stringValue)\" in \(place): the known keys are \(known.sorted().joined(separator: ", "))"
            )
        }
    }
}

/// What is wrong with a workload, as one line for the user.
package struct WorkloadError: Error, CustomStringConvertible, Equatable {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}

extension Workload {
    /// The number of sessions below which a client has too few to log some out and still serve others.
    package static let sessionsPerClient = 16

    /// Checks what the shape of the file cannot.
    ///
    /// - Throws: `WorkloadError`, naming the key and what it must be.
    package func validate() throws(WorkloadError) {
        try validateName()
        if clients < 1 { throw .init("clients is \(clients): give at least 1") }
        if requestsInParallel < 1 || !clients.isMultiple(of: requestsInParallel) {
            throw .init(
                "requests_in_parallel is \(requestsInParallel): give a number from 1 on that divides clients (\(clients))"
            )
        }
        if population / Self.sessionsPerClient < clients {
            throw .init(
                "population is \(population): give at least \(Self.sessionsPerClient) sessions for each of the"
                    + " \(clients) clients")
        }
        if population > 10_000_000 { throw .init("population is \(population): give at most 10000000") }
        guard requestsPerSessionPerSecond.isFinite, requestsPerSessionPerSecond > 0 else {
            throw .init(
                "requests_per_session_per_second is \(requestsPerSessionPerSecond): give a number above 0")
        }
        for kind in OperationKind.allCases where !(0...1 ~= mix[kind]) {
            throw .init("mix.\(kind.name) is \(mix[kind]): give a share from 0 to 1")
        }
        let sum = mix.shares.reduce(0, +)
        if abs(sum - 1) > 1e-9 {
            throw .init("the shares of mix sum to \(sum): change them so that they sum to 1")
        }
        if mix[.logout] > mix[.login] {
            throw .init(
                "mix.logout is \(mix[.logout]): give at most \(mix[.login]), the share of login, because only users who"
                    + " signed in can sign out")
        }
        if let rate = arrival.rate, !Arrival.rates.contains(rate) {
            throw .init("arrival.rate is \(rate): give 0.01 to 100000000 per second")
        }
        if let requestsPerConnection, !(1...1_000_000).contains(requestsPerConnection) {
            throw .init(
                "requests_per_connection is \(requestsPerConnection): give 1 to 1000000, or leave it out to keep connections"
            )
        }
        if !(0...65_536).contains(policy.session_bytes) {
            throw .init("session_bytes is \(policy.session_bytes): give 0 to 65536")
        }
        try validateLifetimes()
    }

    /// The name stands in every file: no program that reads them may take it for a missing value, a number, a formula, an
    /// option or a command for the terminal.
    private func validateName() throws(WorkloadError) {
        if name.isEmpty { throw .init("name is empty: give the workload a name") }
        guard name.utf8.count <= 80 else {
            throw .init("name is \(name.utf8.count) bytes long: give at most 80")
        }
        let others: Set<Character> = [" ", ".", "_", "-"]
        guard name.first?.isLetter == true,
            name.allSatisfy({ $0.isLetter || $0.isNumber || others.contains($0) })
        else {
            throw .init(
                "name is \"\(name.printable)\": begin with a letter, and use only letters, digits, spaces, dots, _ and -"
            )
        }
        let misread = ["null", "nan", "na", "none", "nil", "true", "false", "inf", "infinity"]
        if misread.contains(name.lowercased()) {
            throw .init("name is \"\(name)\", which other programs read as a missing value: choose another")
        }
    }

    private func validateLifetimes() throws(WorkloadError) {
        let lifetimes = policy.lifetimes
        let named = [
            ("idle", lifetimes.idle_ms), ("absolute", lifetimes.absolute_ms), ("token", lifetimes.token_ms),
            ("access", lifetimes.access_ms), ("refresh_idle", lifetimes.refreshIdle_ms),
        ]
        for (key, value_ms) in named where value_ms < 1000 || value_ms > lifetimes.absolute_ms {
            throw .init(
                "lifetimes_seconds.\(key) is \(value_ms / 1000): give 1 to \(lifetimes.absolute_ms / 1000), the absolute lifetime"
            )
        }
        if lifetimes.refreshGrace_ms < 0 || lifetimes.refreshGrace_ms > 60_000 {
            throw .init(
                "lifetimes_seconds.refresh_grace is \(lifetimes.refreshGrace_ms / 1000): give 0 to 60")
        }
        if case .interval(let milliseconds) = policy.touch, milliseconds < 1 {
            throw .init("touch_interval_seconds is 0 or less: give a number above 0")
        }
        if horizon_ms < 1000 {
            let (jitter_s, interval_s) = (lifetimes.accessJitter_s, oldestAge_ms / 1000)
            let isAccess = lifetimes.shortest_ms == lifetimes.access_ms - jitter_s * 1000
            let (key, value_ms) =
                isAccess ? ("access", lifetimes.access_ms) : named.min { $0.1 < $1.1 } ?? ("", 0)
            let problem = "lifetimes_seconds.\(key) is \(value_ms / 1000)"
            guard interval_s > 0 else { throw .init("\(problem): give at least 2") }
            throw .init(
                "\(problem): give at least 2 more than touch_interval_seconds, which is \(interval_s), because sessions"
                    + " may be \(interval_s) s old when the run starts and would expire in it"
                    + (isAccess && jitter_s > 0 ? " (jitter takes \(jitter_s) s of access)" : ""))
        }
    }
}
