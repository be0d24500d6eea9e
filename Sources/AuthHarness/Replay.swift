import AuthCore

/// What all clients recorded in one phase.
struct Replay: Sendable {
    var operations: [OperationMeasurement]
    var usage = Usage()
    /// From the gate's opening until the last client finished, and in an open loop at least until the end of
    /// the schedule.
    var wall_ns: UInt64
    var clientCPU_ns: UInt64 = 0
    var touchFailures = 0
    var storeCommands = 0
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
        storeCommands = merger.storeCommands
        idleClients = boxes.count - merger.clients
        wall_ns = max(merger.lastEnd_ns, phase.start_ns) - phase.start_ns
        guard let rate = arrival.rate else {
            if merger.busyClients > 0 { little_residual = Double(merger.clients) / merger.busyClients - 1 }
            return
        }
        wall_ns = max(wall_ns, phase.duration_ns)
        openLoop = OpenLoop(
            targetRate: rate, arrivals: operations.reduce(0) { $0 + $1.tally.completed + $1.tally.errors },
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
    var lastEnd_ns: UInt64 = 0
    /// Clients that did anything.
    var clients = 0
    /// Clients that were inside an operation on average over their own time: throughput x service time.
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
            busyClients += recorded_ns / Double(span_ns.count)
        }
        lastEnd_ns = max(lastEnd_ns, span_ns.upperBound)
        cpu_ns += recorder.cpu_ns
        touchFailures += recorder.touchFailures
        storeCommands += recorder.storeCommands
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
