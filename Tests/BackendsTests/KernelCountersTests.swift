import Foundation
import Testing

@testable import Backends

@Suite("System counters")
struct KernelCountersTests {
    @Test("steal and the sum of all processors' time are read from the first line of /proc/stat")
    func processors() {
        var counters = KernelCounters()
        counters.readProcessors("cpu  10 1 20 300 4 0 5 7 2 1\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
        #expect(counters.processor_ticks == 347)
        #expect(counters.steal_ticks == 7)
        counters = KernelCounters()
        counters.readProcessors("cpu  10 1\n")
        #expect(counters == KernelCounters())
        // More than can be added up is no crash.
        counters.readProcessors("cpu " + String(repeating: " 18446744073709551615", count: 10))
        #expect(counters.steal_ticks == .max)
    }

    @Test("throttling is read in the microseconds of version 2 and the nanoseconds of version 1")
    func throttling() {
        var counters = KernelCounters()
        counters.readThrottling("usage_usec 5\nnr_throttled 3\nthrottled_usec 1234\n")
        #expect(counters.throttled_ns == 1_234_000)
        counters.readThrottling("nr_periods 5\nnr_throttled 3\nthrottled_time 1234\n")
        #expect(counters.throttled_ns == 1234)
        counters.readThrottling("throttled_usec 18446744073709551615\n")
        #expect(counters.throttled_ns == nil)
        counters.readThrottling("nothing of the kind\n")
        #expect(counters.throttled_ns == nil)
    }

    @Test("the control group is looked for where the process is, then above")
    func groups() {
        #expect(
            ControlGroup.folders(of: "cpu", membership: "0::/user/x\n")
                == ["/sys/fs/cgroup/user/x", "/sys/fs/cgroup/user", "/sys/fs/cgroup"])
        #expect(
            ControlGroup.folders(of: "cpu", membership: "4:memory:/m\n3:cpu,cpuacct:/y\n0::/z\n")
                == ["/sys/fs/cgroup/cpu/y", "/sys/fs/cgroup/cpu"])
    }

    @Test("this machine's own counters can be read and do not run backwards")
    func own() throws {
        let (first, second) = (KernelCounters.current(), KernelCounters.current())
        #expect(try #require(second.processor_ticks) >= #require(first.processor_ticks))
    }

    @Test("the CPU time of another process is that process's, and none when it is gone")
    func otherProcess() throws {
        let busy = Process()
        busy.executableURL = URL(fileURLWithPath: "/bin/bash")
        busy.arguments = ["-c", "while :; do :; done"]
        try busy.run()
        defer {
            // It may have inherited a mask that holds SIGTERM back.
            kill(busy.processIdentifier, SIGKILL)
            busy.waitUntilExit()
        }
        var used_ns: UInt64 = 0
        for _ in 0..<2000 where used_ns < 20_000_000 {
            used_ns = OtherProcessCPU.used_ns(busy.processIdentifier) ?? 0
            usleep(10_000)
        }
        #expect(used_ns >= 20_000_000)
        #expect(OtherProcessCPU.used_ns(0x7FFF_FFFF) == nil)
    }

    @Test("the time of a thread is part of that of the process")
    func threadTime() {
        let (process_ns, thread_ns) = (ProcessCPU.used_ns(), ProcessCPU.usedByThread_ns())
        var sum = 0.0
        for index in 0..<2_000_000 { sum += Double(index).squareRoot() }
        #expect(sum > 0)
        let spent_ns = ProcessCPU.usedByThread_ns() - thread_ns
        #expect(spent_ns > 0)
        #expect(ProcessCPU.used_ns() - process_ns >= spent_ns)
    }

    @Test("a sleep ends at its moment or after it, and one in the past at once")
    func sleep() {
        let start_ns = DispatchTime.now().uptimeNanoseconds
        PreciseTimer.settle()
        PreciseTimer.sleep(until_ns: start_ns + 3_000_000)
        #expect(DispatchTime.now().uptimeNanoseconds >= start_ns + 3_000_000)
        PreciseTimer.sleep(until_ns: start_ns)
        let before = ContextSwitches.current().voluntary
        usleep(1000)
        #expect(ContextSwitches.current().voluntary > before)
    }

    @Test("counts what passed between two moments, and nothing by a counter that went back")
    func since() {
        var (before, after) = (KernelCounters(), KernelCounters())
        (before.processor_ticks, after.processor_ticks) = (100, 300)
        (before.steal_ticks, after.steal_ticks) = (10, 60)
        (before.throttled_ns, after.throttled_ns) = (5, 4)
        let spent = after.since(before)
        #expect(spent.steal_share == 0.25)
        #expect(spent.throttled_ns == nil && spent.swappedIn_pages == nil)
        #expect(after.since(after).steal_share == nil)
    }
}
