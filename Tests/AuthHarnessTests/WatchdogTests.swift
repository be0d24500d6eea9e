import Synchronization
import Testing

@testable import AuthHarness

@Suite("Watchdog")
struct WatchdogTests {
    private let clock = SimulatedClock()
    private let cpu = CPU()

    private final class CPU: Sendable {
        let used_ns = Atomic<UInt64>(0)
    }

    private var watchdog: Watchdog {
        Watchdog(
            monotonic: MonotonicClock(clock), cpu_ns: { [cpu] in cpu.used_ns.load(ordering: .relaxed) },
            processors: 2)
    }

    /// Lets time pass of which the process used some on its processors.
    private func pass(_ time_ms: UInt64, used_ms: UInt64) {
        clock.advance(by_ns: time_ms * 1_000_000)
        cpu.used_ns.add(used_ms * 1_000_000, ordering: .relaxed)
    }

    @Test("sees no standstill where looks come in time, nor where they come late on a busy machine")
    func busy() {
        let watchdog = watchdog
        for _ in 0..<100 {
            pass(20, used_ms: 40)
            watchdog.look()
        }
        #expect(watchdog.longest_ns() == 0)
        pass(400, used_ms: 250)
        watchdog.look()
        #expect(watchdog.longest_ns() == 0, "others ran while this thread waited")
    }

    @Test(
        "sees the longest time in which nothing ran, less its own sleep", arguments: [100, 500, 2000, 80_000])
    func stopped(stop_ms: UInt64) {
        let watchdog = watchdog
        pass(20, used_ms: 40)
        watchdog.look()
        // The stop began in the middle of a sleep.
        pass(stop_ms + 10, used_ms: 20)
        watchdog.look()
        pass(60, used_ms: 0)
        watchdog.look()
        #expect(watchdog.longest_ns() == (stop_ms - 10) * 1_000_000)
    }

    @Test("forgets what was before the measurement, and counts a stop that has just ended")
    func limits() {
        let watchdog = watchdog
        pass(5000, used_ms: 0)
        watchdog.begin()
        pass(10, used_ms: 10)
        #expect(watchdog.longest_ns() == 0)
        pass(520, used_ms: 10)
        #expect(watchdog.longest_ns() == 500_000_000)
    }
}
