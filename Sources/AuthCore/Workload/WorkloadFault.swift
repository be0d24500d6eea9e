/// What is wrong with a workload, as one line for the user.
public struct WorkloadFault: Error, CustomStringConvertible, Equatable {
    public var description: String

    public init(_ description: String) {
        self.description = description
    }
}

extension Workload {
    /// The number of sessions below which a client has too few to log some out and still serve others.
    public static let sessionsPerClient = 16

    /// Checks what the shape of the file cannot.
    ///
    /// - Throws: `WorkloadFault`, naming the key and what it must be.
    public func validate() throws(WorkloadFault) {
        try validateName()
        if clients < 1 { throw .init("clients is \(clients): at least 1") }
        if requestsInParallel < 1 || !clients.isMultiple(of: requestsInParallel) {
            throw .init(
                "requests_in_parallel is \(requestsInParallel): at least 1, and clients (\(clients)) a multiple of it"
            )
        }
        if population / Self.sessionsPerClient < clients {
            throw .init(
                "population is \(population): at least \(Self.sessionsPerClient) sessions for each of"
                    + " \(clients) clients")
        }
        if population > 10_000_000 { throw .init("population is \(population): at most 10000000") }
        guard requestsPerSessionPerSecond.isFinite, requestsPerSessionPerSecond > 0 else {
            throw .init("requests_per_session_per_second is \(requestsPerSessionPerSecond): above 0")
        }
        for kind in OperationKind.allCases where !(0...1 ~= mix[kind]) {
            throw .init("mix.\(kind.name) is \(mix[kind]): from 0 to 1")
        }
        let sum = mix.shares.reduce(0, +)
        if abs(sum - 1) > 1e-9 { throw .init("the shares of mix sum to \(sum): they must sum to 1") }
        if mix[.logout] > mix[.login] {
            throw .init(
                "mix.logout is \(mix[.logout]): at most \(mix[.login]), the share of login, because only those who"
                    + " come can leave")
        }
        if let rate = arrival.rate, !Arrival.rates.contains(rate) {
            throw .init("arrival.rate is \(rate): from 0.01 to 100000000 per second")
        }
        if !(0...65_536).contains(policy.session_bytes) {
            throw .init("session_bytes is \(policy.session_bytes): from 0 to 65536")
        }
        try validateLifetimes()
    }

    /// The name stands in every file: no program that reads them may take it for a missing value, a number, a formula, an
    /// option or a command for the terminal.
    private func validateName() throws(WorkloadFault) {
        if name.isEmpty { throw .init("name is empty") }
        guard name.utf8.count <= 80 else {
            throw .init("name is \(name.utf8.count) bytes long: at most 80")
        }
        let others: Set<Character> = [" ", ".", "_", "-"]
        guard name.first?.isLetter == true,
            name.allSatisfy({ $0.isLetter || $0.isNumber || others.contains($0) })
        else {
            throw .init(
                "name is \"\(name.printable)\": a letter, then letters, digits, spaces, dots, _ and - only")
        }
        let misread = ["null", "nan", "na", "none", "nil", "true", "false", "inf", "infinity"]
        if misread.contains(name.lowercased()) {
            throw .init("name is \"\(name)\", which other programs take for no name: choose another")
        }
    }

    private func validateLifetimes() throws(WorkloadFault) {
        let lifetimes = policy.lifetimes
        let named = [
            ("idle", lifetimes.idle_ms), ("absolute", lifetimes.absolute_ms), ("token", lifetimes.token_ms),
            ("access", lifetimes.access_ms), ("refresh_idle", lifetimes.refreshIdle_ms),
        ]
        for (key, value_ms) in named where value_ms < 1000 || value_ms > lifetimes.absolute_ms {
            throw .init("lifetimes_seconds.\(key) is \(value_ms / 1000): from 1 to absolute")
        }
        if lifetimes.refreshGrace_ms < 0 || lifetimes.refreshGrace_ms > 60_000 {
            throw .init(
                "lifetimes_seconds.refresh_grace is \(lifetimes.refreshGrace_ms / 1000): from 0 to 60")
        }
        if case .interval(let milliseconds) = policy.touch, milliseconds < 1 {
            throw .init("touch_interval_seconds must be above 0")
        }
        if horizon_ms < 1000 {
            throw .init(
                "lifetimes_seconds let a credential live \(lifetimes.shortest_ms / 1000) s (of access, less the jitter):"
                    + " at least 2 more than the touch interval, which is \(oldestAge_ms / 1000)"
                    + " (touch_interval_seconds, 60 where it is not given)")
        }
    }
}
