import CAuthBenchLinux
import Foundation
import Glibc

/// A thread that is there from the beginning or not at all, where Dispatch would wait for one without end.
package enum SystemThread {
    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs a function on a thread of its own.
    ///
    /// - Throws: `ThreadError` when the system gives none (pthread_create(3), EAGAIN).
    package static func start(_ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        let work = unsafe Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let number = unsafe pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer = unsafe pointer else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        guard number == 0 else {
            unsafe work.release()
            throw ThreadError(number: number)
        }
        pthread_detach(thread)
    }

    /// Tries whether so many threads can live at once, beside those that do.
    ///
    /// - Throws: `ThreadError` with how many there can be when they are fewer.
    package static func require(_ count: Int) throws(ThreadError) {
        let (release, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        var started = 0
        defer {
            for _ in 0..<started { release.signal() }
            for _ in 0..<started { ended.wait() }
        }
        while started < count {
            do throws(ThreadError) {
                try start {
                    release.wait()
                    ended.signal()
                }
            } catch {
                throw ThreadError(number: error.number, most: started, wanted: count)
            }
            started += 1
        }
    }
}

/// The system gives a program fewer threads than it needs.
package struct ThreadError: Error, CustomStringConvertible {
    package var number: Int32
    /// How many can be started, where that was tried, and how many are needed.
    package var most: Int?
    package var wanted = 1

    package init(number: Int32, most: Int? = nil, wanted: Int = 1) {
        (self.number, self.most, self.wanted) = (number, most, wanted)
    }

    package var description: String {
        let what =
            most.map { "\(wanted) threads are needed and the system gives \($0)" }
            ?? "the system gives no more threads"
        return
            "\(what) (\(SystemError.text(number))): see ulimit -u, ulimit -v and the control group's pids.max"
    }
}

/// The number of files a process may have open (getrlimit(2)).
package enum FileLimit {
    /// Raises the soft limit to the hard one: each client holds a handful of connections and database files.
    ///
    /// - Returns: how many files may be open from now on.
    @discardableResult
    package static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard unsafe getrlimit(resource, &limit) == 0 else { return .max }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(resource, &limit)
        guard unsafe getrlimit(resource, &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }
}

/// The clock of the day, by which machines compare moments; nothing is measured with it, because it is set now and then.
package enum DayClock {
    /// Nanoseconds since 1970 (CLOCK_REALTIME).
    @Sendable package static func unix_ns() -> UInt64 {
        var moment = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &moment)
        return UInt64(moment.tv_sec) * 1_000_000_000 + UInt64(moment.tv_nsec)
    }
}

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

    /// Lets this thread run before all others of the machine, or again as they do (sched(7), SCHED_FIFO); where the system
    /// does not allow it, nothing changes.
    package static func goFirst(_ isFirst: Bool) {
        var parameters = sched_param()
        parameters.sched_priority = isFirst ? 1 : 0
        _ = unsafe pthread_setschedparam(pthread_self(), isFirst ? SCHED_FIFO : SCHED_OTHER, &parameters)
    }
}
