import Glibc

/// CPU time of this process, user and system, in nanoseconds (clock_gettime(2)).
package enum ProcessCPU {
    /// All threads, since the process began.
    @Sendable package static func used_ns() -> UInt64 { read(CLOCK_PROCESS_CPUTIME_ID) }

    /// The calling thread, since it began.
    @Sendable package static func usedByThread_ns() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
