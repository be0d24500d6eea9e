import AuthCore
import Dispatch
import Synchronization

/// What one client did in an outage, and what it holds.
struct OutageLog: Sendable {
    var requests: [OutageRequest] = []
    var errors = ErrorKinds()
    var check = OutageAftermath()
    /// Whether each slot of its own holds a credential that must be good, after what was acknowledged.
    var isLive: [Bool] = []
    /// Every credential whose sign-out was acknowledged, before the start or since.
    var signedOut: [Credential] = []
}

/// The log of one client, which others read when it has finished.
final class OutageLogBox: Sendable {
    let log = Mutex(OutageLog())
}

extension Client where S: ~Copyable {
    /// Waits at the barrier and sends each request when it is due, or as soon after as the client is free.
    func outlast(
        through barrier: StartBarrier, into box: OutageLogBox, by instruments: Instruments, pulse: Pulse,
        stop: StopFlag
    ) {
        barrier.send(queue) { [self] in
            worker.withLock { worker in
                var log = OutageLog()
                log.isLive = worker.slots.map { $0.state == .live }
                log.signedOut = worker.slots.indices.filter { worker.slots[$0].state == .revoked }
                    .map { worker.state.wallet.credential($0) }
                guard let phase = barrier.pass(), let due = phase.due else { return }
                instruments.settle()
                worker.outlast(phase, due, into: &log, by: instruments.monotonic, pulse: pulse, stop: stop)
                box.log.withLock { $0 = log }
            }
        }
    }

    /// Presents each credential once more.
    func check(_ group: DispatchGroup, into box: OutageLogBox, by run: OutageRun) {
        queue.async(group: group) { [self] in
            worker.withLock { worker in
                var log = box.log.withLock { $0 }
                worker.check(&log, by: run.instruments.monotonic, stop: run.stop)
                box.log.withLock { $0 = log }
            }
        }
    }
}

extension Worker where S: ~Copyable {
    /// What is due is done even when that is over by then; only where the strategy still fails some seconds later, the rest
    /// is undecided at once: a store that hangs would else be waited for again and again.
    fileprivate mutating func outlast(
        _ phase: Phase, _ due: DueRequests, into log: inout OutageLog, by monotonic: MonotonicClock,
        pulse: Pulse, stop: StopFlag
    ) {
        log.requests.reserveCapacity(due.indices[state.client].count)
        // What it promises is looked at afterwards, when it is known what had happened to the store by then.
        state.promise = .atExpiry
        var failure: (any Error)?
        for index in due.indices[state.client] {
            let due_ns = due.offset_ns(of: state.arrivals.time_ns(of: index))
            if failure == nil { monotonic.rest(until_ns: phase.start_ns + due_ns, stop: stop) }
            if stop.isRaised { return }
            var isDone = false
            while !isDone {
                let step = state.step
                let (operation, now) = (step.operation, state.instant(of: step))
                let leaving = operation.kind == .logout ? state.wallet.credential(Int(operation.slot)) : nil
                let answer: OutageRequest.Answer
                do {
                    if let failure { throw failure }
                    answer = .init(try state.perform(operation, on: &strategy, at: now))
                    log.note(operation, leaving, isForOneUse: isForOneUse)
                } catch {
                    answer = .undecided
                    log.errors.note("\(error)")
                    if monotonic.now_ns >= phase.end_ns + Self.patience_ns { failure = error }
                }
                log.requests.append(
                    OutageRequest(
                        kind: operation.kind, due_ns: due_ns, end_ns: monotonic.now_ns - phase.start_ns,
                        answer: answer))
                pulse.beat()
                isDone = !step.isUpkeep
                state.advance(after: step)
            }
        }
    }

    /// How long what fails is tried again when all should be well.
    private static var patience_ns: UInt64 { 3_000_000_000 }
    private static var pause_ns: UInt64 { 50_000_000 }

    fileprivate mutating func check(_ log: inout OutageLog, by monotonic: MonotonicClock, stop: StopFlag) {
        let now = state.instant(of: state.step)
        var limit_ns = monotonic.now_ns + Self.patience_ns
        /// Tries again for a while; when the store does not come back, each further credential is tried once.
        func attempt(_ log: inout OutageLog, _ body: (inout OutageLog) throws -> Void) {
            while !stop.isRaised {
                do { return try body(&log) } catch {
                    let time_ns = monotonic.now_ns
                    guard time_ns < limit_ns else {
                        limit_ns = 0
                        log.check.undecided += 1
                        return
                    }
                    monotonic.rest(until_ns: time_ns + Self.pause_ns, stop: stop)
                }
            }
        }
        for slot in slots.indices where log.isLive[slot] && !state.wallet.isUncertain[slot] {
            let (credential, subject) = (state.wallet.credential(slot), state.wallet.subjects[slot])
            attempt(&log) { log in
                let isGood =
                    try strategy.authenticate(credential, at: now) == .accepted(subject)
                    && isRenewed(credential, at: now)
                log.check.good += 1
                if !isGood { log.check.lost += 1 }
            }
        }
        for credential in log.signedOut {
            let renewsApart = !credential.refreshToken.isEmpty
            guard descriptor.revocation != .atExpiry || renewsApart else { continue }
            attempt(&log) { log in
                let isBack =
                    try renewsApart ? isRenewed(credential, at: now) : isAccepted(credential, at: now)
                log.check.signedOut += 1
                if isBack { log.check.cameBack += 1 }
            }
        }
    }

    private mutating func isAccepted(_ credential: Credential, at now: Instant) throws -> Bool {
        if case .accepted = try strategy.authenticate(credential, at: now) { true } else { false }
    }

    /// Whether what renews the credential is still known; a credential that renews itself has been asked for already.
    private mutating func isRenewed(_ credential: Credential, at now: Instant) throws -> Bool {
        guard !credential.refreshToken.isEmpty else { return true }
        if case .renewed = try strategy.renew(credential, at: now) { return true }
        return false
    }
}

extension OutageLog {
    /// Notes what holds after an operation that was acknowledged; `leaving` is what it signed out.
    fileprivate mutating func note(_ operation: Operation, _ leaving: Credential?, isForOneUse: Bool) {
        let slot = Int(operation.slot)
        guard slot < isLive.count else { return }
        if let leaving { signedOut.append(leaving) }
        switch operation.kind {
        case .login: isLive[slot] = true
        case .logout: isLive[slot] = false
        case .authenticate where isForOneUse: isLive[slot] = false
        case .authenticate, .renew, .expired, .tampered, .wrongAudience, .revoked, .unknown: return
        }
    }
}

extension OutageRequest.Answer {
    fileprivate init(_ judgement: Judgement) {
        self =
            switch judgement {
            case .done, .accepted: .accepted
            case .refused: .refused
            case .falseReject: .goodRefused
            case .staleAccept: .staleAccepted
            case .falseAccept: .wronglyAccepted
            }
    }
}
