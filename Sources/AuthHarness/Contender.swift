import AuthCore

/// A strategy under test, its type erased, so that strategies of different types stand in one list.
protocol Contender: Sendable {
    var descriptor: StrategyDescriptor { get }

    /// Issues the population's credentials; all clients at once.
    ///
    /// - Returns: what a credential of the strategy weighs.
    func load(stop: StopFlag, progress: @escaping @Sendable (Int) -> Void) throws -> CredentialSize

    /// Lets all clients replay the trace from where they stand.
    func replay(_ extent: Extent, meter: CPUMeter, stop: StopFlag) -> Replay
}

/// Reads the CPU time this process has used so far, in nanoseconds: all threads, user and system.
package typealias CPUMeter = @Sendable () -> UInt64

/// How long one measurement goes on.
package enum Extent: Sendable, Equatable {
    case duration(nanoseconds: UInt64)
    /// Operations of all clients together.
    case operations(Int)

    var duration_ns: UInt64 {
        if case .duration(let nanoseconds) = self { nanoseconds } else { UInt64.max / 2 }
    }

    package var operationCount: Int? {
        if case .operations(let count) = self { count } else { nil }
    }

    /// The count is rounded up, so that no client is left without work.
    func operations(perClientOf clients: Int) -> Int {
        if case .operations(let count) = self { (count + clients - 1) / clients } else { Int.max }
    }
}

/// What all clients recorded in one phase.
struct Replay: Sendable {
    var operations: [OperationMeasurement]
    var wall_ns: UInt64
    var cpu_ns: UInt64
    var firstError: String?
}

extension AuthStrategy where Self: ~Copyable {
    static func contender(trace: Trace, environment: Environment) throws -> any Contender {
        try Bench(Self.self, trace: trace, environment: environment)
    }
}
