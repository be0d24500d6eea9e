import Backends
import Foundation

/// What the machine is, as far as it says; `null` where it does not.
package struct MachineRecord: Codable, Sendable {
    /// The limits of the control group, which bind however much the machine has.
    package struct ControlGroup: Codable, Sendable {
        package var version: Int
        /// CPU time per wall-clock time.
        @OrNull package var cpu_quota_cores: Double?
        /// The processors allowed where these are not all.
        @OrNull package var cpuset: String?
        @OrNull package var memory_max_bytes: UInt64?

        package init(version: Int) { self.version = version }
    }

    /// Threads that ran or waited to run, averaged over so many minutes.
    package struct LoadAverage: Codable, Sendable {
        // Each may be `null` in a merged record: two runs may differ in one of them only.
        @OrNull package var load1: Double?
        @OrNull package var load5: Double?
        @OrNull package var load15: Double?

        package init(load1: Double, load5: Double, load15: Double) {
            self.load1 = load1
            self.load5 = load5
            self.load15 = load15
        }
    }

    @OrNull package var cpu_model: String?
    /// The clock of the first core when it was asked.
    @OrNull package var cpu_MHz: Double?
    /// Those that matter to cryptography, by the kernel's names.
    @OrNull package var cpu_flags: [String]?
    @OrNull package var cpu_governor: String?
    /// Those on which this process may run.
    package var cores: Int
    /// Which ones these are, as the kernel lists them, such as `0-3,8`: fewer than all under `taskset`.
    @OrNull package var cpu_affinity: String?
    @OrNull package var cores_online: Int?
    /// Whether the CPU says that it is a virtual one.
    @OrNull package var hypervisor: Bool?
    @OrNull package var memory_bytes: UInt64?
    @OrNull package var kernel: String?
    @OrNull package var os: String?
    @OrNull package var cgroup: ControlGroup?
    /// Before the first measurement.
    @OrNull package var load_average: LoadAverage?

    package init(cores: Int, memory_bytes: UInt64) {
        self.cores = cores
        self.memory_bytes = memory_bytes
    }
}

extension MachineRecord {
    /// What this machine is, as far as it says.
    package static func current() -> MachineRecord {
        let information = ProcessInfo.processInfo
        let allowed = ProcessorBinding.allowed()
        var record = MachineRecord(
            cores: allowed.isEmpty ? information.activeProcessorCount : allowed.count,
            memory_bytes: information.physicalMemory)
        record.cpu_affinity = ProcessorBinding.allowedList()
        let cpu = SystemFile.text("/proc/cpuinfo").map { CPUInformation($0) }
        record.cpu_model = cpu?.model
        record.cpu_MHz = cpu?.clock_MHz
        record.cpu_flags = cpu?.cryptoFlags
        record.hypervisor = cpu?.hasHypervisor
        record.cpu_governor = SystemFile.line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
        let online = SystemFile.line("/sys/devices/system/cpu/online")
        record.cores_online = online.flatMap { CPUList.count($0) }
        record.kernel = SystemFile.line("/proc/sys/kernel/osrelease")
        record.os = OSRelease.paths.lazy.compactMap { SystemFile.text($0) }.first
            .flatMap { OSRelease.prettyName($0) }
        record.cgroup = controlGroup(online: online).map { Self.ControlGroup($0) }
        record.load_average = SystemFile.text("/proc/loadavg").flatMap { Backends.LoadAverage($0) }
            .map { .init(load1: $0.oneMinute, load5: $0.fiveMinutes, load15: $0.fifteenMinutes) }
        return record
    }

    /// How many processors' time the control group allows; `nil` without a limit.
    package static var processorLimit_cores: Double? {
        controlGroup(online: SystemFile.line("/sys/devices/system/cpu/online"))?.cpuQuota_cores
    }

    private static func controlGroup(online: String?) -> Backends.ControlGroup? {
        SystemFile.text("/proc/self/cgroup")
            .flatMap { Backends.ControlGroup(membership: $0, online: online, read: SystemFile.line) }
    }
}

extension MachineRecord.ControlGroup {
    fileprivate init(_ group: Backends.ControlGroup) {
        self.init(version: group.version)
        cpu_quota_cores = group.cpuQuota_cores
        cpuset = group.cpuset
        memory_max_bytes = group.memory_bytes
    }
}
