import AuthCore

/// A strategy under test, its type erased, so that strategies of different types stand in one list.
protocol Contender: Sendable {
    var descriptor: StrategyDescriptor { get }

    /// Issues the population's credentials, `width` clients at once.
    ///
    /// - Returns: what the strategy's credentials weigh and what it asks of its store.
    func load(width: Int, stop: StopFlag, progress: @escaping @Sendable (Int) -> Void) throws -> Bill

    /// Lets all clients replay the trace from where they stand, each recording into the box of its index.
    ///
    /// In a warm-up nothing overdue is made up for, because nobody will read what is recorded.
    func replay(
        _ extent: Extent, isWarmUp: Bool, into boxes: [RecorderBox], by instruments: Instruments,
        stop: StopFlag
    ) -> Replay
}

/// How long one measurement goes on.
package enum Extent: Sendable, Equatable {
    case duration(nanoseconds: UInt64)
    /// Operations of all clients together.
    case operations(Int)

    package var duration_ns: UInt64? {
        if case .duration(let nanoseconds) = self { nanoseconds } else { nil }
    }

    package var operationCount: Int? {
        if case .operations(let count) = self { count } else { nil }
    }

    /// The count is rounded up, so that no client is left without work.
    func operations(perClientOf clients: Int) -> Int {
        if case .operations(let count) = self { (count - 1) / clients + 1 } else { Int.max }
    }

    /// A phase that begins now; by a count it lasts, in an open loop, until the last arrival is due.
    func phase(from start_ns: UInt64, clients: Int, arrival: Arrival, isDrained: Bool) -> Phase {
        let operations = operations(perClientOf: clients)
        let schedule_ns = arrival.rate.map { Double(operations) * Double(clients) / $0 * 1e9 }
        let longest_ns = UInt64.max / 4
        return Phase(
            operations: operations, start_ns: start_ns,
            duration_ns: duration_ns ?? schedule_ns.map { UInt64(min($0, Double(longest_ns))) } ?? longest_ns,
            isDrained: isDrained)
    }
}

extension AuthStrategy where Self: ~Copyable {
    /// One contender for each trace; all share the keys and the schema that are made here, once.
    static func contenders(
        traces: [Trace], environment: Environment, hostile: (any HostileSource)?
    ) throws -> [any Contender] {
        let shared = try prepare(in: environment)
        let lines = try hostile?.lines(for: Self.self, sharing: shared, policy: environment.policy) ?? []
        return try traces.map { try Bench(Self.self, sharing: shared, trace: $0, hostile: lines) }
    }
}
