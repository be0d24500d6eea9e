import Glibc

/// CPU time of this process.
package enum ProcessCPU {
    /// All threads, user and system, in nanoseconds since the process began (clock_gettime(2)).
    @Sendable package static func used_ns() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
