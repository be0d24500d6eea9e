import Backends
import Testing

@Suite("Control groups")
struct ControlGroupTests {
    private static let v1 = """
        12:cpuset:/docker/abc
        5:cpu,cpuacct:/docker/abc
        4:memory:/docker/abc
        1:name=systemd:/docker/abc
        0::/system.slice/containerd.service
        """

    private func limits(_ membership: String, _ files: [String: String]) -> ControlGroup? {
        ControlGroup(membership: membership, online: "0-3", read: { files[$0] })
    }

    @Test("reads version 2: quota by period, bytes and processors")
    func version2() throws {
        let folder = "/sys/fs/cgroup/user.slice/job.scope"
        let group = try #require(
            limits(
                "0::/user.slice/job.scope\n",
                [
                    "\(folder)/cpu.max": "150000 100000", "\(folder)/memory.max": "536870912",
                    "\(folder)/cpuset.cpus.effective": "0-1",
                    "/sys/fs/cgroup/cpuset.cpus.effective": "0-3",
                ]))
        #expect(group.version == 2)
        #expect(group.cpuQuota_cores == 1.5)
        #expect(group.memory_bytes == 536_870_912)
        #expect(group.cpuset == "0-1")
    }

    @Test("lets the tightest limit of the groups above bind")
    func ancestors() throws {
        let group = try #require(
            limits(
                "0::/a/b",
                [
                    "/sys/fs/cgroup/a/b/cpu.max": "100000 100000",
                    "/sys/fs/cgroup/a/cpu.max": "50000 100000",
                    "/sys/fs/cgroup/a/b/memory.max": "4096", "/sys/fs/cgroup/a/memory.max": "1024",
                ]))
        #expect(group.cpuQuota_cores == 0.5)
        #expect(group.memory_bytes == 1024)
    }

    @Test("reads version 1, whose path in a container is the host's and not to be found")
    func version1() throws {
        let group = try #require(
            limits(
                Self.v1,
                [
                    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000",
                    "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
                    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824",
                    "/sys/fs/cgroup/cpuset/cpuset.cpus": "2-3",
                ]))
        #expect(group.version == 1)
        #expect(group.cpuQuota_cores == 2)
        #expect(group.memory_bytes == 1_073_741_824)
        #expect(group.cpuset == "2-3")
    }

    @Test("takes what both versions write for no limit as none")
    func unlimited() throws {
        let old = try #require(
            limits(
                Self.v1,
                [
                    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                    "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
                    "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
                    "/sys/fs/cgroup/cpuset/cpuset.cpus": "0-3",
                ]))
        #expect(old.cpuQuota_cores == nil && old.memory_bytes == nil && old.cpuset == nil)
        let new = try #require(
            limits(
                "0::/",
                [
                    "/sys/fs/cgroup/cpu.max": "max 100000", "/sys/fs/cgroup/memory.max": "max",
                    "/sys/fs/cgroup/cpuset.cpus.effective": "0-3",
                ]))
        #expect(new.cpuQuota_cores == nil && new.memory_bytes == nil && new.cpuset == nil)
    }

    @Test("knows no limits where no file can be read, and no group without a membership")
    func unreadable() {
        let group = limits("0::/", [:])
        #expect(group?.version == 2)
        #expect(group?.cpuQuota_cores == nil && group?.memory_bytes == nil && group?.cpuset == nil)
        #expect(limits("", [:]) == nil)
        #expect(limits("nonsense", [:]) == nil)
    }
}
