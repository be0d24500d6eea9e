import AuthCore

/// A strategy under test, its type erased, so that strategies of different types stand in one list.
protocol Contender: Sendable {
    var descriptor: StrategyDescriptor { get }

    /// Issues the population's credentials, `width` clients at once.
    ///
    /// - Returns: what a credential of each claim profile weighs.
    func load(width: Int, stop: StopFlag, progress: @escaping @Sendable (Int) -> Void) throws
        -> [CredentialSize]

    /// Lets all clients replay the trace from where they stand, each recording into the box of its index.
    func replay(_ extent: Extent, into boxes: [RecorderBox], meter: CPUMeter, stop: StopFlag) -> Replay
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
        if case .operations(let count) = self { (count - 1) / clients + 1 } else { Int.max }
    }
}

/// What all clients recorded in one phase.
struct Replay: Sendable {
    var operations: [OperationMeasurement]
    var wall_ns: UInt64 = 0
    var cpu_ns: UInt64 = 0
    var firstError: String?

    /// Merges the clients' records kind by kind.
    init(_ boxes: [RecorderBox]) {
        var merged: [OperationKind: OperationMeasurement] = [:]
        for box in boxes {
            let (operations, error) = box.recorder.withLock { ($0.operations(), $0.firstError) }
            firstError = firstError ?? error
            for one in operations {
                merged[one.kind, default: .init(kind: one.kind, service: .init(), tally: Tally())].add(one)
            }
        }
        operations = OperationKind.allCases.compactMap { merged[$0] }
    }
}

extension AuthStrategy where Self: ~Copyable {
    static func contender(trace: Trace, environment: Environment) throws -> any Contender {
        try Bench(Self.self, trace: trace, environment: environment)
    }
}
