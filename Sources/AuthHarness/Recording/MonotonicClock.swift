import AuthCore
import Dispatch
import Synchronization

/// The clock by which clients measure and rest.
package struct MonotonicClock: Sendable {
    /// Waits until a moment of CLOCK_MONOTONIC, in nanoseconds, as exactly as the system can.
    package typealias Sleep = @Sendable (_ until_ns: UInt64) -> Void

    /// A clock that only its users move on, for tests of the arithmetic; `nil` for the real one.
    private let simulated: SimulatedClock?
    private let sleep: Sleep

    /// The real clock.
    package init(sleep: @escaping Sleep) {
        simulated = nil
        self.sleep = sleep
    }

    init(_ clock: SimulatedClock) {
        simulated = clock
        sleep = { _ in }
    }

    /// Nanoseconds since an arbitrary moment.
    @inline(__always)
    var now_ns: UInt64 {
        if let simulated { return simulated.now_ns }
        return DispatchTime.now().uptimeNanoseconds
    }

    /// Waits until a moment comes, or until `stop` is raised.
    func rest(until_ns: UInt64, stop: StopFlag) {
        if let simulated { return simulated.advance(to_ns: until_ns) }
        let patience_ns: UInt64 = 100_000_000
        while !stop.isRaised {
            let now_ns = now_ns
            guard now_ns < until_ns else { return }
            sleep(min(until_ns, now_ns + patience_ns))
        }
    }
}

/// Time that passes only when somebody says so.
final class SimulatedClock: Sendable {
    private let time_ns = Atomic<UInt64>(1_000_000_000)

    var now_ns: UInt64 { time_ns.load(ordering: .relaxed) }

    func advance(by_ns: UInt64) { time_ns.add(by_ns, ordering: .relaxed) }

    func advance(to_ns: UInt64) { time_ns.max(to_ns, ordering: .relaxed) }
}

/// What the harness reads around and in a measurement, handed in so that it knows no operating system.
package struct Instruments: Sendable {
    package var monotonic: MonotonicClock
    /// CPU time of the calling thread so far, in nanoseconds.
    package var threadCPU_ns: @Sendable () -> UInt64
    /// Runs something on a thread of its own, at once; throws where the system gives none.
    package typealias StartThread = @Sendable (_ body: @escaping @Sendable () -> Void) throws -> Void
    package var startThread: StartThread
    /// Called on the client's thread before each phase, so that the system wakes it in time.
    package var settle: @Sendable () -> Void
    /// Begins to observe the machine for a measurement of a strategy; the closure it returns ends that.
    package var observe: @Sendable (StrategyDescriptor) -> @Sendable () -> Usage
    package var storeCPUSource: @Sendable (StrategyDescriptor) -> StoreCPUSource
    /// The clock of the day in nanoseconds since 1970, by which machines tell each other when they began.
    package var unix_ns: (@Sendable () -> UInt64)?
    /// How this process begins a repeat together with others; `nil` where it is alone.
    package var together: Together?

    /// How long no client need finish anything before a strategy hangs.
    package var patience_s = 60.0
    /// The same while credentials are issued: what is asked at once are hundreds of sign-ins.
    package var loadingPatience_s: Double { 5 * patience_s }

    package init(
        monotonic: MonotonicClock, threadCPU_ns: @escaping @Sendable () -> UInt64 = { 0 },
        settle: @escaping @Sendable () -> Void = {},
        startThread: @escaping StartThread = { DispatchQueue(label: "authbench.thread").async(execute: $0) },
        storeCPUSource: @escaping @Sendable (StrategyDescriptor) -> StoreCPUSource = { _ in .none },
        observe: @escaping @Sendable (StrategyDescriptor) -> @Sendable () -> Usage = { _ in { Usage() } }
    ) {
        self.monotonic = monotonic
        self.threadCPU_ns = threadCPU_ns
        self.settle = settle
        self.startThread = startThread
        self.storeCPUSource = storeCPUSource
        self.observe = observe
    }
}

/// How the processes that replay one trace together begin a repeat at one moment; the harness knows no network.
package struct Together: Sendable {
    /// Waits until all processes are ready for the repeat.
    package var gather: @Sendable () throws -> Void
    /// Waits until all have looked at their machines, and returns in all of them at the same time.
    package var start: @Sendable () throws -> Void
    /// Called on the same thread once the clients have been let go.
    package var begun: @Sendable () -> Void

    package init(
        gather: @escaping @Sendable () throws -> Void, start: @escaping @Sendable () throws -> Void,
        begun: @escaping @Sendable () -> Void = {}
    ) {
        (self.gather, self.start, self.begun) = (gather, start, begun)
    }
}

/// Notices when the whole process stands still, because it or its machine was stopped.
///
/// Somebody calls `look` at short intervals; a look that comes late means that nothing ran meanwhile, or that the caller
/// had to wait its turn on a busy machine. What tells them apart is the processor time of the process: in a standstill
/// there is none.
package final class Watchdog: Sendable {
    /// How long to sleep between two looks: short against what counts, and 50 looks a second cost next to nothing.
    package static let period_ns: UInt64 = 20_000_000

    private struct State {
        var look_ns: UInt64 = 0
        var cpu_ns: UInt64 = 0
        var longest_ns: UInt64 = 0
    }

    private let state = Mutex(State())
    private let monotonic: MonotonicClock
    private let cpu_ns: @Sendable () -> UInt64
    private let processors: Int

    /// - Parameters:
    ///   - monotonic: the clock that is looked at.
    ///   - cpu_ns: processor time of the process so far.
    ///   - processors: on how many it may run.
    package init(monotonic: MonotonicClock, cpu_ns: @escaping @Sendable () -> UInt64, processors: Int) {
        self.monotonic = monotonic
        self.cpu_ns = cpu_ns
        self.processors = processors
        begin()
    }

    /// When the next look is due.
    package var due_ns: UInt64 { monotonic.now_ns &+ Self.period_ns }

    /// Forgets what was, at the beginning of a measurement.
    package func begin() {
        state.withLock { $0 = State(look_ns: monotonic.now_ns, cpu_ns: cpu_ns()) }
    }

    package func look() {
        state.withLock { state in
            let (now_ns, cpu_ns) = (monotonic.now_ns, cpu_ns())
            let late_ns = max(now_ns &- state.look_ns, Self.period_ns) - Self.period_ns
            // Before the standstill all processors may have been busy for as long as a sleep takes.
            let most_ns = Self.period_ns * UInt64(processors) + late_ns / 10
            if cpu_ns &- state.cpu_ns <= most_ns { state.longest_ns = max(state.longest_ns, late_ns) }
            (state.look_ns, state.cpu_ns) = (now_ns, cpu_ns)
        }
    }

    /// The longest standstill since the beginning, one that has just ended among them.
    package func longest_ns() -> UInt64 {
        look()
        return state.withLock { $0.longest_ns }
    }
}
