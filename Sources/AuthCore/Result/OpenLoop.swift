/// How well an open-loop measurement kept to its schedule.
public struct OpenLoop: Sendable {
    /// Arrivals per second that the workload asks for, all clients together.
    public var targetRate: Double
    /// Arrivals that were due in the measured time; all of them were executed or counted as errors.
    public var arrivals: UInt64
    /// Arrivals that were due while their client was still busy with an earlier one.
    public var lateOperations: UInt64
    /// Arrivals still waiting when the last one was due.
    public var backlog: UInt64
    /// How late the harness itself woke idle clients.
    public var scheduleLag: LatencyHistogram

    public init(
        targetRate: Double, arrivals: UInt64, lateOperations: UInt64, backlog: UInt64,
        scheduleLag: LatencyHistogram
    ) {
        self.targetRate = targetRate
        self.arrivals = arrivals
        self.lateOperations = lateOperations
        self.backlog = backlog
        self.scheduleLag = scheduleLag
    }
}
