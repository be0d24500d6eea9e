import Synchronization

/// Tells all clients to finish their operation and stop; raised once, by a signal.
package final class StopFlag: Sendable {
    private let raised = Atomic(false)

    package init() {}

    package var isRaised: Bool { raised.load(ordering: .relaxed) }

    package func raise() { raised.store(true, ordering: .relaxed) }
}

/// Thrown out of loading when the stop flag was raised.
package struct Stopped: Error {
    package init() {}
}
