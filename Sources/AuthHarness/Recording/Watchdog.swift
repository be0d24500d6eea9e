import Synchronization

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
