import AuthCore
import Dispatch
import Synchronization

/// A worker on a serial queue of its own.
///
/// Dispatch gives each serial queue that blocks a thread of its own at once, whereas a concurrent queue or
/// `concurrentPerform` runs only as many blocks as there are cores. The mutex is locked once a phase, never
/// in one: it only lets the compiler see that the worker stays with one thread at a time.
final class Client<S: AuthStrategy & ~Copyable>: Sendable {
    private let queue: DispatchQueue
    private let worker: Mutex<Worker<S>>

    init(_ index: Int, sharing shared: S.Shared, trace: Trace) throws {
        queue = DispatchQueue(label: "authbench.client.\(index)", qos: .userInitiated)
        worker = Mutex(Worker(try S(sharing: shared), trace: trace, client: index))
    }

    /// Issues the credentials, as soon as one of the permits is free.
    ///
    /// Loading is no measurement: as many clients at once as there are cores keep them busy, and more would only wait
    /// for each other's locks.
    func load(
        stop: StopFlag, group: DispatchGroup, permits: DispatchSemaphore, failure: Failure,
        progress: @escaping @Sendable (Int) -> Void
    ) {
        queue.async(group: group) { [self] in
            permits.wait()
            defer { permits.signal() }
            do {
                try worker.withLock { worker in
                    try worker.load(isStopped: { stop.isRaised || failure.isNoted }, progress: progress)
                }
            } catch { failure.note(error) }
        }
    }

    /// Waits at the gate and replays one phase.
    func replay(through gate: Gate, into box: RecorderBox, by instruments: Instruments, stop: StopFlag) {
        queue.async(group: gate.done) { [self] in
            worker.withLock { worker in
                box.recorder.withLock { recorder in
                    recorder.reset()
                    guard let phase = gate.pass() else { return }
                    worker.replay(phase, into: &recorder, by: instruments, stop: stop)
                }
            }
        }
    }

    /// What a credential of each claim profile weighs.
    func weigh() throws -> [CredentialSize] {
        try worker.withLock { try $0.weigh() }
    }
}
