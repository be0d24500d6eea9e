import AuthHarness
import Backends
import Foundation
import Synchronization

/// Ends a command in order when a signal asks for it, and in time when it hangs.
final class Interruption {
    private final class Shared: Sendable {
        let isOver = Atomic(false)
    }

    private let shared = Shared()

    /// Lets the first signal raise `stop`, and clears what is left over when the command has not ended in time.
    ///
    /// - Parameters:
    ///   - stop: what the command looks at.
    ///   - cleanup: what it has made.
    ///   - patience_ms: how long it may take to end; longer where it waits for another that does the same.
    init(stop: StopFlag, cleanup: Cleanup, patience_ms: Int = 800) {
        let shared = shared
        Signals.handle { number in
            stop.raise()
            for _ in 0..<patience_ms / 5 {
                if shared.isOver.load(ordering: .acquiring) { return }
                usleep(5000)
            }
            let rest = cleanup.abandon()
            Console.complain(
                "stopped by a signal before the command could finish" + (rest.map { "; \($0)" } ?? ""))
            // Other threads still run, and `exit` would destroy what they use.
            _exit(ExitStatus.signal(number))
        }
    }

    /// The number of the signal that came, if any.
    var signal: Int32? { Signals.received }

    /// Ends the watch, when the command has put everything in order.
    func end() {
        shared.isOver.store(true, ordering: .releasing)
        Signals.handle(nil)
    }
}

/// Asks the system for what the clients of a command need, before anything begins that would hang without it.
enum Resources {
    /// A process that does nothing yet needs this many files, with some to spare.
    static let leastFiles = 48
    /// Each client has a connection to Redis, and a database with its log and the log's index.
    private static let filesOfClient = 5
    /// The program itself has these threads: the watchdog, a sweeper and those of Dispatch.
    private static let ownThreads = 4

    /// Checks that the system gives enough threads and open files.
    ///
    /// - Parameter clients: how many clients run at once.
    /// - Throws: `CommandError` when the system gives too few threads or open files.
    static func require(clients: Int) throws(CommandError) {
        do throws(ThreadError) { try SystemThread.require(clients + ownThreads) } catch {
            throw CommandError.runtime("\(clients) clients cannot run: \(error)")
        }
        let (files, wanted) = (FileLimit.raise(), leastFiles + clients * filesOfClient)
        guard files >= wanted else {
            throw CommandError.runtime(
                "\(clients) clients need up to \(wanted) open files, and the limit is \(files): raise it, see ulimit -n"
            )
        }
    }
}
