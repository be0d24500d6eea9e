import AuthCore

extension Desk {
    /// Replays the trace from where it stands, each request as soon as the one before is answered.
    ///
    /// The clock is read once per operation: the end of one is the start of the next.
    mutating func replayClosedLoop<S: AuthStrategy & ~Copyable>(
        _ phase: Phase, on strategy: inout S, into recorder: inout Recorder, by timepiece: Timepiece,
        stop: StopFlag
    ) {
        let operations = operations
        let count = phase.operations(of: client)
        var remaining = count
        var start_ns = timepiece.now_ns
        let first_ns = start_ns
        for slice in 0..<Phase.slices {
            recorder.slice = slice
            let rest = phase.remaining(of: count, afterSlice: slice)
            let sliceEnd_ns = phase.end_ns(ofSlice: slice)
            while remaining > rest, start_ns < sliceEnd_ns, !stop.isRaised {
                let operation = operations[cursor]
                let now = clock.instant(of: operation, lap: lap)
                do {
                    let verdict = try perform(operation, on: &strategy, at: now)
                    let end_ns = timepiece.now_ns
                    recorder.record(operation.kind, end_ns &- start_ns, verdict)
                    start_ns = end_ns
                } catch {
                    recorder.record(operation.kind, error: error)
                    start_ns = timepiece.now_ns
                }
                remaining -= 1
                advance()
            }
        }
        recorder.span_ns = first_ns..<start_ns
    }
}
