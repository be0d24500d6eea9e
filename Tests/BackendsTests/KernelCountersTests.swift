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

    @Test("what others took is what ran on the allowed processors, less what is our own")
    func foreign() {
        func counters(_ text: String) -> KernelCounters {
            var counters = KernelCounters()
            counters.readProcessors(text, [1, 2])
            return counters
        }
        let before = counters(
            "cpu 0 0 0 0 0 0 0 0\ncpu0 9 9 9 9 9 9 9 9\ncpu1 10 0 10 80 0 0 0 0\ncpu2 0 0 0 0 0 0 0 0\n")
        // cpu0 was busy all the time, but the process may not run there; waiting for disks and interrupts are not running.
        let after = counters(
            "cpu 0 0 0 0 0 0 0 0 0\ncpu0 109 9 9 9 9 9 9 9\ncpu1 60 0 20 110 5 5 0 0 0\ncpu2 30 5 5 40 10 5 5 0 0\n"
        )
        let spent = after.since(before)
        #expect(spent.allowed_ticks == 200 && spent.busy_ticks == 100)
        #expect(spent.foreign_share(own_ns: 600_000_000, available_ns: 2_000_000_000) == 0.2)
        #expect(spent.foreign_share(own_ns: 1_900_000_000, available_ns: 2_000_000_000) == 0)
        #expect(KernelCounters().foreign_share(own_ns: 1, available_ns: 1) == nil)
    }

    @Test("pressure is the total of the line of those that wait, of some")
    func pressure() {
        var counters = KernelCounters()
        counters.readPressure(
            "some avg10=67.11 avg60=50.18 avg300=32.56 total=171808927\nfull avg10=0.00 total=5\n")
        #expect(counters.pressure_us == 171_808_927)
        counters.readPressure("nothing\n")
        #expect(counters.pressure_us == nil)
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
