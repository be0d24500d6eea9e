import AuthCore
import Dispatch
import Synchronization

/// One strategy with its clients, loaded once and measured in each repeat.
final class Bench<S: AuthStrategy & ~Copyable>: Contender {
    let descriptor = S.descriptor
    private let clients: [Client<S>]

    init(_: S.Type, trace: Trace, environment: Environment) throws {
        let shared = try S.prepare(in: environment)
        clients = try trace.clients.indices.map { index in
            try Client<S>(index, sharing: shared, trace: trace)
        }
    }

    func load(width: Int, stop: StopFlag, progress: @escaping @Sendable (Int) -> Void) throws
        -> [CredentialSize]
    {
        let group = DispatchGroup()
        let failure = Failure()
        let permits = DispatchSemaphore(value: width)
        for client in clients {
            client.load(stop: stop, group: group, permits: permits, failure: failure, progress: progress)
        }
        group.wait()
        try failure.rethrow()
        return try clients.first?.weigh() ?? []
    }

    func replay(_ extent: Extent, into boxes: [RecorderBox], meter: CPUMeter, stop: StopFlag) -> Replay {
        let gate = Gate(clients: clients.count)
        let lastEnd_ns = Atomic<UInt64>(0)
        for (client, box) in zip(clients, boxes) {
            client.replay(through: gate, into: box, stop: stop) { end_ns in
                lastEnd_ns.max(end_ns, ordering: .relaxed)
            }
        }
        var cpuBefore_ns: UInt64 = 0
        let start_ns = gate.open(
            operations: extent.operations(perClientOf: clients.count), duration_ns: extent.duration_ns
        ) { cpuBefore_ns = meter() }
        gate.done.wait()
        let cpu_ns = meter() - cpuBefore_ns
        var replay = Replay(boxes)
        replay.wall_ns = lastEnd_ns.load(ordering: .relaxed) - start_ns
        replay.cpu_ns = cpu_ns
        return replay
    }
}

extension OperationMeasurement {
    mutating func add(_ other: Self) {
        service.add(other.service)
        tally += other.tally
    }
}
