/// What one strategy did in one repeat.
package struct RepeatMeasurement: Sendable {
    package var strategy: String
    /// Counted from 1.
    package var repeatIndex: Int
    /// The place of this measurement in the run, counted from 1: strategies change places from repeat to
    /// repeat.
    package var runOrder: Int
    package var clients: Int
    /// One entry for each kind of operation that occurred.
    package var operations: [OperationMeasurement]
    /// From the opening of the start gate until the last client finished, or until the last arrival was due.
    package var wall_ns: UInt64
    /// When it began by the clock of the day, in nanoseconds since 1970: shards are compared by it, and nothing is measured.
    package var startedUnix_ns: UInt64?
    /// Whether it ended by the clock, so that its slices are equally long, and not by a count of operations.
    package var isByDuration = false
    /// CPU time of the clients' own threads: the part of the process's that the operations need.
    package var clientCPU_ns: UInt64 = 0
    /// Clients that did nothing, because the machine gave them no time or nothing was due.
    package var idleClients = 0
    /// Clients that did something over the requests in the system by Little's law, throughput x mean service time, less 1;
    /// over the time in which anything was decided.
    ///
    /// `nil` in an open loop, where clients rest.
    package var little_residual: Double?
    package var openLoop: OpenLoop?
    package var usage: Usage
    package var storeCPUSource = StoreCPUSource.none
    package var errors = ErrorKinds()
    /// What the store lost of what it had been told, so that good credentials were refused; `nil` where nothing is known.
    package var storeLoss: String?
    /// Expired sessions that a sweep deleted meanwhile; `nil` where none was asked for or the strategy has none.
    package var sweptSessions: Int?
    /// Last-seen moments that could not be written; what was read decided all the same.
    package var touchFailures = 0
    /// How often a client waited for a store in another process.
    package var storeRoundTrips = 0
    /// Renewals, or sign-ins for one use, that stood beside the trace's operations so that users stay signed in; their
    /// time and CPU is part of what those cost.
    package var renewals: UInt64 = 0

    package init(
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
    package var total: Tally {
        operations.reduce(into: Tally()) { $0 += $1.tally }
    }

    /// Operations of the trace that returned.
    package var completed: UInt64 { total.completed - renewals }

    /// Completed operations of the trace per second; errors do not count.
    package var operationsPerSecond: Double {
        wall_ns == 0 ? 0 : Double(completed) * 1e9 / Double(wall_ns)
    }

    /// Times that may have been longer than what is recorded of them, by either clock.
    package var clippedTimes: UInt64 {
        operations.reduce(0) { $0 + $1.service.total.clipped + ($1.response?.total.clipped ?? 0) }
    }

    /// CPU of this process for each completed operation, in microseconds.
    package var cpu_us_per_op: Double? { perOperation_us(usage.cpu_ns) }

    /// CPU of the store's process for each completed operation, in microseconds.
    package var storeCPU_us_per_op: Double? {
        switch storeCPUSource {
        case .none, .inProcess: perOperation_us(0)
        case .privateServer, .target, .foreignServer: usage.storeCPU_ns.flatMap(perOperation_us)
        }
    }

    /// CPU of the relay before the store for each completed operation, in microseconds.
    package var relayCPU_us_per_op: Double? { usage.relayCPU_ns.flatMap(perOperation_us) }

    /// How often each completed operation waited for a store in another process.
    package var storeRoundTrips_per_op: Double? {
        completed == 0 ? nil : Double(storeRoundTrips) / Double(completed)
    }

    /// CPU of the whole process over that of the clients' threads, less 1: what the harness itself used.
    package var utilization_residual: Double? {
        clientCPU_ns == 0 ? nil : Double(usage.cpu_ns) / Double(clientCPU_ns) - 1
    }

    private func perOperation_us(_ time_ns: UInt64) -> Double? {
        completed == 0 ? nil : Double(time_ns) / 1000 / Double(completed)
    }
}

/// The times and decisions of one kind of operation.
package struct OperationMeasurement: Sendable {
    package var kind: OperationKind
    /// Completion minus actual start.
    package var service: SlicedHistogram
    /// Completion minus intended start; `nil` in a closed loop, which has none.
    package var response: SlicedHistogram?
    package var tally: Tally

    package init(
        kind: OperationKind, service: SlicedHistogram, response: SlicedHistogram? = nil, tally: Tally
    ) {
        self.kind = kind
        self.service = service
        self.response = response
        self.tally = tally
    }
}

/// How the decisions on one kind of operation came out, against what the trace expected.
package struct Tally: Sendable, Equatable {
    /// Operations that returned: all but the errors.
    package var completed: UInt64 = 0
    package var accepted: UInt64 = 0
    package var refused: UInt64 = 0
    /// Operations that threw, so that nothing was decided.
    package var errors: UInt64 = 0
    /// Accepted, but had to be refused, or accepted as somebody else.
    package var falseAccepts: UInt64 = 0
    /// Refused, but had to be accepted.
    package var falseRejects: UInt64 = 0
    /// Accepted after logout by a strategy that promises no more than that.
    package var staleAccepts: UInt64 = 0

    package init() {}

    package var wrongDecisions: UInt64 { falseAccepts + falseRejects }

    package static func += (sum: inout Self, other: Self) {
        sum.completed += other.completed
        sum.accepted += other.accepted
        sum.refused += other.refused
        sum.errors += other.errors
        sum.falseAccepts += other.falseAccepts
        sum.falseRejects += other.falseRejects
        sum.staleAccepts += other.staleAccepts
    }
}

/// How well an open-loop measurement kept to its schedule.
package struct OpenLoop: Sendable {
    /// Arrivals per second that the workload asks for, all clients together.
    package var targetRate: Double
    /// Arrivals that were due in the measured time; all of them were executed or counted as errors.
    package var arrivals: UInt64
    /// Arrivals that were due while their client was still busy with an earlier one.
    package var lateOperations: UInt64
    /// Arrivals still waiting when the last one was due.
    package var backlog: UInt64
    /// How late the harness itself woke idle clients.
    package var scheduleLag: LatencyHistogram

    package init(
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

/// What a measurement took from the machine, and what the machine withheld; `nil` where it cannot be read.
package struct Usage: Sendable, Equatable {
    /// CPU time of this process, all threads, user and system.
    package var cpu_ns: UInt64 = 0
    /// CPU time of the store's process, where that is another one than this.
    package var storeCPU_ns: UInt64?
    /// CPU time of the relay before the store.
    package var relayCPU_ns: UInt64?
    /// How far away the store was; `nil` where the strategy asks none through a relay.
    package var storeDistance: StoreDistance?
    package var voluntarySwitches: UInt64 = 0
    package var involuntarySwitches: UInt64 = 0
    /// The share of all processors' time that the hypervisor gave to others, from 0 to 1.
    package var steal_share: Double?
    /// How long the control group's processor limit held this process up.
    package var throttled_ns: UInt64?
    /// The longest time for which the whole process stood still.
    package var standstill_ns: UInt64?
    /// The share of the processors on which this process may run that other processes took, its store's aside.
    package var foreignCPU_share: Double?
    /// The share of the time in which anything that could run waited for a processor.
    package var cpuPressure_share: Double?
    /// On how many processors this process may run.
    package var processors: Int?
    /// How many processors' time the control group allows; `nil` without a limit.
    package var processorLimit_cores: Double?
    /// Pages that had to be read back from swap, on the whole machine.
    package var swappedIn_pages: UInt64?

    package init() {}
}

/// Where the processor time of a strategy's store is found.
package enum StoreCPUSource: String, Sendable {
    /// The strategy has no store.
    case none = "no-store"
    /// The store is a library: its time is in that of the client.
    case inProcess = "in-process"
    /// The private redis-server, whose process the system accounts for.
    case privateServer = "private-server"
    /// The server that is measured over HTTP, on this machine: all its processes.
    case target = "target"
    /// Somebody else's server, or a system that does not tell: unknown.
    case foreignServer = "unknown-foreign-server"
}
