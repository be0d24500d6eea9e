import AuthCore

extension Desk {
    /// Replays the trace from where it stands, each operation when a request is due or as soon after as the client
    /// is free.
    ///
    /// What is due in a phase is done even when it is over by then. Only when the strategy fails as well is
    /// the rest counted as errors at once: a store that hangs would else be waited for again and again.
    mutating func replayOpenLoop<S: AuthStrategy & ~Copyable>(
        _ phase: Phase, _ due: DueRequests, on strategy: inout S, into recorder: inout Recorder,
        by timepiece: Timepiece,
        stop: StopFlag
    ) {
        var free_ns = timepiece.now_ns
        let first_ns = free_ns
        var failure: (any Error)?
        for index in due.indices[client] {
            let intended_ns = phase.start_ns &+ due.offset_ns(of: arrivals.time_ns(of: index))
            if stop.isRaised { break }
            if failure == nil {
                if free_ns <= intended_ns {
                    timepiece.rest(until_ns: intended_ns, stop: stop)
                    free_ns = timepiece.now_ns
                    if stop.isRaised { break }
                    recorder.recordLag(free_ns - intended_ns)
                } else if free_ns < phase.end_ns || phase.isDrained {
                    recorder.recordLate(isBacklog: free_ns >= phase.end_ns)
                } else {
                    break
                }
            }
            let operation = operations[cursor]
            recorder.slice = phase.slice(at: free_ns)
            do {
                if let failure { throw failure }
                let verdict = try perform(
                    operation, on: &strategy, at: clock.instant(of: operation, lap: lap))
                let end_ns = timepiece.now_ns
                recorder.record(
                    operation.kind, service_ns: end_ns - free_ns, response_ns: end_ns - intended_ns, verdict)
                free_ns = end_ns
            } catch {
                recorder.record(operation.kind, error: error)
                free_ns = timepiece.now_ns
                if free_ns >= phase.end_ns { failure = error }
            }
            advance()
        }
        recorder.span_ns = first_ns..<free_ns
    }
}
