import AuthCore
import Dispatch
import Synchronization

/// A strategy value on a serial queue of its own, as `Client` has it, with what it found.
final class ExposureClient<S: AuthStrategy & ~Copyable>: Sendable {
    private let queue: DispatchQueue
    private let strategy: Mutex<S>
    private let index: Int
    let probes = Mutex(ProbeLog(credentials: 0))
    let revocations = Mutex(RevocationLog())

    init(_ index: Int, sharing shared: S.Shared) throws {
        self.index = index
        queue = DispatchQueue(label: "authbench.exposure.\(index)", qos: .userInitiated)
        strategy = Mutex(try S(sharing: shared))
    }

    /// Issues all credentials, each at its own moment before the start.
    func issue(_ tasks: [RevocationTimetable.Task], stop: StopFlag) throws -> Wallet {
        var wallet = Wallet()
        wallet.reserve(tasks.count)
        try strategy.withLock { strategy in
            for first in stride(from: 0, to: tasks.count, by: 512) {
                if stop.isRaised { throw StoppedError() }
                let portion = tasks[first..<min(first + 512, tasks.count)]
                let issued = try strategy.load(portion.map { Login($0.subject, at: $0.issuedAt) })
                guard issued.count == portion.count else {
                    throw MissingCredentialsError(strategy: S.descriptor.id)
                }
                for (task, credential) in zip(portion, issued) {
                    wallet.append(credential, of: task.subject)
                }
            }
        }
        return wallet
    }

    func follow(_ trial: HolderTrial) throws -> [LoginExposure] {
        try strategy.withLock { try trial.run(on: &$0) }
    }

    /// Waits at the barrier and probes until the end, or until the strategy throws.
    func probe(_ sandbox: ExposureSandbox, through barrier: StartBarrier) {
        barrier.send(queue) { [self] in
            guard let phase = barrier.pass() else { return }
            sandbox.instruments.settle()
            var log = ProbeLog(credentials: sandbox.wallet.subjects.count)
            strategy.withLock { strategy in
                do { try log.probe(sandbox, phase, client: index, on: &strategy) } catch { log.fail(error) }
            }
            probes.withLock { $0 = log }
        }
    }

    /// Waits at the barrier and revokes all credentials, each when it is due, until the strategy throws.
    func revoke(_ sandbox: ExposureSandbox, through barrier: StartBarrier) {
        barrier.send(queue) { [self] in
            guard let phase = barrier.pass() else { return }
            sandbox.instruments.settle()
            var log = RevocationLog()
            strategy.withLock { strategy in
                do { try log.revoke(sandbox, phase, on: &strategy) } catch { log.errors.note("\(error)") }
            }
            revocations.withLock { $0 = log }
        }
    }
}

extension ProbeLog {
    private static var burst: Int { 64 }
    private static var rest_ns: UInt64 { 500_000 }

    /// Sends requests until the phase ends, noting each.
    ///
    /// Unless credentials end by themselves, a slow store may revoke for longer than the phase: then they go on until a while
    /// after the last revocation, so that each is seen refused, but for no more than four phases.
    mutating func probe<S: AuthStrategy & ~Copyable>(
        _ sandbox: ExposureSandbox, _ phase: Phase, client: Int, on strategy: inout S
    ) throws {
        let (wallet, monotonic) = (sandbox.wallet, sandbox.monotonic)
        let count = wallet.subjects.count
        let promise = sandbox.timetable.promise
        var order = ProbeOrder(
            count: count, start: client &* count / 7,
            share: ProbeOrder.Share(promise, client: client, probers: sandbox.probers))
        var acknowledged = sandbox.acknowledged.load(ordering: .acquiring)
        var began_ns = monotonic.now_ns
        // What ends by itself is on time only where its revocation is.
        let waits = promise != .atExpiry
        let latest_ns = phase.start_ns + phase.duration_ns * (waits ? 4 : 1)
        let tail_ns = max(phase.duration_ns / 5, sandbox.timetable.copyLife_ns)
        var end_ns = waits ? latest_ns : phase.end_ns
        var probes = 0
        while began_ns < end_ns, !sandbox.stop.isRaised {
            order.released = sandbox.timetable.released(at: began_ns, start_ns: phase.start_ns)
            let index = order.next(acknowledged: acknowledged, self)
            let decision = try strategy.authenticate(
                wallet.bytes.span.extracting(wallet.range(index)), requiring: .probed,
                at: sandbox.timetable.instant(at: began_ns, start_ns: phase.start_ns))
            let after = sandbox.acknowledged.load(ordering: .acquiring)
            let ended_ns = monotonic.now_ns
            note(
                index, decision, of: wallet.subjects[index], began_ns: began_ns,
                isAfter: index < acknowledged, isContested: index >= acknowledged && index < after)
            // What was acknowledged by now was so before the next request begins.
            acknowledged = after
            began_ns = ended_ns
            probes &+= 1
            if sandbox.rests, probes % Self.burst == 0 {
                monotonic.rest(until_ns: ended_ns + Self.rest_ns, stop: sandbox.stop)
                began_ns = monotonic.now_ns
            }
            if acknowledged == count, end_ns == latest_ns {
                end_ns = min(latest_ns, max(phase.end_ns, ended_ns + tail_ns))
            }
        }
    }
}

extension Scope {
    /// What the probed route requires: granted to everybody at first.
    static let probed = Self("write")
}

/// Which credential a client presents next.
///
/// Half of the requests race the revocations: with the credential that is just being revoked, and with the one
/// before it. The rest go round all credentials, so that every expiry is seen soon; one that has been refused is
/// looked at again in every eighth round only, or more seldom, in case it comes back.
struct ProbeOrder {
    /// The credentials that a client presents.
    struct Share {
        private let client: Int
        private let probers: Int
        /// How many clients present each.
        private let each: Int

        /// Of a credential that ends by itself any two servers tell when; and where each goes by a copy of its own, a
        /// credential has one server, since two would have two exposures.
        init(_ promise: RevocationPromise, client: Int, probers: Int) {
            each =
                switch promise {
                case .immediate, .pushed: probers
                case .cached: 1
                case .atExpiry: min(2, probers)
                }
            (self.client, self.probers) = (client, probers)
        }

        func has(_ index: Int) -> Bool { each == probers || (index + client) % probers < each }

        /// How many rounds one rests that has been refused: each may cost a question to the store.
        var rest: Int { 8 * probers / each }
    }

    private let count: Int
    private let share: Share
    /// Of all credentials, the share that may be presented by now, spread evenly among them.
    var released = 1.0
    private var turn: Int
    private var round = 0
    private var step = 0

    /// - Parameters:
    ///   - count: how many credentials there are.
    ///   - start: where the first round begins, so that clients are not all at the same credential.
    ///   - share: those to present.
    init(count: Int, start: Int, share: Share) {
        self.count = count
        self.share = share
        turn = start % count
    }

    /// By the golden ratio, which spreads neighbours.
    private func isReleased(_ index: Int) -> Bool {
        released >= 1 || (Double(index) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1) < released
    }

    /// The next credential, when so many revocations have been acknowledged.
    @inline(__always)
    mutating func next(acknowledged: Int, _ log: borrowing ProbeLog) -> Int {
        step &+= 1
        if step & 1 == 1, acknowledged < count {
            let index = step & 2 == 0 ? acknowledged : max(0, acknowledged - 1)
            if share.has(index) { return index }
        }
        let rest = share.rest
        for _ in 0..<2 * rest {
            let index = turn
            turn += 1
            if turn == count { (turn, round) = (0, round &+ 1) }
            guard share.has(index), isReleased(index) else { continue }
            if !log.isRefused(index) || (round &+ index) % rest == 0 { return index }
        }
        while !share.has(turn) { turn = (turn + 1) % count }
        return turn
    }
}

/// What one client learned by probing: for each credential, the requests that bound its exposure.
struct ProbeLog: Sendable {
    /// Real time, as all moments here.
    struct Entry: Sendable {
        /// When the last accepted request began; 0 for none.
        var lastAccepted_ns: UInt64 = 0
        /// When the first refused one after it began.
        var firstRefused_ns = UInt64.max
        /// Whether the revocation was known to be acknowledged before the last accepted request began.
        var isLastAfter = false
        /// Accepted requests of which that was known.
        var acceptedAfter: UInt64 = 0
        /// Whether a request was on its way when the revocation was acknowledged.
        var isContested = false
        /// Whether it was accepted as somebody else.
        var isMistaken = false
        var probes: UInt64 = 0
    }

    private(set) var entries: [Entry]
    private(set) var errors = ErrorKinds()

    init(credentials: Int) {
        entries = Array(repeating: Entry(), count: credentials)
    }

    mutating func fail(_ error: any Error) { errors.note("\(error)") }

    /// Whether the last request with a credential was refused.
    @inline(__always)
    func isRefused(_ index: Int) -> Bool { entries[index].firstRefused_ns != .max }

    /// Notes one request: what was decided, when it began, whether the revocation was known to be acknowledged
    /// before it began, and whether it was so while it was on its way.
    @inline(__always)
    mutating func note(
        _ index: Int, _ decision: Decision, of subject: Subject, began_ns: UInt64, isAfter: Bool,
        isContested: Bool
    ) {
        entries[index].probes += 1
        if isContested { entries[index].isContested = true }
        guard case .accepted(let accepted) = decision else {
            if !isRefused(index) { entries[index].firstRefused_ns = began_ns }
            return
        }
        if accepted != subject { entries[index].isMistaken = true }
        entries[index].lastAccepted_ns = began_ns
        entries[index].firstRefused_ns = .max
        entries[index].isLastAfter = isAfter
        if isAfter { entries[index].acceptedAfter += 1 }
    }
}
