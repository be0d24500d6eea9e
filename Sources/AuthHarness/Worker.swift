import AuthCore
import Dispatch
import Synchronization

/// One client: a strategy value of its own, the credentials it holds, and its place in the trace.
struct Worker<S: AuthStrategy & ~Copyable>: ~Copyable {
    var strategy: S
    let trace: ClientTrace
    let clock: TraceClock
    let promise: RevocationPromise
    /// How many credentials are issued between two looks at the stop flag; all clients issue at once.
    let portion: Int
    var held: [Held] = []
    private var cursor = 0
    private var lap = 0

    init(_ strategy: consuming S, trace: Trace, client: Int) {
        self.strategy = strategy
        self.trace = trace.clients[client]
        clock = trace.clock
        promise = S.descriptor.revocation
        portion = max(8, 2048 / trace.clients.count)
    }

    /// Replays the trace from where it stands until the phase ends.
    ///
    /// The clock is read once per operation: the end of one is the start of the next.
    ///
    /// - Returns: when the last operation ended.
    mutating func replay(_ phase: Phase, into recorder: inout Recorder, stop: StopFlag) -> UInt64 {
        var remaining = phase.operations
        var start_ns = monotonic_ns()
        while remaining > 0, start_ns < phase.deadline_ns, !stop.isRaised {
            let operation = trace.operations[cursor]
            let now = clock.instant(of: operation, lap: lap)
            do {
                let verdict = try perform(operation, at: now)
                let end_ns = monotonic_ns()
                recorder.record(operation.kind, end_ns &- start_ns, verdict)
                start_ns = end_ns
            } catch {
                recorder.record(operation.kind, error: error)
                start_ns = monotonic_ns()
            }
            remaining -= 1
            cursor += 1
            if cursor == trace.operations.count {
                cursor = 0
                lap += 1
            }
        }
        return start_ns
    }

    @inline(__always)
    private mutating func perform(_ operation: Operation, at now: Instant) throws -> Verdict {
        let slot = Int(operation.slot)
        switch operation.kind {
        case .authenticate:
            let decision = try strategy.authenticate(held[slot].request, at: now)
            return judged(Verdict(decision, expecting: held[slot].subject), slot)
        case .expired, .tampered, .wrongAudience, .revoked, .unknown:
            let decision = try strategy.authenticate(held[slot].request, at: now)
            let subject = held[slot].subject
            return judged(
                Verdict(probe: operation.kind, decision, of: subject, promise: promise), slot)
        case .login, .renew, .logout:
            do { return try change(operation.kind, slot, at: now) } catch {
                held[slot].isUncertain = true
                throw error
            }
        }
    }

    private mutating func change(_ kind: OperationKind, _ slot: Int, at now: Instant) throws -> Verdict {
        switch kind {
        case .login:
            let subject = held[slot].subject
            held[slot] = Held(try strategy.login(subject, at: now), subject)
            return .done
        case .renew:
            switch try strategy.renew(held[slot].credential, at: now) {
            case .renewed(let credential):
                held[slot] = Held(credential, held[slot].subject)
                return .accepted
            case .refused: return judged(.falseReject, slot)
            }
        default:
            try strategy.logout(held[slot].credential, at: now)
            return .done
        }
    }

    @inline(__always)
    private func judged(_ verdict: Verdict, _ slot: Int) -> Verdict {
        guard held[slot].isUncertain else { return verdict }
        switch verdict {
        case .falseAccept: return .accepted
        case .falseReject: return .refused
        default: return verdict
        }
    }
}

/// How long the clients replay: until an operation count or a deadline, whichever comes first.
struct Phase: Sendable {
    /// Operations for each client.
    var operations: Int
    /// On the clock of `monotonic_ns()`.
    var deadline_ns: UInt64
}

/// Nanoseconds of CLOCK_MONOTONIC.
@inline(__always)
func monotonic_ns() -> UInt64 { DispatchTime.now().uptimeNanoseconds }
