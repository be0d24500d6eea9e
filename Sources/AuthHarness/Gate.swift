import Dispatch
import Synchronization

/// Lets all clients start at the same moment, once each of them is on a thread of its own.
final class Gate: Sendable {
    /// Left by each client when it has finished.
    let done = DispatchGroup()
    private let ready = DispatchGroup()
    private let opened = DispatchGroup()
    private let phase = Mutex(Phase?.none)

    init(clients: Int) {
        for _ in 0..<clients { ready.enter() }
        opened.enter()
    }

    /// Called by each client: waits until the gate opens.
    func pass() -> Phase? {
        ready.leave()
        opened.wait()
        return phase.withLock { $0 }
    }

    /// Waits for every client and opens, for the phase that `make` gives at that moment.
    func open(_ make: () -> Phase) -> Phase {
        ready.wait()
        let phase = make()
        self.phase.withLock { $0 = phase }
        opened.leave()
        return phase
    }
}

/// The first of several clients' errors.
final class Failure: Sendable {
    private let error = Mutex<(any Error)?>(nil)

    var isNoted: Bool { error.withLock { $0 != nil } }

    func note(_ other: any Error) {
        error.withLock { error in
            if error == nil { error = other }
        }
    }

    func rethrow() throws {
        if let error = error.withLock({ $0 }) { throw error }
    }
}
