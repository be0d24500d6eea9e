import AuthCore
import AuthReport
import Backends

extension GateHeader.Cell {
    var protocolCell: SliceProtocol.Cell { .init(strategy: strategy, operation: operation) }
}

extension SliceProtocol.Cell {
    /// That of the operation; main for one that this gate does not know.
    var rank: GateRank { GateOperation.all.first { $0.name == operation }?.rank ?? .main }
}

extension GateMeasurement {
    /// Adds what one side did in the next slice, and how long the store's process worked meanwhile.
    mutating func add(_ slice: SliceProtocol.Slice, storeCPU_ns: UInt64?, _ role: GateRole) {
        add(role, wall_ns: slice.wall_ns, cpu_ns: slice.cpu_ns, storeCPU_ns: storeCPU_ns)
        self[role].store_commands += slice.store_commands
        self[role].accepted += slice.accepted
        self[role].refused += slice.refused
        self[role].voluntary_switches += slice.voluntary_switches
        self[role].involuntary_switches += slice.involuntary_switches
    }
}

extension GateBlock {
    /// Notes what the kernel counted between two moments.
    mutating func note(_ before: KernelCounters, _ after: KernelCounters) {
        let spent = after.since(before)
        throttled_ns = spent.throttled_ns
        swapped_in_pages = spent.swappedIn_pages
        steal_share = spent.steal_share
    }
}
