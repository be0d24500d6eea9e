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
        func difference(_ path: KeyPath<KernelCounters, UInt64?>) -> UInt64? {
            guard let first = before[keyPath: path], let last = after[keyPath: path], last >= first else {
                return nil
            }
            return last - first
        }
        throttled_ns = difference(\.throttled_ns)
        swapped_in_pages = difference(\.swappedIn_pages)
        if let ticks = difference(\.processor_ticks), ticks > 0, let steal = difference(\.steal_ticks) {
            steal_share = Double(steal) / Double(ticks)
        }
    }
}
