import AuthCore
import Synchronization

/// The credentials that several clients present at once, as the connections of one browser do, and their common place
/// in the trace.
///
/// A client takes the next operation with the credential that is in the jar just then, and puts back what it gets. Each
/// operation is claimed under the lock, so all changes of a slot that come before it in the trace have begun. Hence what
/// must be decided is known unless a change of that very slot was under way: only then is an answer excused.
final class Jar: Sendable {
    private let contents: Mutex<Contents>
    private let promise: RevocationPromise
    /// For the schedule of an open loop.
    let client: Int
    let arrivals: ArrivalTimes

    /// Takes over what was loaded.
    init(_ state: consuming ClientState, promise: RevocationPromise) {
        (client, arrivals) = (state.client, state.arrivals)
        self.promise = promise
        let slots = Array(repeating: SlotChanges(), count: state.wallet.subjects.count)
        contents = Mutex(Contents(state: state, slots: slots))
    }

    private struct Contents {
        var state: ClientState
        var slots: [SlotChanges]
        /// The operations of this phase that have not been claimed.
        var unclaimed = 0..<0
    }

    /// What siblings do to one slot.
    private struct SlotChanges {
        /// Sign-ins, renewals and sign-outs claimed, and those of them that were answered.
        var begun: UInt32 = 0
        var ended: UInt32 = 0
        /// Credentials put into the jar.
        var replaced: UInt32 = 0
        /// After renewals that crossed, a strategy may have ended the session for reuse of a token (RFC 9700, 4.14.2).
        var mayHaveEnded = false

        var isUnderWay: Bool { begun != ended }
    }

    /// One operation on its way.
    struct Errand {
        let step: ClientState.Step
        let now: Instant
        /// Its place among the operations of the phase, or among the requests of the schedule.
        let index: Int
        fileprivate(set) var subject = Subject(id: 0)
        /// What a renewal or a sign-out presents, refresh token and all.
        fileprivate(set) var credential: Credential?
        fileprivate var begun: UInt32 = 0
        fileprivate var replaced: UInt32 = 0
        /// Another change of the slot was under way as the credential was taken.
        fileprivate var isCrossed = false

        var operation: Operation { step.operation }
        fileprivate var slot: Int { Int(operation.slot) }
        fileprivate var isChange: Bool {
            switch operation.kind {
            case .login, .renew, .logout: true
            default: false
            }
        }
    }

    /// Begins a phase, in which so many operations are done at most.
    func begin(_ operations: Range<Int>) { contents.withLock { $0.unclaimed = operations } }

    /// Whether the phase has no more operations.
    var isExhausted: Bool { contents.withLock { $0.unclaimed.isEmpty } }

    /// Claims the next operation; `nil` when the phase has no more.
    func claim() -> Errand? { contents.withLock { Self.claim(&$0) } }

    /// Takes the credential of a claimed operation.
    func depart(_ errand: inout Errand, with line: inout [UInt8]) {
        contents.withLock { Self.depart(&errand, &$0, &line) }
    }

    /// Claims the next operation and takes its credential.
    func claim(with line: inout [UInt8]) -> Errand? {
        contents.withLock { contents in
            guard var errand = Self.claim(&contents) else { return nil }
            Self.depart(&errand, &contents, &line)
            return errand
        }
    }

    private static func claim(_ contents: inout Contents) -> Errand? {
        guard let index = contents.unclaimed.first else { return nil }
        let step = contents.state.step
        let errand = Errand(step: step, now: contents.state.instant(of: step), index: index)
        contents.state.advance(after: step)
        if !step.isUpkeep { contents.unclaimed.removeFirst() }
        if errand.isChange { contents.slots[errand.slot].begun &+= 1 }
        return errand
    }

    private static func depart(_ errand: inout Errand, _ contents: inout Contents, _ line: inout [UInt8]) {
        let slot = errand.slot
        let changes = contents.slots[slot]
        errand.subject = contents.state.wallet.subjects[slot]
        errand.begun = changes.begun
        errand.replaced = changes.replaced
        errand.isCrossed = changes.begun != changes.ended &+ (errand.isChange ? 1 : 0)
        guard !errand.isChange else {
            errand.credential = contents.state.wallet.credential(slot)
            return
        }
        line.removeAll(keepingCapacity: true)
        line.append(contentsOf: contents.state.wallet.bytes[contents.state.wallet.range(slot)])
    }

    // MARK: Answers

    /// Judges the answer to a request.
    func finish(_ errand: Errand, _ decision: Decision) -> Judgement {
        contents.withLock { contents in
            let kind = errand.operation.kind
            let judgement =
                kind == .authenticate
                ? Judgement(decision, expecting: errand.subject)
                : Judgement(probe: kind, decision, of: errand.subject, promise: promise)
            let isCrossed = Self.isCrossed(errand, contents)
            switch judgement {
            case .falseReject where isCrossed || contents.slots[errand.slot].mayHaveEnded: return .refused
            // The sign-out of which the probe knows has not been answered yet.
            case .falseAccept where isCrossed && decision == .accepted(errand.subject): return .accepted
            default: return contents.state.judged(judgement, errand.slot, decision)
            }
        }
    }

    /// Puts the credential of a sign-in into the jar: later renewals of what was there before come too late.
    func finishLogin(_ errand: Errand, _ credential: Credential) {
        contents.withLock { contents in
            Self.replace(errand, credential, &contents)
            contents.slots[errand.slot].ended &+= 1
        }
    }

    func finishRenewal(_ errand: Errand, _ renewal: Renewal) -> Judgement {
        contents.withLock { contents in
            defer { contents.slots[errand.slot].ended &+= 1 }
            let isCrossed = Self.isCrossed(errand, contents)
            switch renewal {
            case .renewed(let credential):
                // One that was taken out before the last was put in is no newer.
                if contents.slots[errand.slot].replaced == errand.replaced {
                    Self.replace(errand, credential, &contents)
                }
                return .accepted
            case .refused:
                if isCrossed { contents.slots[errand.slot].mayHaveEnded = true }
                if contents.slots[errand.slot].mayHaveEnded { return .refused }
                return contents.state.judged(.falseReject, errand.slot)
            }
        }
    }

    /// A sign-out that crossed a renewal may have ended the session or not: until the next sign-in nobody knows.
    func finishLogout(_ errand: Errand) {
        contents.withLock { contents in
            if errand.isCrossed { contents.state.wallet.isUncertain[errand.slot] = true }
            contents.slots[errand.slot].ended &+= 1
        }
    }

    /// Notes that nothing was decided.
    func fail(_ errand: Errand) {
        guard errand.isChange else { return }
        contents.withLock { contents in
            contents.state.wallet.isUncertain[errand.slot] = true
            contents.slots[errand.slot].ended &+= 1
        }
    }

    private static func isCrossed(_ errand: Errand, _ contents: borrowing Contents) -> Bool {
        errand.isCrossed || contents.slots[errand.slot].begun != errand.begun
    }

    private static func replace(_ errand: Errand, _ credential: Credential, _ contents: inout Contents) {
        let slot = errand.slot
        let wasUncertain = contents.state.wallet.isUncertain[slot]
        contents.state.wallet.replace(slot, by: credential)
        contents.slots[slot].replaced &+= 1
        guard isCrossed(errand, contents) else { return contents.slots[slot].mayHaveEnded = false }
        contents.state.wallet.isUncertain[slot] = wasUncertain
    }
}

/// One of several clients that share a jar, on its way through a phase.
struct JarReplay: ~Copyable {
    let jar: Jar
    private var line: [UInt8] = []
    private let scope = Scope.read

    init(_ jar: Jar) { self.jar = jar }

    /// Sends each request as soon as the one before is answered, as `ClientState.replayClosedLoop` does.
    mutating func replayClosedLoop<S: AuthStrategy & ~Copyable>(
        _ phase: Phase, on strategy: inout S, into recorder: inout Recorder,
        backingOff backOff: inout BackOff, by monotonic: MonotonicClock, stop: StopFlag
    ) {
        let count = phase.operations(of: jar.client)
        var start_ns = monotonic.now_ns
        let first_ns = start_ns
        while start_ns < phase.end_ns, !stop.isRaised, let errand = jar.claim(with: &line) {
            recorder.slice =
                phase.counts.isEmpty
                ? phase.slice(at: start_ns) : min(Phase.slices - 1, errand.index * Phase.slices / count)
            do {
                let judgement = try perform(errand, on: &strategy)
                let end_ns = monotonic.now_ns
                recorder.record(errand.step, end_ns &- start_ns, judgement)
                start_ns = end_ns
            } catch {
                recorder.record(errand.step, error: error)
                let end_ns =
                    jar.isExhausted
                    ? monotonic.now_ns
                    : backOff.pause(after: start_ns, until: phase.end_ns, by: monotonic, stop: stop)
                recorder.undecided_ns &+= end_ns &- start_ns
                start_ns = end_ns
                if backOff.isHopeless(in: phase) { break }
            }
        }
        recorder.span_ns = first_ns..<start_ns
    }

    /// Sends each request when it is due or as soon after as a client of the jar is free, as `ClientState.replayOpenLoop` does.
    mutating func replayOpenLoop<S: AuthStrategy & ~Copyable>(
        _ phase: Phase, _ due: DueRequests, on strategy: inout S, into recorder: inout Recorder,
        by monotonic: MonotonicClock, stop: StopFlag
    ) {
        var free_ns = monotonic.now_ns
        let first_ns = free_ns
        var failure: (any Error)?
        while !stop.isRaised, free_ns < phase.end_ns || phase.isDrained, var errand = jar.claim() {
            let intended_ns = phase.start_ns &+ due.offset_ns(of: jar.arrivals.time_ns(of: errand.index))
            if failure == nil {
                if free_ns <= intended_ns {
                    monotonic.rest(until_ns: intended_ns, stop: stop)
                    free_ns = monotonic.now_ns
                    // What keeps the user signed in is no request of the schedule.
                    if !stop.isRaised, !errand.step.isUpkeep { recorder.recordLag(free_ns - intended_ns) }
                } else if !errand.step.isUpkeep {
                    recorder.recordLate(isBacklog: free_ns >= phase.end_ns)
                }
            }
            recorder.slice = phase.slice(at: free_ns)
            do {
                if let failure {
                    jar.fail(errand)
                    throw failure
                }
                jar.depart(&errand, with: &line)
                let judgement = try perform(errand, on: &strategy)
                let end_ns = monotonic.now_ns
                recorder.record(
                    errand.step, service_ns: end_ns - free_ns, response_ns: end_ns - intended_ns, judgement)
                free_ns = end_ns
            } catch {
                recorder.record(errand.step, error: error)
                free_ns = monotonic.now_ns
                if free_ns >= phase.end_ns { failure = error }
            }
        }
        recorder.span_ns = first_ns..<free_ns
    }

    private func perform<S: AuthStrategy & ~Copyable>(
        _ errand: Jar.Errand, on strategy: inout S
    ) throws -> Judgement {
        do {
            guard let credential = errand.credential else {
                return jar.finish(
                    errand, try strategy.authenticate(line.span, requiring: scope, at: errand.now))
            }
            switch errand.operation.kind {
            case .login: jar.finishLogin(errand, try strategy.login(errand.subject, at: errand.now))
            case .renew: return jar.finishRenewal(errand, try strategy.renew(credential, at: errand.now))
            default:
                try strategy.logout(credential, at: errand.now)
                jar.finishLogout(errand)
            }
            return .done
        } catch {
            jar.fail(errand)
            throw error
        }
    }
}
