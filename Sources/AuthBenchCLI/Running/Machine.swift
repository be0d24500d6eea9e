import AuthReport
import Backends
import Foundation

/// What the machine is, as far as it says.
enum Machine {
    static func facts() -> MachineRecord {
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
        record.cgroup = controlGroup(online: online).map { MachineRecord.ControlGroup($0) }
        record.load_average = SystemFile.text("/proc/loadavg").flatMap { LoadAverage($0) }
            .map { .init(load1: $0.oneMinute, load5: $0.fiveMinutes, load15: $0.fifteenMinutes) }
        return record
    }

    /// How many processors' time the control group allows; `nil` without a limit.
    static var processorLimit_cores: Double? {
        controlGroup(online: SystemFile.line("/sys/devices/system/cpu/online"))?.cpuQuota_cores
    }

    private static func controlGroup(online: String?) -> ControlGroup? {
        SystemFile.text("/proc/self/cgroup")
            .flatMap { ControlGroup(membership: $0, online: online, read: SystemFile.line) }
    }
}

extension MachineRecord.ControlGroup {
    fileprivate init(_ group: ControlGroup) {
        self.init(version: group.version)
        cpu_quota_cores = group.cpuQuota_cores
        cpuset = group.cpuset
        memory_max_bytes = group.memory_bytes
    }
}
