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
