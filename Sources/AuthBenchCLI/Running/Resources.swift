import Backends

/// Asks the system for what the clients of a command need, before anything is begun that would hang without it.
enum Resources {
    /// The files of a process that does nothing yet, and some to spare.
    static let leastFiles = 48
    /// A connection to Redis, and a database with its log and the index of that.
    private static let filesOfClient = 5
    /// What the program itself has besides its clients: the watchdog, a sweeper and Dispatch's own.
    private static let ownThreads = 4

    /// - Parameter clients: how many run at once.
    /// - Throws: `Fault` when the system gives too few threads or open files.
    static func require(clients: Int) throws(Fault) {
        do throws(ThreadError) { try SystemThread.require(clients + ownThreads) } catch {
            throw Fault.runtime("for \(clients) clients, \(error)")
        }
        let (files, wanted) = (FileLimit.raise(), leastFiles + clients * filesOfClient)
        guard files >= wanted else {
            throw Fault.runtime(
                "\(clients) clients need up to \(wanted) open files, and the limit is \(files): see ulimit -n"
            )
        }
    }
}
