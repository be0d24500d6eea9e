/// What the control groups of this process allow it, the tightest from its own up to the root (cgroups(7)).
///
/// In a container the path that the kernel tells may be the host's, which is not to be found there; the groups
/// above it are.
package struct ControlGroup: Sendable, Equatable {
    /// 1 where a hierarchy of its own controls CPU or memory, 2 where the unified one does.
    package var version: Int
    /// CPU time per wall-clock time; `nil` without a quota.
    package var cpuQuota_cores: Double?
    /// The processors allowed, as a list; `nil` where these are all that there are.
    package var cpuset: String?
    package var memory_bytes: UInt64?

    /// Reads the limits.
    ///
    /// - Parameters:
    ///   - membership: the text of `/proc/self/cgroup`.
    ///   - online: the list of all processors.
    ///   - read: gives the line in a file, or `nil`.
    package init?(membership: String, online: String?, read: (String) -> String?) {
        let paths = Self.paths(membership)
        guard !paths.isEmpty else { return nil }
        version = (paths["cpu"] ?? paths["memory"]) == nil ? 2 : 1
        /// The values of a file in all groups of its hierarchy, the process's own first.
        func values(_ controller: String, v1: [String], v2: [String]) -> [[String]] {
            let names = paths[controller] == nil ? v2 : v1
            return Self.folders(of: controller, membership: membership).compactMap { folder in
                let lines = names.compactMap { read(folder + "/" + $0) }
                return lines.count == names.count ? lines : nil
            }
        }
        cpuQuota_cores = values("cpu", v1: ["cpu.cfs_quota_us", "cpu.cfs_period_us"], v2: ["cpu.max"])
            .compactMap { Self.cores($0) }.min()
        memory_bytes = values("memory", v1: ["memory.limit_in_bytes"], v2: ["memory.max"])
            .compactMap { UInt64($0[0]) }.min().flatMap { $0 < Self.unlimited_bytes ? $0 : nil }
        cpuset = values("cpuset", v1: ["cpuset.cpus"], v2: ["cpuset.cpus.effective"])
            .map { $0[0] }.first { !$0.isEmpty }.flatMap { $0 == online ? nil : $0 }
    }

    /// The folders of the process's group and of those above it in the hierarchy of a controller.
    package static func folders(of controller: String, membership: String) -> [String] {
        let paths = paths(membership)
        let (root, path) =
            paths[controller].map { ("/sys/fs/cgroup/\(controller)", $0) }
            ?? ("/sys/fs/cgroup", paths[""] ?? "/")
        return upwards(path).map { root + $0 }
    }

    /// Version 1 writes no limit as the greatest multiple of a page, whatever a page is.
    private static let unlimited_bytes: UInt64 = 1 << 62

    /// The group of each controller of version 1, and under "" that of version 2.
    private static func paths(_ membership: String) -> [String: String] {
        var paths: [String: String] = [:]
        for line in membership.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            for controller in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                paths[String(controller)] = String(parts[2])
            }
        }
        return paths
    }

    /// A path and those above it: `/a/b`, `/a`, and the empty one of the root.
    private static func upwards(_ path: String) -> [String] {
        let names = path.split(separator: "/")
        return (0...names.count).reversed().map { names.prefix($0).map { "/\($0)" }.joined() }
    }

    /// Quota by period: two files in version 1, one of two words in version 2; "max" and -1 mean none.
    private static func cores(_ lines: [String]) -> Double? {
        let words = lines.flatMap { $0.split(separator: " ") }
        guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), quota > 0,
            period > 0
        else { return nil }
        return quota / period
    }
}
