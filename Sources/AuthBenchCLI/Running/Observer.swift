import AuthCore
import AuthHarness
import AuthResults
import Backends
import Dispatch
import Foundation

/// What a command has measured, complete or not, and how it ended.
protocol MeasuringOutcome {
    /// Whether nothing was measured.
    var isEmpty: Bool { get }
    var folder: URL? { get set }
    var signal: Int32? { get set }
    var failure: String? { get set }
}

extension RunPlan {
    /// Carries out a command that measures: opens the stores, makes the result folder, and puts all in order at the end.
    ///
    /// - Parameters:
    ///   - make: gives the identity for the files, and what is measured with.
    ///   - measure: measures until it is done, or fails, or is stopped.
    /// - Returns: what was measured.
    /// - Throws: `CommandError` where nothing could begin.
    func carryOut<Input, Outcome: MeasuringOutcome>(
        _ make: () -> (identity: RunIdentity, input: Input),
        measure: (Input, Stores, ResultFiles, Instruments, StopFlag) -> Outcome
    ) throws -> Outcome {
        let (stop, cleanup) = (StopFlag(), Cleanup())
        let interruption = Interruption(stop: stop, cleanup: cleanup)
        defer { interruption.end() }
        try Resources.require(clients: ownClients)
        // A store that is in use or in the way must be reported before anything takes time.
        let stores = try Stores(self, cleanup: cleanup)
        let (identity, input) = make()
        let (observer, files) = try Observer.start(self, identity, cleanup, stores)
        var outcome = measure(input, stores, files, observer.instruments, stop)
        outcome.signal = interruption.signal
        let failure = files.finish(
            isEmpty: outcome.isEmpty, failure: outcome.failure, signal: outcome.signal)
        outcome.failure = outcome.failure ?? failure
        if !outcome.isEmpty { outcome.folder = files.folder.url }
        // Whatever failed before, the stores are closed.
        let rest = stores.close(isEmpty: outcome.isEmpty)
        outcome.failure = outcome.failure ?? rest
        return outcome
    }

    /// The identity of a command that replays a trace.
    func identity(of trace: Trace, prefix: String = "") -> RunIdentity {
        RunIdentity(
            runID: RunClock.identifier(prefix + workload.name), workload: workload.name,
            traceSHA256: trace.sha256())
    }
}

/// Reads what a measurement took from the machine, and what else the machine did, by counters before and after and by a
/// watchdog in between.
struct Observer: Sendable {
    private let servers: [any StoreServer]
    /// Servers that are measured over HTTP, by the identifiers of their rows.
    private let targets: [String: TargetServer]
    private let processors = ProcessorBinding.allowed()
    private let limit_cores = MachineRecord.processorLimit_cores
    private let watchdog: Watchdog

    /// Starts the watchdog.
    ///
    /// - Throws: `ThreadError` when the system gives no thread for it.
    init(
        _ servers: [any StoreServer], targets: [String: TargetServer] = [:]
    ) throws(ThreadError) {
        (self.servers, self.targets) = (servers, targets)
        watchdog = Watchdog(
            monotonic: MonotonicClock(sleep: PreciseTimer.sleep), cpu_ns: ProcessCPU.used_ns,
            processors: max(1, processors.count))
        // It needs a thread of its own, because the clients may take all threads of Dispatch.
        try SystemThread.start { [weak watchdog] in
            while let watchdog {
                watchdog.look()
                PreciseTimer.sleep(until_ns: watchdog.due_ns)
            }
        }
    }

    /// Starts the watchdog and makes the result folder; where either fails, the stores are closed.
    static func start(
        _ plan: RunPlan, _ identity: RunIdentity, _ cleanup: Cleanup, _ stores: Stores
    ) throws -> (Observer, ResultFiles) {
        do {
            let targets = plan.strategies.compactMap { choice in
                TargetServer(choice).map { (choice.descriptor.id, $0) }
            }
            let observer = try Observer(
                stores.servers, targets: Dictionary(targets) { first, _ in first })
            return (observer, try ResultFiles(plan, identity, cleanup, stores.facts))
        } catch {
            _ = stores.close(isEmpty: true)
            throw error
        }
    }

    func storeCPUSource(_ strategy: StrategyDescriptor) -> StoreCPUSource {
        if let target = targets[strategy.id] { return target.processIDs().isEmpty ? .foreignServer : .target }
        guard strategy.server != nil else { return strategy.stores.isEmpty ? .none : .inProcess }
        // The system accounts for the processes of a private server only.
        let arePrivate = servers(of: strategy).allSatisfy { !$0.processIDs.isEmpty }
        return arePrivate ? .privateServer : .foreignServer
    }

    /// The server that it asks, and one that this asks.
    private func servers(of strategy: StrategyDescriptor) -> [any StoreServer] {
        servers.filter { strategy.stores.contains($0.store) }
    }

    func observe(_ strategy: StrategyDescriptor) -> @Sendable () -> Usage {
        // A client's connection may have a process of its own, which is there by now.
        let target = targets[strategy.id]
        let storeIDs = target?.processIDs() ?? servers(of: strategy).flatMap(\.processIDs)
        let isStoreUnknown =
            target.map { storeIDs.isEmpty && !$0.isElsewhere } ?? (storeCPUSource(strategy) == .foreignServer)
        let relay = servers.first { $0.store == strategy.server }?.relay
        relay?.begin()
        watchdog.begin()
        let before = Reading(storeIDs: storeIDs, relayID: relay?.processID, processors: processors)
        return {
            let standstill_ns = watchdog.longest_ns()
            var usage = before.usage(
                until: Reading(storeIDs: storeIDs, relayID: relay?.processID, processors: processors))
            usage.storeDistance = relay?.distance()
            usage.standstill_ns = standstill_ns
            usage.processors = processors.count
            usage.processorLimit_cores = limit_cores
            // A server that cannot be seen may be among the other processes, and works for this run.
            if isStoreUnknown || !storeIDs.isEmpty && usage.storeCPU_ns == nil {
                usage.foreignCPU_share = nil
            }
            return usage
        }
    }

    var instruments: Instruments {
        Instruments(
            monotonic: MonotonicClock(sleep: PreciseTimer.sleep), threadCPU_ns: ProcessCPU.usedByThread_ns,
            settle: PreciseTimer.settle, startThread: SystemThread.start, storeCPUSource: storeCPUSource,
            observe: observe)
    }

    private struct Reading: Sendable {
        let processors: Int
        let time_ns = DispatchTime.now().uptimeNanoseconds
        let cpu_ns = ProcessCPU.used_ns()
        let storeCPU_ns: UInt64?
        let relayCPU_ns: UInt64?
        let switches = ContextSwitches.current()
        let kernel: KernelCounters

        init(storeIDs: [Int32], relayID: Int32?, processors: [Int]) {
            self.processors = processors.count
            relayCPU_ns = relayID.flatMap(OtherProcessCPU.used_ns)
            storeCPU_ns = OtherProcessCPU.used_ns(storeIDs)
            kernel = KernelCounters.current(of: processors)
        }

        func usage(until end: Self) -> Usage {
            var usage = Usage()
            usage.cpu_ns = end.cpu_ns - cpu_ns
            usage.storeCPU_ns = difference(storeCPU_ns, end.storeCPU_ns)
            usage.relayCPU_ns = difference(relayCPU_ns, end.relayCPU_ns)
            usage.voluntarySwitches = end.switches.voluntary - switches.voluntary
            usage.involuntarySwitches = end.switches.involuntary - switches.involuntary
            let spent = end.kernel.since(kernel)
            usage.throttled_ns = spent.throttled_ns
            usage.swappedIn_pages = spent.swappedIn_pages
            usage.steal_share = spent.steal_share
            let passed_ns = max(1, end.time_ns - time_ns)
            usage.foreignCPU_share = spent.foreign_share(
                own_ns: usage.cpu_ns + (usage.storeCPU_ns ?? 0) + (usage.relayCPU_ns ?? 0),
                available_ns: passed_ns * UInt64(processors))
            usage.cpuPressure_share = spent.pressure_us.map { min(1, Double($0) * 1000 / Double(passed_ns)) }
            return usage
        }

        /// The difference of a counter; `nil` when it went back, as it then belongs to another process.
        private func difference(_ before: UInt64?, _ after: UInt64?) -> UInt64? {
            guard let before, let after, after >= before else { return nil }
            return after - before
        }
    }
}

/// The processes of a target, where it runs on this machine: what they use is the target's, and no disturbance.
struct TargetServer: Sendable {
    /// Where it is; `nil` where that cannot be told.
    let topology: ServerTopology?
    private let port: UInt16
    /// What stands behind it, as its user says.
    private let further: [Int32]

    /// Asks the system once where the other end of a connection is.
    init?(_ choice: StrategyChoice) {
        guard choice.type == TargetStrategy.self,
            let address = HTTPAddress(url: choice.parameters["url"] ?? "")
        else { return nil }
        topology = address.topology()
        port = address.port
        further = (choice.parameters["processes"] ?? "").split(separator: ",").compactMap { Int32($0) }
    }

    /// Whether it is known to be on another machine, so that nothing of it is among the processes of this one.
    var isElsewhere: Bool { topology == .tcpRemote }

    /// All its processes and what these have started, but for this one; none where it is elsewhere, or hidden.
    func processIDs() -> [Int32] {
        guard !isElsewhere else { return [] }
        let all = (Listeners.processIDs(of: port) + further).flatMap { ProcessTree.of($0) }
        return Set(all).subtracting([getpid()]).sorted()
    }
}
