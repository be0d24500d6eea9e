import AuthCore

/// What all clients recorded in one phase.
struct Replay: Sendable {
    var operations: [OperationMeasurement]
    var usage = Usage()
    /// From the barrier's opening until the last client finished, and in an open loop at least until the end of
    /// the schedule.
    var wall_ns: UInt64
    var startedUnix_ns: UInt64?
    var clientCPU_ns: UInt64 = 0
    var touchFailures = 0
    var storeCommands = 0
    var storeRoundTrips = 0
    var renewals: UInt64 = 0
    var little_residual: Double?
    var idleClients: Int
    var openLoop: OpenLoop?
    var errors = ErrorKinds()
    /// `nil` without a sweeper.
    var sweep: Sweep?

    init(_ boxes: [RecorderBox], phase: Phase, arrival: Arrival) {
        var merger = ClientMerger()
        for box in boxes { box.recorder.withLock { merger.add($0) } }
        operations = merger.operations
        errors = merger.errors
        clientCPU_ns = merger.cpu_ns
        touchFailures = merger.touchFailures
        (storeCommands, storeRoundTrips) = (merger.storeCommands, merger.storeRoundTrips)
        renewals = merger.upkeep.completed
        idleClients = boxes.count - merger.clients
        wall_ns = max(merger.lastEnd_ns, phase.start_ns) - phase.start_ns
        guard let rate = arrival.rate else {
            if merger.busyClients > 0 {
                little_residual = Double(merger.decidingClients) / merger.busyClients - 1
            }
            return
        }
        wall_ns = max(wall_ns, phase.duration_ns)
        openLoop = OpenLoop(
            targetRate: rate,
            arrivals: operations.reduce(0) { $0 + $1.tally.completed + $1.tally.errors }
                - merger.upkeep.sum,
            lateOperations: merger.lateOperations, backlog: merger.backlog,
            scheduleLag: LatencyHistogram(merging: merger.lags))
    }
}

/// Adds up the records of clients, kind by kind and slice by slice.
private struct ClientMerger {
    private var service: [OperationKind: [[LatencyHistogram]]] = [:]
    private var response: [OperationKind: [[LatencyHistogram]]] = [:]
    private var tallies: [OperationKind: Tally] = [:]
    var lags: [LatencyHistogram] = []
    var lateOperations: UInt64 = 0
    var backlog: UInt64 = 0
    var cpu_ns: UInt64 = 0
    var touchFailures = 0
    var storeCommands = 0
    var storeRoundTrips = 0
    var upkeep = Recorder.Upkeep()
    var lastEnd_ns: UInt64 = 0
    /// Clients that did anything.
    var clients = 0
    /// Those of them to which anything was decided.
    var decidingClients = 0
    /// Clients that were inside an operation on average over their own time: throughput x service time.
    ///
    /// Errors and the pauses after them are in no service time, so they are no part of that time either.
    var busyClients = 0.0
    var errors = ErrorKinds()

    mutating func add(_ recorder: borrowing Recorder) {
        var recorded_ns = 0.0
        for kind in OperationKind.allCases where recorder.tally(kind) != Tally() {
            tallies[kind, default: Tally()] += recorder.tally(kind)
            let slices = recorder.service(kind)
            for slice in slices { recorded_ns += slice.sum_ns }
            service[kind, default: []].append(slices)
            if let slices = recorder.response(kind) { response[kind, default: []].append(slices) }
        }
        let span_ns = recorder.span_ns
        if !span_ns.isEmpty {
            clients += 1
            let decided_ns = UInt64(span_ns.count) - recorder.undecided_ns
            if decided_ns > 0 {
                decidingClients += 1
                busyClients += recorded_ns / Double(decided_ns)
            }
        }
        lastEnd_ns = max(lastEnd_ns, span_ns.upperBound)
        cpu_ns += recorder.cpu_ns
        touchFailures += recorder.touchFailures
        storeCommands += recorder.storeCommands
        storeRoundTrips += recorder.storeRoundTrips
        upkeep.completed += recorder.upkeep.completed
        upkeep.errors += recorder.upkeep.errors
        lateOperations += recorder.lateOperations
        backlog += recorder.backlog
        if recorder.isOpenLoop { lags.append(recorder.scheduleLag) }
        errors += recorder.errors
    }

    var operations: [OperationMeasurement] {
        OperationKind.allCases.compactMap { kind in
            tallies[kind].map { tally in
                OperationMeasurement(
                    kind: kind, service: sliced(service[kind] ?? []), response: response[kind].map(sliced),
                    tally: tally)
            }
        }
    }

    private func sliced(_ clients: [[LatencyHistogram]]) -> SlicedHistogram {
        SlicedHistogram(
            (0..<Phase.slices).map { slice in LatencyHistogram(merging: clients.map { $0[slice] }) })
    }
}

extension ClientState {
    /// Replays the trace from where it stands, each request as soon as the one before is answered.
    ///
    /// The clock is read once per operation: the end of one is the start of the next. After an error the client backs
    /// off; its time until it goes on belongs to no operation.
    mutating func replayClosedLoop<S: AuthStrategy & ~Copyable>(
        _ phase: Phase, on strategy: inout S, into recorder: inout Recorder,
        backingOff backOff: inout BackOff,
        by monotonic: MonotonicClock, stop: StopFlag
    ) {
        let count = phase.operations(of: client)
        var remaining = count
        var start_ns = monotonic.now_ns
        let first_ns = start_ns
        for slice in 0..<Phase.slices {
            recorder.slice = slice
            let rest = phase.remaining(of: count, afterSlice: slice)
            let sliceEnd_ns = phase.end_ns(ofSlice: slice)
            while remaining > rest, start_ns < sliceEnd_ns, !stop.isRaised {
                let step = step
                let now = instant(of: step)
                do {
                    let judgement = try perform(step.operation, on: &strategy, at: now)
                    let end_ns = monotonic.now_ns
                    recorder.record(step, end_ns &- start_ns, judgement)
                    start_ns = end_ns
                } catch {
                    recorder.record(step, error: error)
                    // Nobody waits for what does not come.
                    let end_ns =
                        remaining > 1
                        ? backOff.pause(after: start_ns, until: phase.end_ns, by: monotonic, stop: stop)
                        : monotonic.now_ns
                    recorder.undecided_ns &+= end_ns &- start_ns
                    start_ns = end_ns
                    if backOff.isHopeless(in: phase) { remaining = 1 }
                }
                if !step.isUpkeep { remaining -= 1 }
                advance(after: step)
            }
        }
        recorder.span_ns = first_ns..<start_ns
    }
}

extension ClientState {
    /// Replays the trace from where it stands, each operation when a request is due or as soon after as the client
    /// is free.
    ///
    /// What is due in a phase is done even when it is over by then. Only when the strategy fails as well is
    /// the rest counted as errors at once: a store that hangs would else be waited for again and again.
    mutating func replayOpenLoop<S: AuthStrategy & ~Copyable>(
        _ phase: Phase, _ due: DueRequests, on strategy: inout S, into recorder: inout Recorder,
        by monotonic: MonotonicClock,
        stop: StopFlag
    ) {
        var free_ns = monotonic.now_ns
        let first_ns = free_ns
        var failure: (any Error)?
        for index in due.indices[client] {
            let intended_ns = phase.start_ns &+ due.offset_ns(of: arrivals.time_ns(of: index))
            if stop.isRaised { break }
            if failure == nil {
                if free_ns <= intended_ns {
                    monotonic.rest(until_ns: intended_ns, stop: stop)
                    free_ns = monotonic.now_ns
                    if stop.isRaised { break }
                    recorder.recordLag(free_ns - intended_ns)
                } else if free_ns < phase.end_ns || phase.isDrained {
                    recorder.recordLate(isBacklog: free_ns >= phase.end_ns)
                } else {
                    break
                }
            }
            var isDone = false
            while !isDone {
                let step = step
                recorder.slice = phase.slice(at: free_ns)
                do {
                    if let failure { throw failure }
                    let judgement = try perform(step.operation, on: &strategy, at: instant(of: step))
                    let end_ns = monotonic.now_ns
                    recorder.record(
                        step, service_ns: end_ns - free_ns, response_ns: end_ns - intended_ns, judgement)
                    free_ns = end_ns
                } catch {
                    recorder.record(step, error: error)
                    free_ns = monotonic.now_ns
                    if free_ns >= phase.end_ns { failure = error }
                }
                isDone = !step.isUpkeep
                advance(after: step)
            }
        }
        recorder.span_ns = first_ns..<free_ns
    }
}

/// Which strategy is measured when: each repeat has every strategy once, in a fresh random order.
///
/// A fixed order would give whatever the machine does over time (heat, neighbours, caches) to the same
/// strategy each time.
package struct Schedule: Sendable, Equatable {
    /// Indices of strategies, in the order of one repeat.
    package var repeats: [[Int]]

    package init(strategies: Int, repeats: Int, seed: UInt64) {
        var random = RandomSource(seed: seed, stream: 0x5C4E_D01E)
        self.repeats = (0..<repeats).map { _ in Array(0..<strategies).shuffled(using: &random) }
    }
}
