import CAuthBenchLinux
import Foundation
import Glibc

/// Counters of the kernel that say whether a measurement was disturbed; each is `nil` where it cannot be read.
package struct KernelCounters: Sendable, Equatable {
    /// Time of all processors together, in the kernel's ticks (proc(5), /proc/stat).
    package var processor_ticks: UInt64?
    /// That part of it which the hypervisor gave to others.
    package var steal_ticks: UInt64?
    /// How long the control group has been held up by its processor limit (cgroup-v2, cpu.stat).
    package var throttled_ns: UInt64?
    /// Time of the processors that were asked for.
    package var allowed_ticks: UInt64?
    /// That part of it in which a program or the kernel on its behalf ran; interrupts are in neither.
    package var busy_ticks: UInt64?
    /// How long anything that could run waited for a processor: in the own control group where the kernel says so, else
    /// on the whole machine (Documentation/accounting/psi).
    package var pressure_us: UInt64?
    /// Pages read back from swap (proc(5), /proc/vmstat).
    package var swappedIn_pages: UInt64?

    /// Reads the counters.
    ///
    /// - Parameter processors: those of which `allowed_ticks` and `busy_ticks` are.
    /// - Returns: the counters as they stand.
    package static func current(of processors: [Int] = []) -> Self {
        var counters = Self()
        if let stat = SystemFile.text("/proc/stat") { counters.readProcessors(stat, processors) }
        if let pages = SystemFile.text("/proc/vmstat").flatMap({ value(of: "pswpin", in: $0) }) {
            counters.swappedIn_pages = pages
        }
        let folders = ControlGroup.folders(of: "cpu", membership: SystemFile.text("/proc/self/cgroup") ?? "")
        if let text = folders.lazy.compactMap({ SystemFile.text("\($0)/cpu.stat") }).first {
            counters.readThrottling(text)
        }
        let pressures = folders.map { "\($0)/cpu.pressure" } + ["/proc/pressure/cpu"]
        if let text = pressures.lazy.compactMap({ SystemFile.text($0) }).first { counters.readPressure(text) }
        return counters
    }

    /// What was counted since an earlier moment; `nil` for a counter that went back, as it belongs to somebody else by now.
    package func since(_ before: Self) -> Self {
        func difference(_ counter: (Self) -> UInt64?) -> UInt64? {
            guard let first = counter(before), let last = counter(self), last >= first else { return nil }
            return last - first
        }
        var spent = Self()
        spent.processor_ticks = difference { $0.processor_ticks }
        spent.steal_ticks = difference { $0.steal_ticks }
        spent.allowed_ticks = difference { $0.allowed_ticks }
        spent.busy_ticks = difference { $0.busy_ticks }
        spent.pressure_us = difference { $0.pressure_us }
        spent.throttled_ns = difference { $0.throttled_ns }
        spent.swappedIn_pages = difference { $0.swappedIn_pages }
        return spent
    }

    /// The share of the processors' time that the hypervisor gave to others, of what `since` gives.
    package var steal_share: Double? {
        guard let processor_ticks, processor_ticks > 0, let steal_ticks else { return nil }
        return Double(steal_ticks) / Double(processor_ticks)
    }

    /// The share of the processors asked for that others than this process took, of what `since` gives.
    ///
    /// - Parameters:
    ///   - own_ns: processor time of this process and of its store.
    ///   - available_ns: the time that passed, on all of these processors together.
    /// - Returns: from 0 to 1.
    package func foreign_share(own_ns: UInt64, available_ns: UInt64) -> Double? {
        guard let allowed_ticks, allowed_ticks > 0, let busy_ticks, available_ns > 0 else { return nil }
        let busy = Double(busy_ticks) / Double(allowed_ticks)
        return min(1, max(0, busy - Double(own_ns) / Double(available_ns)))
    }

    /// The first line and those of single processors: user, nice, system, idle, iowait, irq, softirq, steal, guest,
    /// guest_nice; the last two are in user and nice already.
    mutating func readProcessors(_ text: String, _ processors: [Int] = []) {
        let names = Set(processors.map { "cpu\($0)" })
        for line in text.split(whereSeparator: \.isNewline).prefix(while: { $0.hasPrefix("cpu") }) {
            let words = line.split(separator: " ")
            let ticks = words.dropFirst().prefix(8).compactMap { UInt64($0) }
            guard ticks.count == 8 else { continue }
            if words[0] == "cpu" {
                processor_ticks = ticks.reduce(0, &+)
                steal_ticks = ticks[7]
            } else if names.contains(String(words[0])) {
                allowed_ticks = (allowed_ticks ?? 0) &+ ticks.reduce(0, &+)
                busy_ticks = (busy_ticks ?? 0) &+ ticks[0] &+ ticks[1] &+ ticks[2]
            }
        }
    }

    /// The line "some avg10=… avg60=… avg300=… total=…".
    mutating func readPressure(_ text: String) {
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("some ") }
        pressure_us = line?.split(separator: " ").first { $0.hasPrefix("total=") }
            .flatMap { UInt64($0.dropFirst("total=".count)) }
    }

    /// Version 2 counts microseconds, version 1 nanoseconds.
    mutating func readThrottling(_ text: String) {
        throttled_ns =
            Self.value(of: "throttled_usec", in: text).map { $0.multipliedReportingOverflow(by: 1000) }
            .flatMap { $0.overflow ? nil : $0.partialValue }
            ?? Self.value(of: "throttled_time", in: text)
    }

    private static func value(of name: String, in text: String) -> UInt64? {
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix(name + " ") {
            return UInt64(line.dropFirst(name.utf8.count + 1))
        }
        return nil
    }
}

/// How many threads ran or waited to run, on average (proc_loadavg(5)).
package struct LoadAverage: Sendable, Equatable {
    package var oneMinute: Double
    package var fiveMinutes: Double
    package var fifteenMinutes: Double

    /// Reads the text of `/proc/loadavg`; `nil` for anything else.
    package init?(_ text: String) {
        let numbers = text.split(whereSeparator: \.isWhitespace).prefix(3).compactMap { Double($0) }
        guard numbers.count == 3 else { return nil }
        (oneMinute, fiveMinutes, fifteenMinutes) = (numbers[0], numbers[1], numbers[2])
    }
}

/// CPU time of another process.
package enum OtherProcessCPU {
    /// All its living threads, user and system, in nanoseconds; `nil` where the system does not tell.
    ///
    /// From `/proc/<pid>/task/*/schedstat`, whose first number is exact, where `/proc/<pid>/stat` counts
    /// hundredths of a second (Documentation/scheduler/sched-stats in the kernel).
    package static func used_ns(_ processes: [Int32]) -> UInt64? {
        let times_ns = processes.compactMap { used_ns($0) }
        return times_ns.isEmpty ? nil : times_ns.reduce(0, &+)
    }

    /// CPU time of each living process so far, that of threads that have ended included (clock_getcpuclockid(3)).
    package static func eachUsed_ns(_ processes: [Int32]) -> [Int32: UInt64] {
        var all: [Int32: UInt64] = [:]
        for process in processes {
            var (clock, time) = (clockid_t(), timespec())
            guard unsafe clock_getcpuclockid(process, &clock) == 0,
                unsafe clock_gettime(clock, &time) == 0
            else { continue }
            all[process] = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        }
        return all
    }

    /// The same of one process.
    package static func used_ns(_ process: Int32) -> UInt64? {
        let folder = "/proc/\(process)/task"
        var sum_ns: UInt64?
        for thread in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard let text = SystemFile.text("\(folder)/\(thread)/schedstat"),
                let time_ns = text.split(separator: " ").first.flatMap({ UInt64($0) })
            else { continue }
            sum_ns = (sum_ns ?? 0) &+ time_ns
        }
        return sum_ns
    }
}

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

/// What this process holds in memory (mallinfo2(3)).
package enum HeapUse {
    /// Bytes that were allocated and not given back, those in mappings of their own among them.
    ///
    /// What the allocator keeps for a thread's next request counts as allocated: some thousand bytes that come and go.
    package static func held_bytes() -> Int64 { Int64(authbench_heap_bytes()) }
}

/// A process and those that it has started.
package enum ProcessTree {
    /// The process itself and all its living descendants (proc(5), `/proc/<pid>/task/<tid>/children`).
    package static func of(_ process: Int32) -> [Int32] {
        var found = [process]
        var index = 0
        while index < found.count {
            let text = SystemFile.text("/proc/\(found[index])/task/\(found[index])/children") ?? ""
            found += text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
            index += 1
        }
        return found
    }
}

/// The processes behind a TCP port of this machine.
package enum Listeners {
    /// All that hold the listening socket of a port, as the workers of a server do that have inherited it.
    ///
    /// From `/proc/net/tcp` and `tcp6`, which name the socket, and `/proc/<pid>/fd` (proc(5)): none where the system does not
    /// let us look, as with a process of another user.
    package static func processIDs(of port: UInt16) -> [Int32] {
        let sockets = Set(
            ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { inodes(of: port, in: SystemFile.text($0) ?? "") })
        guard !sockets.isEmpty else { return [] }
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { holds($0, one: sockets) }.sorted()
    }

    /// The names of listening sockets, from lines such as `0: 0100007F:1F90 00000000:0000 0A … INODE`.
    static func inodes(of port: UInt16, in text: String) -> [String] {
        let isListening = "0A"
        return text.split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count > 9, fields[3] == isListening,
                let number = fields[1].split(separator: ":").last.flatMap({ UInt16($0, radix: 16) }),
                number == port
            else { return nil }
            return "socket:[\(fields[9])]"
        }
    }

    private static func holds(_ process: Int32, one sockets: Set<String>) -> Bool {
        let folder = "/proc/\(process)/fd"
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return descriptors.contains { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"))
                .map { sockets.contains($0) } ?? false
        }
    }
}
