import Dispatch
import Synchronization

/// Lets all clients start at the same moment, once each of them is on a thread of its own.
final class StartBarrier: Sendable {
    /// Dispatch holds up who asks for a thread where there is none, so that another asks than the one who waits.
    private static let starter = DispatchQueue(label: "authbench.starter")
    /// Left by each client when it has finished.
    let done = DispatchGroup()
    /// More serial queues than this do not all get a thread: Dispatch stops at 255, the main one among them.
    private static let mostQueues = 250
    private let clients: Int
    private let startThread: Instruments.StartThread
    private let patience_ms: Int
    private let arrived = Atomic(0)
    private let ready = DispatchGroup()
    private let opened = DispatchGroup()
    private let phase = Mutex(Phase?.none)

    /// - Parameters:
    ///   - clients: how many will come.
    ///   - startThread: gives each a thread where they are more than Dispatch has threads for.
    ///   - patience_ms: how long all of them together may take to be on their threads.
    init(clients: Int, startThread: @escaping Instruments.StartThread, patience_ms: Int = 30_000) {
        (self.clients, self.startThread, self.patience_ms) = (clients, startThread, patience_ms)
        for _ in 0..<clients { ready.enter() }
        opened.enter()
    }

    /// Runs what one client does between its coming and its end.
    ///
    /// - Parameters:
    ///   - queue: the client's own, on which it runs if all clients can have one.
    ///   - body: calls `pass`.
    func send(_ queue: DispatchQueue, _ body: @escaping @Sendable () -> Void) {
        guard clients > Self.mostQueues else { return queue.async(group: done, execute: body) }
        done.enter()
        do {
            try startThread { [done] in
                body()
                done.leave()
            }
            // Who does not come is noticed at the barrier.
        } catch { done.leave() }
    }

    /// Called by each client: waits until the barrier opens.
    ///
    /// - Returns: what to replay; `nil` where nothing is, because some clients have no thread.
    func pass() -> Phase? {
        arrived.add(1, ordering: .relaxed)
        ready.leave()
        opened.wait()
        return phase.withLock { $0 }
    }

    /// Waits for every client and opens, for the phase that `make` gives at that moment.
    ///
    /// - Parameters:
    ///   - start: sends each client to the barrier.
    ///   - make: called when all are there.
    /// - Returns: what `make` gave.
    /// - Throws: `TooFewThreadsError` when they do not come, or what `make` threw; those that did have then left.
    func open(
        starting start: @escaping @Sendable () -> Void, _ make: () throws -> Phase
    ) throws -> Phase {
        Self.starter.async(group: done, execute: start)
        guard ready.wait(timeout: .now() + .milliseconds(patience_ms)) == .success else {
            let most = arrived.load(ordering: .relaxed)
            // Their threads carry the others through.
            sendAway()
            throw TooFewThreadsError(clients: clients, arrived: most)
        }
        let phase: Phase
        do { phase = try make() } catch {
            sendAway()
            throw error
        }
        self.phase.withLock { $0 = phase }
        opened.leave()
        return phase
    }

    /// Lets everybody through who has come, with nothing to replay.
    private func sendAway() {
        opened.leave()
        done.wait()
    }
}

/// The system let only some of the clients run at once.
package struct TooFewThreadsError: Error, CustomStringConvertible {
    package var clients: Int
    package var arrived: Int

    package var description: String {
        "the system let only \(arrived) of \(clients) clients run at once: see ulimit -u, ulimit -v and the control"
            + " group's pids.max"
    }
}

/// Shows that the clients of a strategy get on, for whoever waits for them.
final class Pulse: Sendable {
    private let beats = Atomic<UInt64>(0)

    func beat() { beats.add(1, ordering: .relaxed) }

    /// Waits for a group as long as anything gets on.
    ///
    /// - Parameters:
    ///   - group: of the clients.
    ///   - quiet_ns: how long nothing need happen at first: in an open loop nothing may be due.
    ///   - patience_s: how long nothing may happen then.
    ///   - strategy: the one to name.
    /// - Throws: `HangError` when it took longer; its threads are left where they are.
    func wait(
        for group: DispatchGroup, quiet_ns: UInt64 = 0, patience_s: Double, strategy: String
    ) throws {
        if group.wait(timeout: .now() + Double(quiet_ns) / 1e9) == .success { return }
        var seen = UInt64.max
        while group.wait(timeout: .now() + patience_s) == .timedOut {
            let now = beats.load(ordering: .relaxed)
            guard now != seen else { throw HangError(strategy: strategy, patience_s: patience_s) }
            seen = now
        }
    }
}

/// A strategy none of whose clients finished an operation any more.
package struct HangError: Error, CustomStringConvertible {
    var strategy: String
    var patience_s: Double

    package var description: String {
        let time = patience_s < 1 ? "\(patience_s)" : "\(Int(patience_s))"
        return
            "\(strategy) hangs: for \(time) s none of its clients has finished what it was asked (where the"
            + " system gives them no threads it looks the same: ulimit -u, ulimit -v, pids.max)"
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

/// Tells all clients to finish their operation and stop; raised once, by a signal.
package final class StopFlag: Sendable {
    private let raised = Atomic(false)

    package init() {}

    package var isRaised: Bool { raised.load(ordering: .relaxed) }

    package func raise() { raised.store(true, ordering: .relaxed) }
}

/// Thrown out of loading when the stop flag was raised.
package struct StoppedError: Error {
    package init() {}
}
