import AuthCore

/// Measures what it takes to end all sessions of a user, and what requests of other users feel of it.
package struct LogoutEverywhereRun: Sendable {
    package var plan: LogoutEverywherePlan
    /// What other users send: credentials that must be accepted, each when it is due.
    ///
    /// Clients that wait for their answers would send nothing while a store is held up, so that hardly any request felt it.
    package var trace: Trace
    /// How many clients load at once.
    package var cores: Int
    package var instruments: Instruments
    package var stop: StopFlag

    /// How many requests of other users are decided after each turn with logouts.
    private static let checkedRequests = 2000
    /// So that connections, statements and caches are warm.
    private static let warmUp_ns: UInt64 = 100_000_000

    package init(
        plan: LogoutEverywherePlan, trace: Trace, cores: Int, instruments: Instruments, stop: StopFlag
    ) {
        (self.plan, self.trace, self.cores) = (plan, trace, cores)
        (self.instruments, self.stop) = (instruments, stop)
    }

    /// Measures one strategy in one repeat.
    ///
    /// - Parameters:
    ///   - strategy: the strategy.
    ///   - environment: where the stores are.
    ///   - repeatIndex: counted from 1; in every other repeat the turns come in reverse order.
    /// - Returns: a turn without logouts and one for each number of sessions; without any figure where the strategy ends nothing.
    /// - Throws: `StoppedError` when the stop flag was raised, else what the strategy threw outside the timed requests.
    package func measure(
        _ strategy: StrategyChoice, in environment: Environment, repeatIndex: Int
    ) throws -> [LogoutEverywhereMeasurement] {
        var run = self
        let own = strategy.environment(environment)
        run.trace = strategy.type.own(trace, under: own.policy)
        return try strategy.type.endAll(run, in: own, repeatIndex)
    }

    func loading() -> Loading {
        Loading(width: cores, patience_s: instruments.loadingPatience_s, stop: stop, progress: { _ in })
    }

    func replay(
        _ extent: Extent, _ requests: some AnyStrategyRunner, isWarmUp: Bool = false
    ) throws -> Replay {
        let boxes = trace.clients.map { RecorderBox(trace.recordedKinds(of: $0), isOpenLoop: true) }
        let replay = try requests.replay(
            extent, isWarmUp: isWarmUp, into: boxes, by: instruments, stop: stop)
        if stop.isRaised { throw StoppedError() }
        return replay
    }

    fileprivate func warmUp(_ requests: some AnyStrategyRunner) throws {
        _ = try replay(.duration(nanoseconds: Self.warmUp_ns), requests, isWarmUp: true)
    }

    /// Lets other users send requests when all is over: their sessions must be what they were.
    func checkOthers(
        _ requests: some AnyStrategyRunner, _ check: inout LogoutEverywhereMeasurement.Check
    ) throws {
        let replay = try replay(.operations(Self.checkedRequests), requests)
        for operation in replay.operations {
            check.others += Int(operation.tally.completed)
            check.othersWrong += Int(operation.tally.wrongDecisions)
        }
        if replay.errors.count > 0 { throw UndecidedError(description: replay.errors.text) }
    }
}

/// Requests on which nothing was decided, where each must be.
private struct UndecidedError: Error, CustomStringConvertible { var description: String }

extension AuthStrategy where Self: ~Copyable {
    fileprivate static func endAll(
        _ run: LogoutEverywhereRun, in environment: Environment, _ repeatIndex: Int
    ) throws -> [LogoutEverywhereMeasurement] {
        let descriptor = descriptor(under: environment.policy)
        // What ends all of a user at once, and no single token, does so as it takes permissions away.
        let isOnlyAll = promise(after: .logout, under: environment.policy) == .atExpiry
        let revocation = descriptor.endsAllAtOnce && isOnlyAll ? Revocation.permissionChange : .logout
        let promise = promise(after: revocation, under: environment.policy)
        func measurement(_ sessions: Int) -> LogoutEverywhereMeasurement {
            LogoutEverywhereMeasurement(
                strategy: descriptor.id, promise: promise, sessions: sessions, repeatIndex: repeatIndex,
                every_ns: run.plan.every_ns, areNewcomers: run.plan.areNewcomers)
        }
        let shared = try prepare(in: environment)
        let ender = try Client<Self>(0, sharing: shared, trace: run.trace, hostile: [])
        if let reason = try impossible(promise, environment.policy, ender) {
            return run.plan.sessions.map { sessions in
                var one = measurement(sessions)
                one.impossible = reason
                return one
            }
        }
        let requests = try StrategyRunner(Self.self, sharing: shared, trace: run.trace, hostile: [])
        _ = try requests.load(
            width: run.cores, patience_s: run.instruments.loadingPatience_s, stop: run.stop,
            progress: { _ in })
        try run.warmUp(requests)
        let party = LogoutParty(
            run: run, strategy: descriptor.id, promise: promise,
            staleness_ms: staleness_ms(after: revocation, under: environment.policy), ender: ender,
            witnesses: try (0..<LogoutParty<Self>.witnessCount).map { _ in
                try Client<Self>(0, sharing: shared, trace: run.trace, hostile: [])
            }, age_ms: environment.policy.lifetimes.absolute_ms)
        let turns = [0] + run.plan.sessions
        // What drifts with time must not look like a cost of logouts.
        return try (repeatIndex % 2 == 1 ? turns : turns.reversed()).enumerated().map { place, sessions in
            var one = measurement(sessions)
            let number = UInt64(repeatIndex * turns.count + place)
            try party.measure(&one, requests, firstUser: number * UInt64(run.plan.users))
            return one
        }
    }

    /// Why there is nothing to end; `nil` where there is.
    private static func impossible(
        _ promise: RevocationPromise, _ policy: Policy, _ client: Client<Self>
    ) throws -> String? {
        if isForOneUse(under: policy) { return "a credential for one use is used up by its check" }
        guard promise == .atExpiry else { return nil }
        let isPlain = try client.worker.withLock { worker in
            let credential = try worker.strategy.login(.sample, at: .traceStart)
            try worker.strategy.logout(credential, at: .traceStart)
            return credential.refreshToken.isEmpty
        }
        return isPlain ? "a token that nothing ends works until it expires" : nil
    }
}
