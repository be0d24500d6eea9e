import AuthCore
import AuthHarness
import Backends
import Foundation

/// The program's end of the slice protocol: does what the lines of its input say, on one bench.
struct SliceServer {
    private let strategies: StrategyRegistry
    private var bench: SliceBench?
    /// The bench's database, for as long as the bench has it open.
    private var database: SQLiteClaim?
    /// Service times that have not been told yet, by cell and slice.
    private var times: [Int: [LatencyHistogram]] = [:]
    /// What the process held in memory when service times were last told.
    private var held_bytes: Int64 = 0
    /// Read around each slice: only what costs next to nothing.
    private let instruments: Instruments

    private static func instruments(patience_s: Double) -> Instruments {
        var instruments = Instruments(
            timepiece: Timepiece(sleep: PreciseTimer.sleep), threadCPU_ns: ProcessCPU.usedByThread_ns,
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
    ///   - patience_s: after how long a strategy hangs; less than the gate's own patience, which knows no strategy's name.
    init(_ strategies: StrategyRegistry, patience_s: Double = 30) {
        self.strategies = strategies
        instruments = Self.instruments(patience_s: patience_s)
    }

    var greeting: SliceProtocol.Greeting {
        .init(
            slice_protocol: SliceProtocol.version, authbench: Version.authbench,
            strategies: strategies.map { Self.greeting(of: $0) })
    }

    private static func greeting<S: AuthStrategy & ~Copyable>(of _: S.Type) -> SliceProtocol.Strategy {
        var longer = GateWorkload.policy
        longer.lifetimes.idle_ms += 60_000
        return .init(
            id: S.descriptor.id, stores: S.descriptor.stores.map { "\($0)" },
            is_floor: S.descriptor.transport == .none,
            touches: S.lifetime(under: longer) != S.lifetime(under: GateWorkload.policy))
    }

    /// Answers one line.
    mutating func answer(_ line: String) -> SliceProtocol.Answer {
        do {
            let request = try JSONDecoder().decode(SliceProtocol.Request.self, from: Data(line.utf8))
            if let preparation = request.prepare { return .init(prepared: try prepare(preparation)) }
            if let order = request.measure { return .init(slice: try measure(order)) }
            if let cell = request.times { return .init(times: tell(cell)) }
            return .init(error: "neither prepare, measure nor times")
        } catch let fault as Fault {
            return .init(error: fault.message)
        } catch is DecodingError {
            return .init(error: "a line that is no request: \(line.prefix(80))")
        } catch {
            return .init(error: error.words)
        }
    }

    private mutating func tell(_ cell: Int) -> SliceProtocol.Times {
        // Out of the dictionary before it is looked at what is left.
        let buckets = LatencyHistogram(merging: times.removeValue(forKey: cell) ?? []).flat
        let before_bytes = held_bytes
        held_bytes = HeapUse.held_bytes()
        return .init(buckets: buckets, grown_bytes: held_bytes - before_bytes)
    }

    private mutating func prepare(_ preparation: SliceProtocol.Preparation) throws -> SliceProtocol.Prepared {
        var traces: [String: Trace] = [:]
        for operation in Set(preparation.cells.map(\.operation)) {
            traces[operation] = try Trace(
                GateWorkload.workload(operation, preparation), lapOperations: GateWorkload.lapOperations)
        }
        let cells = try preparation.cells.map { cell -> SliceBench.Cell in
            guard let strategy = strategies.first(where: { $0.descriptor.id == cell.strategy }),
                let trace = traces[cell.operation]
            else { throw Fault.badData("no strategy \(cell.strategy)") }
            return SliceBench.Cell(strategy: strategy, trace: trace)
        }
        bench = nil
        database = nil
        if cells.contains(where: { $0.strategy.descriptor.stores.contains(.sqlite) }) {
            database = try SQLiteFile.claim(preparation.sqlite_path)
        }
        let environment = Environment(
            policy: GateWorkload.policy,
            sqlite: SQLiteSettings(path: database?.path ?? preparation.sqlite_path),
            redis: preparation.redis_url.map { RedisSettings(url: $0, keyPrefix: preparation.redis_prefix) })
        bench = try SliceBench(
            cells, in: environment, cores: ProcessInfo.processInfo.activeProcessorCount,
            instruments: instruments)
        let hashes = traces.mapValues { $0.sha256() }
        return .init(trace_sha256: preparation.cells.map { hashes[$0.operation] ?? "" })
    }

    private mutating func measure(_ order: SliceProtocol.Order) throws -> SliceProtocol.Slice {
        guard let bench, 0..<bench.count ~= order.cell, 1...1_000_000_000 ~= order.operations else {
            throw Fault.badData("no cell \(order.cell) is prepared, or \(order.operations) operations")
        }
        let slice = try bench.measure(order.cell, operations: order.operations)
        times[order.cell, default: []].append(slice.service)
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
