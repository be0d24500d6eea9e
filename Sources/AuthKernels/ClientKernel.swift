import AuthCore
import AuthHarness
import Backends

extension Environment {
    /// For strategies that keep nothing.
    public static var withoutStores: Self { Self(policy: Policy(), sqlite: SQLiteSettings(path: "")) }
}

/// A strategy under the whole harness: clients that present credentials together, recorded and checked.
public final class ClientKernel {
    private let bench: SliceBench

    /// What one slice took.
    public struct Slice {
        /// From the opening of the start gate until the last client finished.
        public var wall_ns: UInt64
        /// CPU time of the clients' threads.
        public var cpu_ns: UInt64
    }

    /// Signs the population in.
    ///
    /// - Parameters:
    ///   - strategy: the one under test.
    ///   - clients: how many.
    ///   - population: how many sessions.
    ///   - environment: where the stores are, and the policy.
    /// - Throws: what the strategy throws.
    public init(
        _ strategy: any (AuthStrategy & ~Copyable).Type, clients: Int, population: Int,
        environment: Environment
    ) throws {
        let workload = Workload.only(
            .authenticate, clients: clients, population: population, policy: environment.policy)
        bench = try SliceBench(
            [.init(strategy: strategy, trace: Trace(workload, lapOperations: 16_384))], in: environment,
            cores: 2,
            instruments: Instruments(
                timepiece: Timepiece(sleep: PreciseTimer.sleep), threadCPU_ns: ProcessCPU.usedByThread_ns))
    }

    /// Lets all clients together do so many operations.
    ///
    /// - Parameter count: of all clients together; rounded up to a whole share each.
    /// - Returns: what they took.
    /// - Throws: `WrongOutcome` when a decision was wrong or a store did not answer.
    public func run(_ count: Int) throws -> Slice {
        let slice = try bench.measure(0, operations: count)
        let wrong = slice.tally.falseAccepts + slice.tally.falseRejects + slice.tally.errors
        guard wrong == 0, slice.tally.completed >= count else {
            throw WrongOutcome(
                kernel: slice.firstError ?? "decisions under the harness", wrong: Int(wrong), count: count)
        }
        return Slice(wall_ns: slice.wall_ns, cpu_ns: slice.cpu_ns)
    }
}
