/// Counters of the kernel that say whether a measurement was disturbed; each is `nil` where it cannot be read.
package struct KernelCounters: Sendable, Equatable {
    /// Time of all processors together, in the kernel's ticks (proc(5), /proc/stat).
    package var processor_ticks: UInt64?
    /// That part of it which the hypervisor gave to others.
    package var steal_ticks: UInt64?
    /// How long the control group has been held up by its processor limit (cgroup-v2, cpu.stat).
    package var throttled_ns: UInt64?
    /// Pages read back from swap (proc(5), /proc/vmstat).
    package var swappedIn_pages: UInt64?

    package static func current() -> Self {
        var counters = Self()
        if let stat = SystemFile.text("/proc/stat") { counters.readProcessors(stat) }
        if let pages = SystemFile.text("/proc/vmstat").flatMap({ value(of: "pswpin", in: $0) }) {
            counters.swappedIn_pages = pages
        }
        let folders = ControlGroup.folders(of: "cpu", membership: SystemFile.text("/proc/self/cgroup") ?? "")
        if let text = folders.lazy.compactMap({ SystemFile.text("\($0)/cpu.stat") }).first {
            counters.readThrottling(text)
        }
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
        spent.throttled_ns = difference { $0.throttled_ns }
        spent.swappedIn_pages = difference { $0.swappedIn_pages }
        return spent
    }

    /// The share of the processors' time that the hypervisor gave to others, of what `since` gives.
    package var steal_share: Double? {
        guard let processor_ticks, processor_ticks > 0, let steal_ticks else { return nil }
        return Double(steal_ticks) / Double(processor_ticks)
    }

    /// The first line: user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice; the last two
    /// are in user and nice already.
    mutating func readProcessors(_ text: String) {
        let line = text.prefix { !$0.isNewline }
        guard line.hasPrefix("cpu ") else { return }
        let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0) }
        guard ticks.count == 8 else { return }
        processor_ticks = ticks.reduce(0, &+)
        steal_ticks = ticks[7]
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
