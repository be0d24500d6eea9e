import CLinux
import Glibc

/// Wakes a thread as near to a moment as the system allows.
package enum PreciseTimer {
    /// Asks the kernel not to gather this thread's timers with others: by default it adds up to 50 µs
    /// (prctl(2), PR_SET_TIMERSLACK).
    @Sendable package static func settle() {
        _ = authbench_set_timer_slack(1)
    }

    /// Waits until a moment of CLOCK_MONOTONIC; one that has passed is no wait.
    @Sendable package static func sleep(until_ns: UInt64) {
        var moment = timespec()
        moment.tv_sec = Int(until_ns / 1_000_000_000)
        moment.tv_nsec = Int(until_ns % 1_000_000_000)
        while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, nil) == EINTR {}
    }
}
