import CAuthBenchLinux
import Glibc
import Synchronization

/// The signals that ask a program to end: SIGINT, SIGTERM, SIGHUP and SIGQUIT.
///
/// They are held back in all threads and taken by one that does nothing else, so that none is lost, none interrupts a
/// system call, and one is answered also when no other thread gets on.
package enum Signals {
    private static let handler = Mutex<(@Sendable (Int32) -> Void)?>(nil)
    private static let first = Atomic<Int32>(0)

    private static let writers = Atomic(0)

    /// Lets a function come to its end, within a second, before a signal ends the process: what it writes aside does not
    /// stay there.
    package static func afterwards<Result, E: Error>(_ body: () throws(E) -> Result) throws(E) -> Result {
        writers.add(1, ordering: .sequentiallyConsistent)
        defer { writers.subtract(1, ordering: .sequentiallyConsistent) }
        return try body()
    }

    /// The first that came, if any.
    package static var received: Int32? {
        let number = first.load(ordering: .acquiring)
        return number == 0 ? nil : number
    }

    /// Takes them from now on; call before any other thread is started.
    ///
    /// What is ignored stays so, as nohup(1) wants it for SIGHUP. Without a handler a signal ends the process with 128
    /// plus its number, as shells count.
    ///
    /// - Throws: `ThreadError` when the system gives no thread.
    package static func watch() throws(ThreadError) {
        let numbers = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].filter { authbench_is_ignored($0) == 0 }
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        // Swift's runtime takes SIGQUIT for a crash: it prints where the process is and lets it go on.
        if authbench_quit_was_taken() != 0 { _exit(128 + SIGQUIT) }
        let waited = set
        try SystemThread.start {
            while true {
                var (set, number) = (waited, Int32(0))
                guard unsafe sigwait(&set, &number) == 0 else { continue }
                _ = first.compareExchange(expected: 0, desired: number, ordering: .acquiringAndReleasing)
                if let handler = handler.withLock({ $0 }) { handler(number) } else { end(number) }
            }
        }
    }

    private static func end(_ number: Int32) -> Never {
        for _ in 0..<160 where writers.load(ordering: .sequentiallyConsistent) > 0 { usleep(5000) }
        _exit(128 + number)
    }

    /// Calls a function with the number of each from now on, on a thread of its own; `nil` for the default.
    package static func handle(_ body: (@Sendable (Int32) -> Void)?) {
        handler.withLock { $0 = body }
    }

    private static let brokenPipes: Void = { signal(SIGPIPE, SIG_IGN) }()

    /// Lets a write to a closed connection fail with EPIPE: hiredis does not ask for that itself.
    package static func ignoreBrokenPipes() { brokenPipes }

    /// Lets a write beyond the limit of a file's size fail with EFBIG, like one to a full disk (setrlimit(2)).
    package static func ignoreFileSizeLimit() {
        signal(SIGXFSZ, SIG_IGN)
    }
}
