import AuthCore
import Dispatch

/// One strategy with its clients, loaded once and measured in each repeat.
final class Bench<S: AuthStrategy & ~Copyable>: Contender {
    let descriptor = S.descriptor
    private let clients: [Client<S>]
    private let arrival: Arrival

    init(_: S.Type, trace: Trace, environment: Environment) throws {
        let shared = try S.prepare(in: environment)
        arrival = trace.arrival
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

    func replay(
        _ extent: Extent, isWarmUp: Bool, into boxes: [RecorderBox], by instruments: Instruments, stop: StopFlag
    ) -> Replay {
        let gate = Gate(clients: clients.count)
        for (client, box) in zip(clients, boxes) {
            client.replay(through: gate, into: box, by: instruments, stop: stop)
        }
        var finish: (@Sendable () -> Usage)?
        let phase = gate.open {
            finish = instruments.observe(descriptor)
            return extent.phase(
                from: instruments.timepiece.now_ns, clients: clients.count, arrival: arrival,
                isDrained: !isWarmUp)
        }
        gate.done.wait()
        let usage = finish?() ?? Usage()
        var replay = Replay(boxes, phase: phase, arrival: arrival)
        replay.usage = usage
        return replay
    }
}
