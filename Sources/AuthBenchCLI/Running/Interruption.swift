import AuthHarness
import Backends
import Foundation
import Synchronization

/// Ends a run in order when a signal asks for it, and in time when it hangs.
final class Interruption {
    private let received = Shared()
    private var signals: Signals?

    private final class Shared: Sendable {
        let number = Atomic<Int32>(0)
        let isOver = Atomic(false)
    }

    /// From now on the first signal raises `stop`, and what is left over is cleared when the run has not
    /// ended 0.8 s after it.
    init(stop: StopFlag, leftovers: Leftovers) {
        let received = received
        signals = Signals { number in
            received.number.store(number, ordering: .relaxed)
            stop.raise()
            DispatchQueue.global().asyncAfter(deadline: .now() + 0.8) {
                guard !received.isOver.load(ordering: .relaxed) else { return }
                let rest = leftovers.clear()
                Console.complain(
                    "stopped by a signal before all was in order" + (rest.map { "; \($0)" } ?? ""))
                AuthBench.isFinished.store(true, ordering: .relaxed)
                exit(ExitStatus.signal(number))
            }
        }
    }

    /// The number of the signal that came, if any.
    var signal: Int32? {
        let number = received.number.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// Called when everything has been put in order.
    func end() {
        received.isOver.store(true, ordering: .relaxed)
    }
}
