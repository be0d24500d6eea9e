/// What one strategy did in one repeat.
public struct RepeatMeasurement: Sendable {
    public var strategy: String
    /// Counted from 1.
    public var repeatIndex: Int
    /// The place of this measurement in the run, counted from 1: strategies change places from repeat to
    /// repeat.
    public var runOrder: Int
    public var clients: Int
    /// One entry for each kind of operation that occurred.
    public var operations: [OperationMeasurement]
    /// From the opening of the start gate until the last client finished.
    public var wall_ns: UInt64
    /// CPU time of this process meanwhile, all threads, user and system.
    public var cpu_ns: UInt64
    /// The first error of the repeat, as text for the user.
    public var firstError: String?

    public init(
        strategy: String, repeatIndex: Int, runOrder: Int, clients: Int,
        operations: [OperationMeasurement], wall_ns: UInt64, cpu_ns: UInt64, firstError: String? = nil
    ) {
        self.strategy = strategy
        self.repeatIndex = repeatIndex
        self.runOrder = runOrder
        self.clients = clients
        self.operations = operations
        self.wall_ns = wall_ns
        self.cpu_ns = cpu_ns
        self.firstError = firstError
    }

    /// The sum over all kinds of operation.
    public var total: Tally {
        operations.reduce(into: Tally()) { $0 += $1.tally }
    }

    /// Completed operations per second; errors do not count.
    public var operationsPerSecond: Double {
        wall_ns == 0 ? 0 : Double(total.completed) * 1e9 / Double(wall_ns)
    }

    /// CPU of this process for each completed operation, in microseconds.
    public var cpu_us_per_op: Double? {
        total.completed == 0 ? nil : Double(cpu_ns) / 1000 / Double(total.completed)
    }
}

/// The times and decisions of one kind of operation.
public struct OperationMeasurement: Sendable {
    public var kind: OperationKind
    /// Completion minus actual start.
    public var service: LatencyHistogram
    public var tally: Tally

    public init(kind: OperationKind, service: LatencyHistogram, tally: Tally) {
        self.kind = kind
        self.service = service
        self.tally = tally
    }
}
