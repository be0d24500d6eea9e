import AuthCore
import AuthHarness
import Backends

extension Environment {
    /// For strategies that keep nothing.
    public static var withoutStores: Self { Self(policy: Policy(), sqlite: SQLiteSettings(path: "")) }
}

/// A strategy under the whole harness: clients that present credentials together, recorded and checked.
public final class ClientHotPath {
    private let runner: SliceRunner

    /// What one slice took.
    public struct Slice {
        /// From the opening of the start barrier until the last client finished.
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
        runner = try SliceRunner(
            [.init(strategy: StrategyChoice(strategy), trace: Trace(workload, lapOperations: 16_384))],
            in: environment,
            cores: 2,
            instruments: Instruments(
                monotonic: MonotonicClock(sleep: PreciseTimer.sleep), threadCPU_ns: ProcessCPU.usedByThread_ns
            ))
    }

    /// Lets all clients together do so many operations.
    ///
    /// - Parameter count: of all clients together; rounded up to a whole share each.
    /// - Returns: what they took.
    /// - Throws: `WrongOutcomeError` when a decision was wrong or a store did not answer.
    public func run(_ count: Int) throws -> Slice {
        let slice = try runner.measure(0, operations: count)
        let wrong = slice.tally.falseAccepts + slice.tally.falseRejects + slice.tally.errors
        guard wrong == 0, slice.tally.completed >= count else {
            throw WrongOutcomeError(
                kernel: slice.firstError ?? "decisions under the harness", wrong: Int(wrong), count: count)
        }
        return Slice(wall_ns: slice.wall_ns, cpu_ns: slice.cpu_ns)
    }
}

/// The parts of the harness's timed loop.
public enum HarnessHotPaths {
    /// Records times in a histogram.
    public static var histogramRecord: HotPath {
        var parts = Self.parts
        return HotPath("histogram record") { range in
            let before = parts.recorded
            parts.record(range)
            return parts.recorded - before
        }
    }

    /// Reads the clock.
    public static var clockRead: HotPath {
        let parts = Self.parts
        return HotPath("clock read") { parts.readClock($0) }
    }

    /// Goes from one operation of a trace to the next.
    public static var traceStep: HotPath {
        var parts = Self.parts
        return HotPath("trace step") { parts.step($0) }
    }

    private static var parts: HarnessParts {
        let trace = Trace(.only(.authenticate, clients: 1, population: 1000), lapOperations: 16_384)
        return HarnessParts(trace, monotonic: MonotonicClock(sleep: PreciseTimer.sleep))
    }
}

/// The verbs of one strategy on one thread, with credentials of its own that are presented in turn.
public final class StrategyHotPaths<S: AuthStrategy & ~Copyable> {
    private var strategy: S
    /// What is presented: one header line for each subject from 1 on.
    public let headerLines: [[UInt8]]
    private let lines: Messages
    private let now: Instant

    /// Signs `count` subjects in.
    ///
    /// - Parameters:
    ///   - shared: what `S.prepare` made.
    ///   - count: how many credentials.
    ///   - now: the moment of every verb.
    /// - Throws: what the strategy throws.
    public convenience init(
        sharing shared: S.Shared, credentials count: Int, at now: Instant = .traceStart
    ) throws {
        try self.init(sharing: shared, at: now) { strategy in
            let logins = (0..<count).map { Login(Subject(id: UInt64($0) + 1), at: now) }
            return try strategy.load(logins).map(\.headerLine)
        }
    }

    /// Takes the header lines that `makeLines` has the strategy make, one for each subject from 1 on.
    public init(
        sharing shared: S.Shared, at now: Instant = .traceStart,
        makeLines: (inout S) throws -> [[UInt8]]
    ) throws {
        var strategy = try S(sharing: shared)
        headerLines = try makeLines(&strategy)
        lines = Messages(headerLines)
        self.strategy = strategy
        self.now = now
    }

    /// Presents one credential after the other.
    public var authenticate: HotPath {
        HotPath("\(S.descriptor.id) authenticate") { [self] range in
            try accepted(range, by: &strategy)
        }
    }

    /// Signs subjects in that have never been here.
    public var login: HotPath {
        HotPath("\(S.descriptor.id) login") { [self] range in try signedIn(range, by: &strategy) }
    }

    /// Takes the strategy once for all operations: each access to a property of a class is checked.
    private func accepted(_ range: Range<Int>, by strategy: inout S) throws -> Int {
        try lines.count(range) { place, line in
            try strategy.authenticate(line, requiring: .read, at: now)
                == .accepted(Subject(id: UInt64(place) + 1))
        }
    }

    private func signedIn(_ range: Range<Int>, by strategy: inout S) throws -> Int {
        var right = 0
        for index in range {
            let credential = try strategy.login(Subject(id: UInt64(headerLines.count + index) + 1), at: now)
            if !credential.headerLine.isEmpty { right += 1 }
        }
        return right
    }
}
