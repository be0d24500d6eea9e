import AuthHarness
import Backends
import Foundation
import Synchronization

/// Ends a command in order when a signal asks for it, and in time when it hangs.
final class Interruption {
    private final class Shared: Sendable {
        let isOver = Atomic(false)
    }

    private static let patience_ms = 800

    private let shared = Shared()

    /// From now on the first signal raises `stop`, and what is left over is cleared when the command has not ended
    /// 0.8 s after it.
    init(stop: StopFlag, leftovers: Leftovers) {
        let shared = shared
        Signals.handle { number in
            stop.raise()
            for _ in 0..<Self.patience_ms / 5 {
                if shared.isOver.load(ordering: .acquiring) { return }
                usleep(5000)
            }
            let rest = leftovers.abandon()
            Console.complain("stopped by a signal before all was in order" + (rest.map { "; \($0)" } ?? ""))
            // The other threads still run, and `exit` would take from under them what they use.
            _exit(ExitStatus.signal(number))
        }
    }

    /// The number of the signal that came, if any.
    var signal: Int32? { Signals.received }

    /// Called when everything has been put in order.
    func end() {
        shared.isOver.store(true, ordering: .releasing)
        Signals.handle(nil)
    }
}
