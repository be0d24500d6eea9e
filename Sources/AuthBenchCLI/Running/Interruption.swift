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
    init(stop: StopFlag, cleanup: Cleanup) {
        let shared = shared
        Signals.handle { number in
            stop.raise()
            for _ in 0..<Self.patience_ms / 5 {
                if shared.isOver.load(ordering: .acquiring) { return }
                usleep(5000)
            }
            let rest = cleanup.abandon()
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

/// Asks the system for what the clients of a command need, before anything is begun that would hang without it.
enum Resources {
    /// The files of a process that does nothing yet, and some to spare.
    static let leastFiles = 48
    /// A connection to Redis, and a database with its log and the index of that.
    private static let filesOfClient = 5
    /// What the program itself has besides its clients: the watchdog, a sweeper and Dispatch's own.
    private static let ownThreads = 4

    /// - Parameter clients: how many run at once.
    /// - Throws: `CommandError` when the system gives too few threads or open files.
    static func require(clients: Int) throws(CommandError) {
        do throws(ThreadError) { try SystemThread.require(clients + ownThreads) } catch {
            throw CommandError.runtime("for \(clients) clients, \(error)")
        }
        let (files, wanted) = (FileLimit.raise(), leastFiles + clients * filesOfClient)
        guard files >= wanted else {
            throw CommandError.runtime(
                "\(clients) clients need up to \(wanted) open files, and the limit is \(files): see ulimit -n"
            )
        }
    }
}
