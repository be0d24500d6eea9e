import AuthCore

/// A strategy under test, its type erased, so that strategies of different types stand in one list.
protocol Contender: Sendable {
    var descriptor: StrategyDescriptor { get }

    /// Issues the population's credentials, `width` clients at once.
    ///
    /// - Returns: what the strategy's credentials weigh and what it asks of its store.
    /// - Throws: what the strategy threw, `Stopped`, or `StrategyHangs`.
    func load(
        width: Int, patience_s: Double, stop: StopFlag, progress: @escaping @Sendable (Int) -> Void
    ) throws -> Bill

    /// Lets all clients replay the trace from where they stand, each recording into the box of its index.
    ///
    /// In a warm-up nothing overdue is made up for, because nobody will read what is recorded.
    ///
    /// - Throws: `TooFewThreads` when they cannot all run at once, `StrategyHangs` when nothing gets on.
    func replay(
        _ extent: Extent, isWarmUp: Bool, into boxes: [RecorderBox], by instruments: Instruments,
        stop: StopFlag
    ) throws -> Replay
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

    /// How many operations each of several clients does, as even as can be; empty for a duration.
    func counts(clients: Int) -> [Int] {
        guard case .operations(let count) = self else { return [] }
        return (0..<clients).map { count / clients + ($0 < count % clients ? 1 : 0) }
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
