import AuthStatistics

/// When a block says nothing of either program because the machine was taken away from both.
///
/// Decided without looking at the ratio of the sides, and for all cells together, so that no choice of blocks can
/// favour one side.
package enum GateDisturbance {
    /// The share of all blocks that may be dropped; with more the machine is unfit.
    package static let greatestShare = 0.25
    private static let greatestSteal = 0.10
    private static let greatestThrottling = 0.01
    /// A slice this many times its cell's median, on both sides, is a machine that stood still.
    private static let standstill = 100.0

    /// - Parameters:
    ///   - block: what the kernel counted.
    ///   - measurements: all of the block.
    ///   - measured_ns: how long its slices took together.
    /// - Returns: why the block must be dropped, if so.
    package static func reason(_ block: GateBlock, measurements: [GateMeasurement], measured_ns: UInt64)
        -> String?
    {
        if let throttled_ns = block.throttled_ns,
            Double(throttled_ns) > greatestThrottling * Double(measured_ns)
        {
            return "throttled by the control group's processor limit"
        }
        if let steal = block.steal_share, steal > greatestSteal {
            return "the hypervisor gave the processors away"
        }
        if let pages = block.swapped_in_pages, pages > 0 { return "memory was read back from swap" }
        let stood = measurements.contains { own in
            guard let median = QuantileRule.median(own.wall_ns.map { Double($0) }) else { return false }
            return GateRole.allCases.allSatisfy { role in
                own.slices_ns(role).contains { Double($0) > standstill * median }
            }
        }
        return stood ? "the machine stood still on both sides" : nil
    }
}
