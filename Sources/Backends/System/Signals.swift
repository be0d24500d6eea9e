import Dispatch
import Glibc

/// Turns the signals that ask a program to end into calls.
package final class Signals {
    private let sources: [any DispatchSourceSignal]

    /// Calls `handler` with the number of each SIGINT, SIGTERM and SIGHUP, on a queue of its own, from now
    /// on.
    package init(_ handler: @escaping @Sendable (Int32) -> Void) {
        let queue = DispatchQueue(label: "authbench.signals")
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { handler(number) }
            source.resume()
            return source
        }
    }

    /// Lets a write to a closed connection fail with EPIPE: hiredis does not ask for that itself.
    package static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }

    /// Lets a write beyond the limit of a file's size fail with EFBIG, like one to a full disk (setrlimit(2)).
    package static func ignoreFileSizeLimit() {
        signal(SIGXFSZ, SIG_IGN)
    }
}
