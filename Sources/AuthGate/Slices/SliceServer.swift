import AuthCore
import AuthHarness
import Backends
import Foundation

/// The program's end of the slice protocol: does what the lines of its input say, on one runner.
package struct SliceServer {
    private let strategies: [StrategyChoice]
    /// Those of `GateOperation` that the strategies have; `nil` for all.
    private let operations: [String]?
    /// Of this program.
    private let version: String
    private var runner: SliceRunner?
    /// The runner's database, for as long as the runner has it open.
    private var database: SQLiteClaim?
    /// Service times that have not been told yet, by case and slice.
    private var times: [Int: [LatencyHistogram]] = [:]
    /// What the process held in memory when service times were last told.
    private var held_bytes: Int64 = 0
    /// Read around each slice: only what costs next to nothing.
    private let instruments: Instruments

    private static func instruments(patience_s: Double) -> Instruments {
        var instruments = Instruments(
            monotonic: MonotonicClock(sleep: PreciseTimer.sleep), threadCPU_ns: ProcessCPU.usedByThread_ns,
            settle: PreciseTimer.settle, observe: { _ in observe() })
        instruments.patience_s = patience_s
        return instruments
    }

    private static func observe() -> @Sendable () -> Usage {
        let (before, cpu_ns) = (ContextSwitches.current(), ProcessCPU.used_ns())
        return {
            let used_ns = ProcessCPU.used_ns() - cpu_ns
            let after = ContextSwitches.current()
            var usage = Usage()
            usage.cpu_ns = used_ns
            usage.voluntarySwitches = after.voluntary - before.voluntary
            usage.involuntarySwitches = after.involuntary - before.involuntary
            return usage
        }
    }

    /// - Parameters:
    ///   - strategies: those that can be asked for.
    ///   - version: of this program.
    ///   - patience_s: after how long a strategy hangs; less than the gate's own patience, which knows no strategy's name.
    package init(_ strategies: StrategyRegistry, version: String, patience_s: Double = 30) {
        self.init(strategies.map { StrategyChoice($0) }, version: version, patience_s: patience_s)
    }

    /// The same for strategies with something set.
    ///
    /// - Parameters:
    ///   - strategies: those that can be asked for.
    ///   - operations: the names of those that they have; `nil` for all.
    ///   - version: of this program.
    ///   - patience_s: after how long a strategy hangs.
    package init(
        _ strategies: [StrategyChoice], operations: [String]? = nil, version: String, patience_s: Double = 30
    ) {
        (self.strategies, self.operations, self.version) = (strategies, operations, version)
        instruments = Self.instruments(patience_s: patience_s)
    }

    /// The line that the gate hears first.
    package func greetingLine() throws -> Data { try SliceProtocol.line(greeting) }

    var greeting: SliceProtocol.Greeting {
        .init(
            slice_protocol: SliceProtocol.version, authbench: version,
            strategies: strategies.map(greeting))
    }

    private func greeting(of strategy: StrategyChoice) -> SliceProtocol.Strategy {
        let (descriptor, policy) = (strategy.descriptor, strategy.policy(GateWorkload.policy))
        var longer = policy
        longer.lifetimes.idle_ms += 60_000
        return .init(
            id: descriptor.id, stores: descriptor.stores.map { "\($0)" },
            is_baseline: descriptor.transport == .none,
            touches: strategy.type.lifetime(under: longer) != strategy.type.lifetime(under: policy),
            sets: StrategySet.of(descriptor).map(\.rawValue), operations: operations)
    }

    /// Answers one line with another one.
    package mutating func answerLine(_ line: String) throws -> Data { try SliceProtocol.line(answer(line)) }

    mutating func answer(_ line: String) -> SliceProtocol.Answer {
        do {
            let request = try JSONDecoder().decode(SliceProtocol.Request.self, from: Data(line.utf8))
            if let preparation = request.prepare { return .init(prepared: try prepare(preparation)) }
            if let order = request.measure { return .init(slice: try measure(order)) }
            if let item = request.times { return .init(times: tell(item)) }
            return .init(error: "the request asks for neither prepare, measure nor times")
        } catch let error as GateError {
            return .init(error: error.description)
        } catch is DecodingError {
            return .init(error: "the line is not a request: \(line.prefix(80))")
        } catch {
            return .init(error: error.words)
        }
    }

    private mutating func tell(_ item: Int) -> SliceProtocol.Times {
        // Out of the dictionary before it is looked at what is left.
        let buckets = LatencyHistogram(merging: times.removeValue(forKey: item) ?? []).flat
        let before_bytes = held_bytes
        held_bytes = HeapUse.held_bytes()
        return .init(buckets: buckets, grown_bytes: held_bytes - before_bytes)
    }

    private mutating func prepare(_ preparation: SliceProtocol.Preparation) throws -> SliceProtocol.Prepared {
        var traces: [String: Trace] = [:]
        for operation in Set(preparation.cases.map(\.operation)) {
            traces[operation] = try Trace(
                GateWorkload.workload(operation, preparation), lapOperations: GateWorkload.lapOperations)
        }
        let cases = try preparation.cases.map { item -> SliceRunner.Case in
            guard let strategy = strategies.first(where: { $0.descriptor.id == item.strategy }),
                let trace = traces[item.operation]
            else { throw GateError.failed("the program has no strategy \(item.strategy)") }
            return SliceRunner.Case(strategy: strategy, trace: trace)
        }
        runner = nil
        database = nil
        if cases.contains(where: { $0.strategy.descriptor.stores.contains(.sqlite) }) {
            database = try SQLiteFile.claim(preparation.sqlite_path)
        }
        let environment = Environment(
            policy: GateWorkload.policy,
            sqlite: SQLiteSettings(path: database?.path ?? preparation.sqlite_path),
            redis: preparation.redis_url.map { RedisSettings(url: $0, keyPrefix: preparation.redis_prefix) },
            postgres: preparation.postgres_url.map {
                PostgreSQLSettings(url: $0, schema: preparation.postgres_schema ?? "public")
            },
            authority: preparation.authority_url.map {
                AuthoritySettings(
                    url: $0, clientID: preparation.authority_client_id ?? "",
                    clientSecret: preparation.authority_client_secret ?? "")
            })
        runner = try SliceRunner(
            cases, in: environment, cores: ProcessInfo.processInfo.activeProcessorCount,
            instruments: instruments)
        let hashes = traces.mapValues { $0.sha256() }
        return .init(trace_sha256: preparation.cases.map { hashes[$0.operation] ?? "" })
    }

    private mutating func measure(_ order: SliceProtocol.Order) throws -> SliceProtocol.Slice {
        guard let runner, 0..<runner.count ~= order.caseIndex, 1...1_000_000_000 ~= order.operations else {
            throw GateError.failed(
                "no case \(order.caseIndex) is prepared, or \(order.operations) operations")
        }
        let slice = try runner.measure(order.caseIndex, operations: order.operations)
        times[order.caseIndex, default: []].append(slice.service)
        return .init(
            wall_ns: slice.wall_ns, cpu_ns: slice.usage.cpu_ns, clients_cpu_ns: slice.cpu_ns,
            store_commands: UInt64(max(0, slice.storeCommands)),
            voluntary_switches: slice.usage.voluntarySwitches,
            involuntary_switches: slice.usage.involuntarySwitches,
            accepted: slice.tally.accepted, refused: slice.tally.refused,
            false_accepts: slice.tally.falseAccepts, false_rejects: slice.tally.falseRejects,
            errors: slice.tally.errors, first_error: slice.firstError)
    }
}
