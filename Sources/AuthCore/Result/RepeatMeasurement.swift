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
    /// From the opening of the start gate until the last client finished, or until the last arrival was due.
    public var wall_ns: UInt64
    /// Whether it ended by the clock, so that its slices are equally long, and not by a count of operations.
    public var isByDuration = false
    /// CPU time of the clients' own threads: the part of the process's that the operations need.
    public var clientCPU_ns: UInt64 = 0
    /// Clients that did nothing, because the machine gave them no time or nothing was due.
    public var idleClients = 0
    /// Clients that did something over the requests in the system by Little's law, throughput x mean service time, less 1.
    ///
    /// `nil` in an open loop, where clients rest.
    public var little_residual: Double?
    public var openLoop: OpenLoop?
    public var usage: Usage
    public var storeCPUSource = StoreCPUSource.none
    public var errors = ErrorKinds()
    /// What the store lost of what it had been told, so that good credentials were refused; `nil` where nothing is known.
    public var storeLoss: String?
    /// Expired sessions that a sweep deleted meanwhile; `nil` where none was asked for or the strategy has none.
    public var sweptSessions: Int?
    /// Last-seen moments that could not be written; what was read decided all the same.
    public var touchFailures = 0

    public init(
        strategy: String, repeatIndex: Int, runOrder: Int, clients: Int,
        operations: [OperationMeasurement], wall_ns: UInt64, usage: Usage
    ) {
        self.strategy = strategy
        self.repeatIndex = repeatIndex
        self.runOrder = runOrder
        self.clients = clients
        self.operations = operations
        self.wall_ns = wall_ns
        self.usage = usage
    }

    /// The sum over all kinds of operation.
    public var total: Tally {
        operations.reduce(into: Tally()) { $0 += $1.tally }
    }

    /// Completed operations per second; errors do not count.
    public var operationsPerSecond: Double {
        wall_ns == 0 ? 0 : Double(total.completed) * 1e9 / Double(wall_ns)
    }

    /// Times that may have been longer than what is recorded of them, by either clock.
    public var clippedTimes: UInt64 {
        operations.reduce(0) { $0 + $1.service.total.clipped + ($1.response?.total.clipped ?? 0) }
    }

    /// CPU of this process for each completed operation, in microseconds.
    public var cpu_us_per_op: Double? { perOperation_us(usage.cpu_ns) }

    /// CPU of the store's process for each completed operation, in microseconds.
    public var storeCPU_us_per_op: Double? {
        switch storeCPUSource {
        case .none, .inProcess: perOperation_us(0)
        case .privateServer, .foreignServer: usage.storeCPU_ns.flatMap(perOperation_us)
        }
    }

    /// CPU of the whole process over that of the clients' threads, less 1: what the harness itself used.
    public var utilization_residual: Double? {
        clientCPU_ns == 0 ? nil : Double(usage.cpu_ns) / Double(clientCPU_ns) - 1
    }

    private func perOperation_us(_ time_ns: UInt64) -> Double? {
        total.completed == 0 ? nil : Double(time_ns) / 1000 / Double(total.completed)
    }
}

/// The times and decisions of one kind of operation.
public struct OperationMeasurement: Sendable {
    public var kind: OperationKind
    /// Completion minus actual start.
    public var service: SlicedHistogram
    /// Completion minus intended start; `nil` in a closed loop, which has none.
    public var response: SlicedHistogram?
    public var tally: Tally

    public init(
        kind: OperationKind, service: SlicedHistogram, response: SlicedHistogram? = nil, tally: Tally
    ) {
        self.kind = kind
        self.service = service
        self.response = response
        self.tally = tally
    }
}
