import AuthCore
import AuthReport
import Backends

extension GateHeader.Cell {
    var protocolCell: SliceProtocol.Cell { .init(strategy: strategy, operation: operation) }
}

extension GateMeasurement {
    /// Adds what one side did in the next slice.
    mutating func add(_ slice: SliceProtocol.Slice, _ role: GateRole) {
        add(role, wall_ns: slice.wall_ns, cpu_ns: slice.cpu_ns)
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
