import Glibc

/// How often the threads of this process were taken off a processor (getrusage(2)).
package struct ContextSwitches: Sendable {
    /// They had to wait.
    package let voluntary: UInt64
    /// Others were due.
    package let involuntary: UInt64

    package static func current() -> Self {
        var usage = rusage()
        guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else {
            return Self(voluntary: 0, involuntary: 0)
        }
        return Self(voluntary: UInt64(usage.ru_nvcsw), involuntary: UInt64(usage.ru_nivcsw))
    }
}
