import AuthCore
import AuthReport
import Backends

extension GateHeader.Cell {
    var protocolCell: SliceProtocol.Cell { .init(strategy: strategy, operation: operation) }
}

extension GateSlice {
    init(_ slice: SliceProtocol.Slice, _ cell: Int, _ side: GateRole, _ position: Int, _ facts: GateHeader.Cell) {
        self.init(
            cell: cell, side: side, position: position, operations: facts.operations_per_slice,
            wall_ns: slice.wall_ns, cpu_ns: slice.cpu_ns, voluntary_switches: slice.voluntary_switches,
            involuntary_switches: slice.involuntary_switches, accepted: slice.accepted, refused: slice.refused)
    }
}

extension SliceProtocol.Slice {
    var service: LatencyHistogram {
        LatencyHistogram(
            stride(from: 0, to: buckets.count - 1, by: 2).map {
                .init(index: Int(clamping: buckets[$0]), count: buckets[$0 + 1])
            })
    }
}

extension GateBlock {
    /// Notes what the kernel counted between two moments.
    mutating func note(_ before: KernelCounters, _ after: KernelCounters) {
        func difference(_ path: KeyPath<KernelCounters, UInt64?>) -> UInt64? {
            guard let first = before[keyPath: path], let last = after[keyPath: path], last >= first else { return nil }
            return last - first
        }
        throttled_ns = difference(\.throttled_ns)
        swapped_in_pages = difference(\.swappedIn_pages)
        if let ticks = difference(\.processor_ticks), ticks > 0, let steal = difference(\.steal_ticks) {
            steal_share = Double(steal) / Double(ticks)
        }
    }
}
