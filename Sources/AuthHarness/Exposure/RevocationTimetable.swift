import AuthCore

/// A plan of revocations in time, for one strategy.
///
/// Time is compressed for a strategy whose credentials die at expiry, so that the longest of them does so within
/// the measurement; where revocation is promised at once, or within a hop, nothing need be waited for and time is real.
/// Where servers go by copies, the measurement is some lives of a copy long: the revocations are spread over two of them, so
/// that a copy may have any age, after one in which all copies have been made.
struct RevocationTimetable: Sendable {
    /// A credential: when it was issued and when it is revoked.
    struct Task: Sendable, Equatable {
        var subject: Subject
        var revocation: Revocation
        /// On the strategy's clock.
        var issuedAt: Instant
        /// In real time after the start.
        var due_ns: UInt64
    }

    /// All revocations are in this part of the measurement; after it the longest life has 0.78 of it to end in.
    private static let window = 0.2
    private static let life = 0.78
    /// In lives of a copy: how long the measurement is at least, and how much of it comes after the last revocation.
    private static let copies = (whole: 4.5, after: 1.5)

    let lifetime: CredentialLifetime
    let promise: RevocationPromise
    let staleness_ms: Int64
    /// How many milliseconds of the strategy's clock pass in a real one.
    let compression: Double
    /// In the order of the revocations.
    let tasks: [Task]

    init(
        _ plan: RevocationPlan, lifetime: CredentialLifetime, promise: RevocationPromise,
        staleness_ms: Int64, duration_ns: UInt64
    ) {
        let duration_ms = Double(duration_ns) / 1e6
        let longest_ms = Double(lifetime.longest_ms)
        let stale_ms = Double(staleness_ms)
        let compression =
            switch promise {
            case .immediate, .pushed: 1.0
            case .cached: max(1, stale_ms * Self.copies.whole / duration_ms)
            case .atExpiry: max(1, longest_ms / (duration_ms * Self.life))
            }
        let (begin_ms, window_ms) =
            promise == .cached
            ? (stale_ms, duration_ms * compression - stale_ms * (1 + Self.copies.after))
            : (0, duration_ms * Self.window * compression)
        self.lifetime = lifetime
        self.promise = promise
        self.staleness_ms = staleness_ms
        self.compression = compression
        tasks = plan.entries.map { entry in
            // All are issued before the clock starts: copies of them are made at once.
            let (age_ms, due_ms): (Double, Double)
            if promise == .cached {
                due_ms = begin_ms + entry.moment * window_ms
                age_ms = due_ms + entry.age * max(0, longest_ms - due_ms)
            } else {
                age_ms = entry.age * longest_ms
                due_ms = entry.moment * min(window_ms, age_ms)
            }
            return Task(
                subject: entry.subject, revocation: entry.revocation,
                issuedAt: .traceStart.advanced(byMilliseconds: Int64((due_ms - age_ms).rounded(.down))),
                due_ns: UInt64(due_ms / compression * 1e6))
        }.sorted { $0.due_ns < $1.due_ns }
    }

    /// The share of the credentials that are presented by now.
    ///
    /// Where there are copies, they are made one after the other in the time for which one is used: made all at once, they
    /// would be anew all at once too, and no revocation would meet them at a random age.
    @inline(__always)
    func released(at time_ns: UInt64, start_ns: UInt64) -> Double {
        promise == .cached ? clock_ms(from: start_ns, to: time_ns) / Double(max(1, staleness_ms)) : 1
    }

    /// How long a copy of a credential is used, and some more, in real time; 0 where there are no copies.
    var copyLife_ns: UInt64 {
        promise == .cached ? UInt64(Double(staleness_ms) / compression * 1.2e6) : 0
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

/// What the client that revokes did.
struct RevocationLog: Sendable {
    /// How the revoked credential stood just before.
    enum State: Sendable { case alive, expired, wrong }

    /// One revocation, in real time.
    struct Entry: Sendable {
        var state: State
        /// How long after it was due.
        var lag_ns: UInt64
        var acknowledged_ns: UInt64
    }

    /// In the order of the tasks; fewer when the strategy threw.
    var entries: [Entry] = []
    var errors = ErrorKinds()

    mutating func revoke<S: AuthStrategy & ~Copyable>(
        _ sandbox: ExposureSandbox, _ phase: Phase, on strategy: inout S
    ) throws {
        let (wallet, monotonic) = (sandbox.wallet, sandbox.monotonic)
        for (index, task) in sandbox.timetable.tasks.enumerated() {
            let due_ns = phase.start_ns + task.due_ns
            monotonic.rest(until_ns: due_ns, stop: sandbox.stop)
            if sandbox.stop.isRaised { return }
            let begin_ns = monotonic.now_ns
            let now = sandbox.timetable.instant(at: begin_ns, start_ns: phase.start_ns)
            let credential = wallet.credential(index)
            let decision = try strategy.authenticate(credential, requiring: .probed, at: now)
            try strategy.revoke(task.revocation, credential, of: task.subject, at: now)
            let acknowledged_ns = monotonic.now_ns
            sandbox.acknowledged.store(index + 1, ordering: .releasing)
            entries.append(
                Entry(
                    state: State(decision, of: task.subject), lag_ns: begin_ns - due_ns,
                    acknowledged_ns: acknowledged_ns))
        }
    }
}

extension RevocationLog.State {
    fileprivate init(_ decision: Decision, of subject: Subject) {
        switch decision {
        case .accepted(subject): self = .alive
        case .refused(.expired): self = .expired
        case .accepted, .refused: self = .wrong
        }
    }
}

extension AuthStrategy where Self: ~Copyable {
    fileprivate mutating func revoke(
        _ revocation: Revocation, _ credential: Credential, of subject: Subject, at now: Instant
    ) throws {
        switch revocation {
        case .logout: try logout(credential, at: now)
        case .permissionChange: try changeGrant(of: subject, to: "read", at: now)
        }
    }
}
