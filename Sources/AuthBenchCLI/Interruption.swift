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

    /// - Parameters:
    ///   - stop: raised by the first signal.
    ///   - emergency: carried out when the run has not ended 0.8 s after it.
    init(stop: StopFlag, emergency: Stores.Emergency) {
        let received = received
        signals = Signals { number in
            received.number.store(number, ordering: .relaxed)
            stop.raise()
            DispatchQueue.global().asyncAfter(deadline: .now() + 0.8) {
                guard !received.isOver.load(ordering: .relaxed) else { return }
                emergency.cleanUp()
                Console.complain("stopped by a signal while a store did not answer")
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
