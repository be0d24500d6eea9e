import AuthCore
import Dispatch

/// One client: a strategy value of its own, and what it does with it.
struct Worker<S: AuthStrategy & ~Copyable>: ~Copyable {
    var strategy: S
    var desk: Desk
    /// The slots to fill before the clock starts.
    let slots: [Slot]
    /// How many credentials are issued between two looks at the stop flag: with RSA, a tenth of a second.
    let portion = 512

    init(_ strategy: consuming S, trace: Trace, client: Int) {
        self.strategy = strategy
        desk = Desk(trace, client: client, promise: S.descriptor.revocation)
        slots = trace.clients[client].slots
    }

    /// Replays one phase; returns when its last operation ended.
    mutating func replay(_ phase: Phase, into recorder: inout Recorder, stop: StopFlag) -> UInt64 {
        desk.replay(phase, on: &strategy, into: &recorder, stop: stop)
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
