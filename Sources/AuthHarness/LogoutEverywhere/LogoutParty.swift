import AuthCore
import Synchronization

/// A user who is logged out everywhere, with all credentials.
struct SignedInUser: Sendable {
    var subject: Subject
    var credentials: [Credential]
}

/// The client that ends sessions, and others that go by what the store or the first one tells them.
struct LogoutParty<S: AuthStrategy & ~Copyable>: Sendable {
    let run: LogoutEverywhereRun
    let strategy: String
    let promise: RevocationPromise
    let staleness_ms: Int64
    let ender: Client<S>
    /// Each presents the credentials of some users.
    let witnesses: [Client<S>]
    /// How long ago a user who is no newcomer signed in for the first time.
    let age_ms: Int64

    /// As many as keep the processors of a small machine busy.
    static var witnessCount: Int { 3 }

    /// The users begin their sessions then, and are logged out a second later.
    private static var begin: Instant { .traceStart }
    private static var end: Instant { .traceStart.advanced(byMilliseconds: 1000) }

    func measure(
        _ one: inout LogoutEverywhereMeasurement, _ requests: StrategyRunner<S>, firstUser: UInt64
    ) throws {
        let users = one.sessions > 0 ? try signIn(one.sessions, firstUser: firstUser) : []
        let refusedBefore = try refused(of: users)
        let logouts = Mutex<[(logout: LogoutEverywhereMeasurement.Logout, end_ns: UInt64)]>([])
        let (loading, end) = (run.loading(), Self.end)
        if !users.isEmpty {
            ender.perform(loading) { [run] client in
                run.instruments.settle()
                let ended = try client.worker.withLock { try $0.end(users, run, at: end, loading) }
                logouts.withLock { $0 = ended }
            }
        }
        let replay = try run.replay(.duration(nanoseconds: run.plan.turn_ns), requests)
        let over_ns = run.instruments.monotonic.now_ns
        try loading.wait(for: strategy)
        one.requests = replay.measurement(
            of: requests.descriptor, repeatIndex: one.repeatIndex, runOrder: 1,
            clients: run.trace.clientCount, isByDuration: true, by: run.instruments)
        guard !users.isEmpty else { return }
        let ended = logouts.withLock { $0 }
        one.logouts = ended.map(\.logout)
        one.lateLogouts = ended.count { $0.end_ns > over_ns }
        one.check = try checkAfter(users)
        one.check.before = users.reduce(0) { $0 + $1.credentials.count }
        one.check.refusedBefore = refusedBefore
        try run.checkOthers(requests, &one.check)
    }

    /// Begins the sessions on the client that will end them.
    private func signIn(_ sessions: Int, firstUser: UInt64) throws -> [SignedInUser] {
        let signedIn = Mutex<[SignedInUser]>([])
        let (loading, begin) = (run.loading(), Self.begin)
        let first = Self.begin.advanced(byMilliseconds: -age_ms)
        ender.perform(loading) { [run] client in
            for number in 0..<UInt64(run.plan.users) {
                if run.stop.isRaised { throw StoppedError() }
                // Below the numbers of those by whom commands are counted and logins are followed.
                let subject = Subject(id: Subject.sample.id - 1_000_000 - firstUser - number)
                let logins = Array(repeating: Login(subject, at: begin), count: sessions)
                let issued = try client.worker.withLock { worker in
                    guard !run.plan.areNewcomers else { return try worker.strategy.load(logins) }
                    let earlier = try worker.strategy.login(subject, at: first)
                    let issued = try worker.strategy.load(logins)
                    try worker.strategy.logout(earlier, at: begin)
                    return issued
                }
                guard issued.count == sessions else {
                    throw MissingCredentialsError(strategy: S.descriptor.id)
                }
                signedIn.withLock { $0.append(SignedInUser(subject: subject, credentials: issued)) }
                loading.advance(sessions)
            }
        }
        try loading.wait(for: strategy)
        return signedIn.withLock { $0 }
    }

    private static func share(_ witness: Int, of users: [SignedInUser]) -> [SignedInUser] {
        users.enumerated().filter { $0.offset % witnessCount == witness }.map(\.element)
    }

    /// How many credentials another client does not accept as their owner's before anything is ended.
    private func refused(of users: [SignedInUser]) throws -> Int {
        let refused = Mutex(0)
        let (loading, end) = (run.loading(), Self.end)
        for (index, witness) in witnesses.enumerated() {
            witness.perform(loading) { [run] client in
                for user in Self.share(index, of: users) {
                    if run.stop.isRaised { throw StoppedError() }
                    let count = try client.worker.withLock { worker in
                        try user.credentials.count {
                            try worker.strategy.authenticate($0, at: end) != .accepted(user.subject)
                        }
                    }
                    refused.withLock { $0 += count }
                    loading.advance(0)
                }
            }
        }
        try loading.wait(for: strategy)
        return refused.withLock { $0 }
    }

    /// Presents each credential on two clients: at once where it was ended, and on another one when the promise is due.
    private func checkAfter(_ users: [SignedInUser]) throws -> LogoutEverywhereMeasurement.Check {
        let check = Mutex(LogoutEverywhereMeasurement.Check())
        let loading = run.loading()
        let patience_ns = promise == .pushed ? UInt64(staleness_ms) * 1_000_000 : 0
        let later = Self.end.advanced(byMilliseconds: promise == .cached ? staleness_ms + 1 : 0)
        let limit_ns = run.instruments.monotonic.now_ns + patience_ns
        var parts = [(client: ender, users: users, now: Self.end, limit_ns: UInt64(0))]
        for (index, witness) in witnesses.enumerated() {
            parts.append((witness, Self.share(index, of: users), later, limit_ns))
        }
        for (client, own, now, limit_ns) in parts {
            client.perform(loading) { [run, promise] client in
                let found = try client.worker.withLock { worker in
                    try worker.check(
                        own, run, at: now, acceptingUntil_ns: limit_ns, isAllowed: promise == .atExpiry,
                        loading)
                }
                check.withLock { $0 += found }
            }
        }
        try loading.wait(for: strategy)
        return check.withLock { $0 }
    }
}

extension Worker where S: ~Copyable {
    /// Logs the users out, one after the other, each when it is due or as soon after as the one before has ended.
    fileprivate mutating func end(
        _ users: [SignedInUser], _ run: LogoutEverywhereRun, at now: Instant, _ loading: Loading
    ) throws -> [(logout: LogoutEverywhereMeasurement.Logout, end_ns: UInt64)] {
        let (monotonic, every_ns) = (run.instruments.monotonic, run.plan.every_ns)
        // Half an interval after the start the others' requests are under way, and as long before their end all is over.
        let first_ns = monotonic.now_ns + every_ns / 2
        var ended: [(logout: LogoutEverywhereMeasurement.Logout, end_ns: UInt64)] = []
        ended.reserveCapacity(users.count)
        for (index, user) in users.enumerated() {
            monotonic.rest(until_ns: first_ns + UInt64(index) * every_ns, stop: run.stop)
            if run.stop.isRaised { throw StoppedError() }
            let (commands, trips) = (strategy.storeCommands, strategy.storeRoundTrips)
            let begin_ns = monotonic.now_ns
            try strategy.logoutEverywhere(user.subject, at: now)
            let end_ns = monotonic.now_ns
            ended.append(
                (
                    LogoutEverywhereMeasurement.Logout(
                        wall_ns: end_ns - begin_ns, storeCommands: strategy.storeCommands - commands,
                        storeRoundTrips: strategy.storeRoundTrips - trips), end_ns
                ))
            loading.advance(0)
        }
        return ended
    }

    /// Presents each credential, and tries to renew it where that takes another one.
    fileprivate mutating func check(
        _ users: [SignedInUser], _ run: LogoutEverywhereRun, at now: Instant, acceptingUntil_ns: UInt64,
        isAllowed: Bool, _ loading: Loading
    ) throws -> LogoutEverywhereMeasurement.Check {
        var check = LogoutEverywhereMeasurement.Check()
        let monotonic = run.instruments.monotonic
        for user in users {
            for credential in user.credentials {
                if run.stop.isRaised { throw StoppedError() }
                var decision = try strategy.authenticate(credential, at: now)
                while case .accepted = decision, monotonic.now_ns < acceptingUntil_ns, !run.stop.isRaised {
                    monotonic.rest(until_ns: monotonic.now_ns + 1_000_000, stop: run.stop)
                    decision = try strategy.authenticate(credential, at: now)
                }
                check.after += 1
                if case .accepted(let subject) = decision {
                    if isAllowed, subject == user.subject {
                        check.allowedAfter += 1
                    } else {
                        check.acceptedAfter += 1
                    }
                }
                guard !credential.refreshToken.isEmpty else { continue }
                if case .renewed = try strategy.renew(credential, at: now) { check.acceptedAfter += 1 }
            }
            loading.advance(0)
        }
        return check
    }
}
