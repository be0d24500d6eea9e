import AuthCore

/// One client: a strategy value of its own, and what it does with it.
struct Worker<S: AuthStrategy & ~Copyable>: ~Copyable {
    var strategy: S
    var desk: Desk
    /// Where clients that act for one person have their credentials; `nil` for one that has its own.
    var jar: Jar?
    /// The slots to fill before the clock starts.
    let slots: [Slot]
    /// How many credentials are issued between two looks at the stop flag: for a fifth of a second, about.
    var portion = 512
    let largestPortion = 65_536

    /// Lines for the slots that hold a tampered credential; without any, a character of a good one is changed.
    let hostile: [[UInt8]]

    init(_ strategy: consuming S, trace: Trace, client: Int, hostile: [[UInt8]]) {
        self.hostile = hostile
        self.strategy = strategy
        desk = Desk(trace, client: client, promise: S.descriptor.revocation)
        slots = trace.clients[client].slots
    }

    /// Replays one phase.
    mutating func replay(
        _ phase: Phase, into recorder: inout Recorder, by instruments: Instruments, stop: StopFlag
    ) {
        instruments.settle()
        let cpuBefore_ns = instruments.threadCPU_ns()
        let touchFailuresBefore = strategy.touchFailures
        let commandsBefore = strategy.storeCommands
        let timepiece = instruments.timepiece
        if let jar {
            var replay = JarReplay(jar)
            replay.run(phase, on: &strategy, into: &recorder, by: timepiece, stop: stop)
        } else if let due = phase.due {
            desk.replayOpenLoop(phase, due, on: &strategy, into: &recorder, by: timepiece, stop: stop)
        } else {
            desk.replayClosedLoop(phase, on: &strategy, into: &recorder, by: timepiece, stop: stop)
        }
        recorder.cpu_ns = instruments.threadCPU_ns() - cpuBefore_ns
        recorder.touchFailures = strategy.touchFailures - touchFailuresBefore
        recorder.storeCommands = strategy.storeCommands - commandsBefore
    }
}
