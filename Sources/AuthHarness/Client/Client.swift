import AuthCore
import Dispatch
import Synchronization

/// A worker on a serial queue of its own.
///
/// Dispatch gives each serial queue that blocks a thread of its own at once, whereas a concurrent queue or
/// `concurrentPerform` runs only as many blocks as there are cores. The mutex is locked once a phase, never
/// in one: it only lets the compiler see that the worker stays with one thread at a time.
final class Client<S: AuthStrategy & ~Copyable>: Sendable {
    let queue: DispatchQueue
    let worker: Mutex<Worker<S>>

    /// - Parameters:
    ///   - index: among all clients; those that follow each other may act for one person.
    ///   - shared: of the strategy.
    ///   - trace: of all clients.
    ///   - hostile: lines that must be refused.
    /// - Throws: what the strategy throws.
    init(_ index: Int, sharing shared: S.Shared, trace: Trace, hostile: [[UInt8]]) throws {
        queue = DispatchQueue(label: "authbench.client.\(index)", qos: .userInitiated)
        worker = Mutex(Worker(try S(sharing: shared), trace: trace, client: index, hostile: hostile))
    }

    /// Issues the credentials of the next share of its slots, as soon as one of the permits is free.
    ///
    /// Loading is no measurement: as many clients at once as there are cores keep them busy, and more would only wait
    /// for each other's locks.
    func load(_ loading: Loading, share: Double) {
        queue.async(group: loading.group) { [self] in
            loading.permits.wait()
            defer { loading.permits.signal() }
            do {
                try worker.withLock { worker in
                    try worker.load(
                        upTo: Int(Double(worker.slots.count) * share),
                        isStopped: { loading.stop.isRaised || loading.failure.isNoted },
                        progress: loading.advance)
                }
            } catch { loading.failure.note(error) }
            loading.advance(0)
        }
    }

    /// Does something else of loading on the client's queue.
    func perform(_ loading: Loading, _ body: @escaping @Sendable (Client) throws -> Void) {
        queue.async(group: loading.group) { [self] in
            do { try body(self) } catch { loading.failure.note(error) }
        }
    }

    /// Signs in the users of slots that are not its own.
    func issue(_ slots: [Slot]) throws -> [Credential] {
        guard !slots.isEmpty else { return [] }
        let credentials = try worker.withLock { try $0.strategy.load(slots.map(\.login)) }
        guard credentials.count == slots.count else {
            throw MissingCredentialsError(strategy: S.descriptor.id)
        }
        return credentials
    }

    /// Takes the credentials of slots that all clients share; they follow its own.
    func take(_ credentials: [Credential], of slots: [Slot]) {
        worker.withLock { worker in
            for (credential, slot) in zip(credentials, slots) {
                worker.state.wallet.append(credential, of: slot.subject)
            }
        }
    }

    /// Puts what was loaded where others that act for the same person find it.
    func makeJar() -> Jar {
        worker.withLock { Jar($0.state, promise: $0.descriptor.revocation) }
    }

    func use(_ jar: Jar) { worker.withLock { $0.jar = jar } }

    /// How many sessions of its own the store holds after loading.
    var storedSessions: Int { worker.withLock { $0.storedSessions } }

    func storeBytes() throws -> UInt64? { try worker.withLock { try $0.strategy.storeBytes() } }

    /// Waits at the barrier and replays one phase.
    func replay(
        through barrier: StartBarrier, into box: RecorderBox, by instruments: Instruments, pulse: Pulse,
        stop: StopFlag
    ) {
        barrier.send(queue) { [self] in
            worker.withLock { worker in
                box.recorder.withLock { recorder in
                    recorder.reset()
                    recorder.pulse = pulse
                    guard let phase = barrier.pass() else { return }
                    worker.replay(phase, into: &recorder, by: instruments, stop: stop)
                }
            }
        }
    }

    /// What a credential of each claim profile weighs, and what each verb asks of the store.
    func weigh(_ touch: TouchPolicy) throws -> ([CredentialSize], StoreCommands) {
        try worker.withLock { (try $0.weigh(), try $0.countCommands(touch)) }
    }
}

/// What the clients share while they load.
final class Loading: Sendable {
    let group = DispatchGroup()
    let permits: DispatchSemaphore
    let failure = Failure()
    let stop: StopFlag
    private let progress: @Sendable (Int) -> Void
    private let pulse = Pulse()
    private let patience_s: Double

    /// - Parameters:
    ///   - width: how many clients may load at once.
    ///   - patience_s: how long all clients together may get nowhere.
    ///   - stop: ends them.
    ///   - progress: gets the number of credentials just issued.
    init(
        width: Int, patience_s: Double, stop: StopFlag, progress: @escaping @Sendable (Int) -> Void
    ) {
        self.patience_s = patience_s
        permits = DispatchSemaphore(value: width)
        self.stop = stop
        self.progress = progress
    }

    func advance(_ count: Int) {
        pulse.beat()
        progress(count)
    }

    /// Waits for all clients that have been told to load.
    ///
    /// - Throws: the first error of any; `HangError` when they get nowhere.
    func wait(for strategy: String) throws {
        try pulse.wait(for: group, patience_s: patience_s, strategy: strategy)
        try failure.rethrow()
    }
}

/// One client: a strategy value of its own, and what it does with it.
struct Worker<S: AuthStrategy & ~Copyable>: ~Copyable {
    var strategy: S
    var state: ClientState
    /// Where clients that act for one person have their credentials; `nil` for one that has its own.
    var jar: Jar?
    private var backOff: BackOff
    /// The slots to fill before the clock starts.
    let slots: [Slot]
    /// How many credentials are issued between two looks at the stop flag: for a fifth of a second, about.
    var portion = 512
    let largestPortion = 65_536

    /// What the strategy is under the policy of the run.
    let descriptor: StrategyDescriptor
    /// Whether a request uses a credential up.
    let isForOneUse: Bool
    /// Lines for the slots that hold a tampered credential; without any, a character of a good one is changed.
    let hostile: [[UInt8]]

    init(_ strategy: consuming S, trace: Trace, client: Int, hostile: [[UInt8]]) {
        self.hostile = hostile
        self.strategy = strategy
        let entry = client / trace.requestsInParallel
        descriptor = S.descriptor(under: trace.policy)
        isForOneUse = S.isForOneUse(under: trace.policy)
        state = ClientState(trace, client: entry, promise: descriptor.revocation)
        slots = trace.clients[entry].slots
        backOff = BackOff(client: client)
    }

    /// Replays one phase.
    mutating func replay(
        _ phase: Phase, into recorder: inout Recorder, by instruments: Instruments, stop: StopFlag
    ) {
        instruments.settle()
        let cpuBefore_ns = instruments.threadCPU_ns()
        let touchFailuresBefore = strategy.touchFailures
        let (commandsBefore, tripsBefore) = (strategy.storeCommands, strategy.storeRoundTrips)
        let monotonic = instruments.monotonic
        if let jar {
            var replay = JarReplay(jar)
            if let due = phase.due {
                replay.replayOpenLoop(phase, due, on: &strategy, into: &recorder, by: monotonic, stop: stop)
            } else {
                replay.replayClosedLoop(
                    phase, on: &strategy, into: &recorder, backingOff: &backOff, by: monotonic, stop: stop)
            }
        } else if let due = phase.due {
            state.replayOpenLoop(phase, due, on: &strategy, into: &recorder, by: monotonic, stop: stop)
        } else {
            state.replayClosedLoop(
                phase, on: &strategy, into: &recorder, backingOff: &backOff, by: monotonic, stop: stop)
        }
        recorder.cpu_ns = instruments.threadCPU_ns() - cpuBefore_ns
        recorder.touchFailures = strategy.touchFailures - touchFailuresBefore
        recorder.storeCommands = strategy.storeCommands - commandsBefore
        recorder.storeRoundTrips = strategy.storeRoundTrips - tripsBefore
    }
}
