import AuthCore

/// What one client does and holds: its operations, its place in them, and a credential for each slot.
///
/// The strategy is no part of it, so that a credential can be lent to a verb where it lies: a copy would
/// count references, which costs as much as the rest of the loop.
struct ClientState {
    let operations: [Operation]
    let clock: TraceClock
    let client: Int
    let arrivals: ArrivalTimes
    var promise: RevocationPromise
    /// What every route demands.
    private let scope = Scope.read
    var wallet = Wallet()
    private var cursor = 0
    private var lap = 0
    /// Whether what the operation at the cursor needs first has been done.
    private var isUpkept = false

    init(_ trace: Trace, client: Int, promise: RevocationPromise) {
        operations = trace.clients[client].operations
        clock = trace.clock
        self.client = client
        arrivals = trace.clients[client].arrivals
        self.promise = promise
    }

    /// One thing that a client does next.
    struct Step {
        var operation: Operation
        /// Whether it only keeps the user signed in: no operation of the trace.
        var isUpkeep = false
    }

    /// What is next: first what the operation at the cursor needs, then that operation.
    @inline(__always)
    var step: Step {
        var operation = operations[cursor]
        guard let upkeep = operation.upkeep, !isUpkept else { return Step(operation: operation) }
        operation.kind = upkeep
        return Step(operation: operation, isUpkeep: true)
    }

    /// Where the trace's clock stands at the next step.
    @inline(__always)
    func instant(of step: Step) -> Instant { clock.instant(of: step.operation, lap: lap) }

    /// Goes on to what comes after a step.
    @inline(__always)
    mutating func advance(after step: Step) {
        isUpkept = step.isUpkeep
        guard !isUpkept else { return }
        cursor += 1
        if cursor == operations.count {
            cursor = 0
            lap += 1
        }
    }

    @inline(__always)
    mutating func perform<S: AuthStrategy & ~Copyable>(
        _ operation: Operation, on strategy: inout S, at now: Instant
    ) throws -> Judgement {
        let slot = Int(operation.slot)
        switch operation.kind {
        case .authenticate:
            let decision = try authenticate(slot, on: &strategy, at: now)
            return judged(Judgement(decision, expecting: wallet.subjects[slot]), slot, decision)
        case .expired, .tampered, .wrongAudience, .revoked, .unknown:
            let decision = try authenticate(slot, on: &strategy, at: now)
            let subject = wallet.subjects[slot]
            return judged(
                Judgement(probe: operation.kind, decision, of: subject, promise: promise), slot, decision)
        case .login, .renew, .logout:
            do { return try change(operation.kind, slot, on: &strategy, at: now) } catch {
                wallet.isUncertain[slot] = true
                throw error
            }
        }
    }

    @inline(__always)
    private func authenticate<S: AuthStrategy & ~Copyable>(
        _ slot: Int, on strategy: inout S, at now: Instant
    ) throws -> Decision {
        try strategy.authenticate(
            wallet.bytes.span.extracting(wallet.range(slot)), requiring: scope, at: now)
    }

    private mutating func change<S: AuthStrategy & ~Copyable>(
        _ kind: OperationKind, _ slot: Int, on strategy: inout S, at now: Instant
    ) throws -> Judgement {
        switch kind {
        case .login:
            wallet.replace(slot, by: try strategy.login(wallet.subjects[slot], at: now))
            return .done
        case .renew:
            switch try strategy.renew(wallet.credential(slot), at: now) {
            case .renewed(let credential):
                wallet.replace(slot, by: credential)
                return .accepted
            case .refused: return judged(.falseReject, slot)
            }
        default:
            try strategy.logout(wallet.credential(slot), at: now)
            return .done
        }
    }

    /// Excuses what may be right because nobody knows what the store holds; nothing excuses another's session.
    @inline(__always)
    func judged(_ judgement: Judgement, _ slot: Int, _ decision: Decision? = nil) -> Judgement {
        guard wallet.isUncertain[slot] else { return judgement }
        switch judgement {
        case .falseAccept, .staleAccept:
            return decision == .accepted(wallet.subjects[slot]) ? .accepted : judgement
        case .falseReject: return .refused
        default: return judgement
        }
    }
}

/// How an operation came out against what the trace expected.
enum Judgement {
    /// A sign-in or sign-out that returned.
    case done
    case accepted, refused
    case falseAccept, falseReject, staleAccept

    /// Judges a decision on a credential that must be accepted, and as this subject.
    @inline(__always)
    init(_ decision: Decision, expecting subject: Subject) {
        switch decision {
        case .accepted(let other): self = other == subject ? .accepted : .falseAccept
        case .refused: self = .falseReject
        }
    }

    /// Judges a decision on a credential that must be refused.
    @inline(__always)
    init(probe kind: OperationKind, _ decision: Decision, of subject: Subject, promise: RevocationPromise) {
        switch decision {
        case .refused: self = .refused
        case .accepted(let other):
            let isPromised = kind == .revoked && promise != .immediate && other == subject
            self = isPromised ? .staleAccept : .falseAccept
        }
    }
}
