/// What the machine is, as far as it says; `null` where it does not.
package struct MachineRecord: Encodable, Sendable {
    /// The limits of the control group, which bind however much the machine has.
    package struct ControlGroup: Encodable, Sendable {
        package var version: Int
        /// CPU time per wall-clock time.
        @OrNull package var cpu_quota_cores: Double?
        /// The processors allowed where these are not all.
        @OrNull package var cpuset: String?
        @OrNull package var memory_max_bytes: UInt64?

        package init(version: Int) { self.version = version }
    }

    /// Threads that ran or waited to run, averaged over so many minutes.
    package struct LoadAverage: Encodable, Sendable {
        package var load1: Double
        package var load5: Double
        package var load15: Double

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
    package var memory_bytes: UInt64
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
