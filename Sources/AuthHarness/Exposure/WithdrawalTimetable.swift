import AuthCore

/// A plan of withdrawals in time, for one strategy.
///
/// Time is compressed for a strategy whose credentials die at expiry, so that the longest of them does so within
/// the measurement; where revocation is promised at once, nothing need be waited for and time is real.
struct WithdrawalTimetable: Sendable {
    /// A credential: when it was issued and when it is withdrawn.
    struct Task: Sendable, Equatable {
        var subject: Subject
        var withdrawal: Withdrawal
        /// On the strategy's clock.
        var issuedAt: Instant
        /// In real time after the start.
        var due_ns: UInt64
    }

    /// All withdrawals are in this part of the measurement; after it the longest life has 0.78 of it to end in.
    private static let window = 0.2
    private static let life = 0.78

    let lifetime: CredentialLifetime
    let promise: RevocationPromise
    /// How many milliseconds of the strategy's clock pass in a real one.
    let compression: Double
    /// In the order of the withdrawals.
    let tasks: [Task]

    init(
        _ plan: WithdrawalPlan, lifetime: CredentialLifetime, promise: RevocationPromise, duration_ns: UInt64
    ) {
        let duration_ms = Double(duration_ns) / 1e6
        let longest_ms = Double(lifetime.longest_ms)
        let compression = promise == .immediate ? 1 : max(1, longest_ms / (duration_ms * Self.life))
        let window_ms = duration_ms * Self.window * compression
        self.lifetime = lifetime
        self.promise = promise
        self.compression = compression
        tasks = plan.entries.map { entry in
            let age_ms = entry.age * longest_ms
            let due_ms = entry.moment * min(window_ms, age_ms)
            return Task(
                subject: entry.subject, withdrawal: entry.withdrawal,
                issuedAt: .traceStart.advanced(byMilliseconds: Int64((due_ms - age_ms).rounded(.down))),
                due_ns: UInt64(due_ms / compression * 1e6))
        }.sorted { $0.due_ns < $1.due_ns }
    }

    /// The strategy's clock at a moment of real time.
    @inline(__always)
    func instant(at time_ns: UInt64, start_ns: UInt64) -> Instant {
        let passed_ms = Double(time_ns &- start_ns) * compression / 1e6
        return .traceStart.advanced(byMilliseconds: Int64(passed_ms))
    }

    /// The milliseconds on the strategy's clock between two moments of real time; 0 when they are not in order.
    func clock_ms(from begin_ns: UInt64, to end_ns: UInt64) -> Double {
        end_ns > begin_ns ? Double(end_ns - begin_ns) * compression / 1e6 : 0
    }
}
