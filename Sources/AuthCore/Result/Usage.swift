/// What a measurement took from the machine, and what the machine withheld; `nil` where it cannot be read.
public struct Usage: Sendable, Equatable {
    /// CPU time of this process, all threads, user and system.
    public var cpu_ns: UInt64 = 0
    /// CPU time of the store's process, where that is another one than this.
    public var storeCPU_ns: UInt64?
    public var voluntarySwitches: UInt64 = 0
    public var involuntarySwitches: UInt64 = 0
    /// The share of all processors' time that the hypervisor gave to others, from 0 to 1.
    public var steal_share: Double?
    /// How long the control group's processor limit held this process up.
    public var throttled_ns: UInt64?
    /// The longest time for which the whole process stood still.
    public var standstill_ns: UInt64?
    /// The share of the processors on which this process may run that other processes took, its store's aside.
    public var foreignCPU_share: Double?
    /// The share of the time in which anything that could run waited for a processor.
    public var cpuPressure_share: Double?
    /// On how many processors this process may run.
    public var processors: Int?
    /// How many processors' time the control group allows; `nil` without a limit.
    public var processorLimit_cores: Double?
    /// Pages that had to be read back from swap, on the whole machine.
    public var swappedIn_pages: UInt64?

    public init() {}
}

/// Where the processor time of a strategy's store is found.
public enum StoreCPUSource: String, Sendable {
    /// The strategy has no store.
    case none = "no-store"
    /// The store is a library: its time is in that of the client.
    case inProcess = "in-process"
    /// The private redis-server, whose process the system accounts for.
    case privateServer = "private-server"
    /// Somebody else's server, or a system that does not tell: unknown.
    case foreignServer = "unknown-foreign-server"
}
