import AuthConformance
import AuthCore
import AuthHarness
import AuthResults
import Backends
import Foundation

/// Carries out one `authbench outage`, from open stores to a written result folder.
struct OutageExecution {
    /// What is measured, beside the plan of the run.
    struct Settings {
        /// What happens to whom; no fault for a strategy without a store.
        typealias Case = (strategy: Int, fault: StoreFault?)

        var cases: [Case]
        var before_s: Double
        var fault_s: Double
        var after_s: Double
        var limit: StoreRTT
        var severity: StoreFaults.Severity
    }

    let plan: RunPlan
    let settings: Settings

    /// The outages, complete or not, in the order in which they were measured.
    struct Outcome: MeasuringOutcome {
        /// The identity that the files have.
        let identity: RunIdentity
        var outages: [OutageAssessment] = []
        var isEmpty: Bool { outages.isEmpty }
        var folder: URL?
        var signal: Int32?
        var failure: String?
    }

    func run() throws -> Outcome {
        try plan.carryOut {
            let trace = Trace(plan.workload)
            return (plan.identity(of: trace, prefix: "outage-"), trace)
        } measure: { trace, stores, files, instruments, stop in
            measure(trace, stores, files, instruments, stop)
        }
    }

    private func measure(
        _ trace: Trace, _ stores: Stores, _ files: ResultFiles, _ instruments: Instruments, _ stop: StopFlag
    ) -> Outcome {
        func ns(_ time_s: Double) -> UInt64 { UInt64(time_s * 1e9) }
        var outcome = Outcome(identity: files.folder.identity)
        var doing = "nothing"
        let isShown = !plan.isQuiet && Console.isErrorTerminal
        defer { if isShown { Console.overwrite("") } }
        var run = OutageRun(
            trace: trace, before_ns: ns(settings.before_s), fault_ns: ns(settings.fault_s),
            after_ns: ns(settings.after_s), cores: ProcessInfo.processInfo.activeProcessorCount,
            instruments: instruments, stop: stop)
        run.hostile = HostileCorpus()
        let faults = StoreFaults(stores, settings.severity)
        do {
            for number in 1...plan.schedule.repeats.count {
                for (place, one) in settings.cases.enumerated() {
                    let strategy = plan.strategies[one.strategy]
                    doing =
                        "measuring \(strategy.descriptor.id)"
                        + (one.fault.map { " with \($0.rawValue)" } ?? "")
                    if isShown {
                        let count = settings.cases.count * plan.schedule.repeats.count
                        let at = (number - 1) * settings.cases.count + place + 1
                        Console.overwrite("\(doing), \(at) of \(count)")
                    }
                    let measured = measure(strategy, one.fault, run, stores, faults)
                    // Whatever else failed: what was measured is written first.
                    let restored = Result { try faults.restore() }
                    var measurement = try measured.get()
                    measurement.repeatIndex = number
                    outcome.outages.append(OutageAssessment(measurement, limit_ns: settings.limit.time_ns))
                    do { try files.write(outcome.outages) } catch {
                        outcome.outages.removeLast()
                        throw error
                    }
                    try restored.get()
                }
            }
        } catch { outcome.failure = files.failure(of: stores.cause(of: error), doing: doing) }
        return outcome
    }

    private func measure(
        _ strategy: StrategyChoice, _ fault: StoreFault?, _ run: OutageRun,
        _ stores: Stores, _ faults: StoreFaults
    ) -> Result<OutageMeasurement, any Error> {
        var environment = strategy.environment(stores.environment)
        let isCluster = strategy.descriptor.server == .redisCluster
        var severity = settings.severity
        if isCluster {
            severity.replicationDelay = .zero
            severity.replicas = strategy.waitsForReplicas
        }
        let isFailover = fault == .failover
        if isFailover { environment.redis?.replicas = severity.replicas }
        return Result {
            var measurement = try run.measure(
                strategy.type, in: environment,
                injecting: try fault.map { try faults.arrange($0, of: strategy) })
            if isFailover {
                measurement.replication = .init(
                    delay_ns: severity.replicationDelay.time_ns, replicas: severity.replicas)
            }
            return measurement
        }
    }
}

extension OutageExecution.Outcome {
    /// Turns what went wrong into the exit status, the gravest first, after everything has been shown.
    func check() throws {
        func first(_ fault: (OutageAssessment) -> String?) -> String? {
            outages.compactMap { row in fault(row).map { "\(row.measurement.strategy): \($0)" } }.first
        }
        if let wrong = first(\.wrongDecisions) {
            if let failure { Console.complain(failure) }
            throw CommandError(status: ExitStatus.negative, message: "wrong decisions: \(wrong)")
        }
        if let failure { throw CommandError.runtime(failure) }
        if let signal { throw CommandError.stopped(by: signal, in: folder) }
        if let reason = first(\.inconclusive) {
            throw CommandError(status: ExitStatus.notValid, message: "not valid: \(reason)")
        }
    }
}

extension OutageAssessment {
    fileprivate var wrongDecisions: String? {
        if wronglyAccepted > 0 { return "\(wronglyAccepted) requests were accepted wrongly" }
        if refusedWithoutLoss > 0 {
            return "\(refusedWithoutLoss) good credentials were refused, and the store had lost nothing"
        }
        return cameBackWithoutLoss > 0
            ? "\(cameBackWithoutLoss) credentials were good again after a sign-out that nothing had undone"
            : nil
    }
}

extension StrategyChoice {
    /// For how many replicas a strategy on a cluster waits, as it is set.
    fileprivate var waitsForReplicas: Int { RedisClusterConnection.replicas(parameters) }

    /// Whether its server still has what it has acknowledged, whatever happens to it.
    fileprivate var keepsAcknowledged: Bool {
        switch descriptor.server {
        // It has reached the log, unless the server was told to keep none.
        case .postgres: parameters["durability"] != "unlogged"
        // What a replica has acknowledged is there when it takes the place of its master.
        case .redisCluster: waitsForReplicas > 0
        // What is in the database of an authority stays there when the authority dies.
        case .authority: parameters["store"] != "memory"
        case .redis, .sqlite, nil: false
        }
    }
}

/// Does to the stores of a run what is asked for, and puts them in order again.
final class StoreFaults {
    /// How hard it is.
    struct Severity {
        var slowRTT: StoreRTT
        var replicationDelay: StoreRTT
        /// How many replicas a sign-out waits for.
        var replicas: Int
    }

    private let stores: Stores
    private let severity: Severity
    /// Another writer's connection to the database; it has the lock while there is one.
    private var writer: SQLiteConnection?
    private var replica: Replica?

    init(_ stores: Stores, _ severity: Severity) { (self.stores, self.severity) = (stores, severity) }

    /// Makes ready what a fault needs before anything is measured.
    ///
    /// - Parameters:
    ///   - fault: what happens.
    ///   - strategy: to whose store.
    /// - Returns: what is to be done to the store, and undone, on this thread.
    /// - Throws: what the stores throw.
    func arrange(_ fault: StoreFault, of strategy: StrategyChoice) throws -> OutageRun.Injection {
        var injection = try injection(fault, stores.server(of: strategy.descriptor))
        if strategy.keepsAcknowledged { injection.losesWrites = false }
        return injection
    }

    private func injection(
        _ fault: StoreFault, _ place: (any StoreServer)?
    ) throws -> OutageRun.Injection {
        let (server, relay) = (place?.privateServer, place?.relay)
        return switch fault {
        case .stop: .init(fault, begin: { server?.suspend() }, end: { server?.resume() })
        case .kill: .init(fault, begin: { server?.stop() }, end: { try server?.restart() })
        case .cut: .init(fault, begin: { try relay?.enter(.hold) }, end: { try relay?.enter(.pass) })
        case .reset: .init(fault, begin: { try relay?.enter(.reset) }, end: { try relay?.enter(.pass) })
        case .slow:
            .init(
                fault, begin: { [severity] in try relay?.slow(byRTT_ns: severity.slowRTT.time_ns) },
                end: { try relay?.slow(byRTT_ns: 0) })
        case .failover:
            try (place as? RedisClusterOfRun).map(arrangeFailover(of:)) ?? arrangeFailover()
        case .lock: .init(fault, begin: { try self.lock() }, end: { self.writer = nil })
        case .full: .init(fault, begin: { SQLiteDisk.fill() }, end: { SQLiteDisk.free() })
        }
    }

    /// Puts the stores in order for the next measurement, however the last one ended.
    func restore() throws {
        writer = nil
        SQLiteDisk.free()
        for place in stores.servers { place.privateServer?.resume() }
        if let replica, let server = stores.redis?.own {
            self.replica = nil
            replica.end()
            try server.restart()
            try stores.redis?.relay?.lead(to: server.endpoint.address)
        }
        try stores.redisCluster?.own?.mend()
        for relay in stores.servers.compactMap(\.relay) {
            try relay.enter(.pass)
            try relay.slow(byRTT_ns: 0)
        }
    }

    /// Begins a transaction that writes, and does not end it; closing the connection rolls it back.
    private func lock() throws {
        let connection = try SQLitePragmas.connect(
            path: stores.environment.sqlite.path, synchronous: "normal")
        try connection.beginWriting()
        writer = consume connection
    }

    private func arrangeFailover() throws -> OutageRun.Injection {
        guard let server = stores.redis?.own, let relay = stores.redis?.relay else {
            preconditionFailure("a failover is refused for a server that is not our own")
        }
        let replica = try Replica(of: server, in: stores.folder)
        self.replica = replica
        return .init(
            .failover,
            prepare: { [severity] in
                // It has what was loaded before it begins to be behind.
                try server.waitForReplica()
                try replica.relay.setDelay(ns: severity.replicationDelay.time_ns)
            },
            begin: {
                // At once it acknowledges nothing more; what was on its way is lost with it.
                server.suspend()
                try replica.relay.enter(.reset)
                server.stop()
            },
            end: {
                try replica.server.promote(password: server.endpoint.password)
                try relay.lead(to: replica.server.endpoint.address)
            })
    }

    /// The cluster puts a replica into the place of the master by itself; at the end the master is started again, as a replica.
    private func arrangeFailover(of place: RedisClusterOfRun) -> OutageRun.Injection {
        guard let cluster = place.own else {
            preconditionFailure("a failover is refused for a cluster that is not our own")
        }
        return .init(
            .failover, begin: { try cluster.fullestMaster().stop() }, end: { try cluster.mend() })
    }

    /// A second server, which gets all that the first one does, later.
    private final class Replica {
        let server: PrivateRedisServer
        let relay: RelayProcess

        init(of primary: PrivateRedisServer, in folder: URL) throws {
            let own = folder.appendingPathComponent("replica", isDirectory: true)
            try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
            guard let port = ReservedPort() else {
                throw CommandError.runtime("no port of 127.0.0.1 is free for the replica of Redis")
            }
            relay = try StoreRelay.start(
                at: .tcp(host: "127.0.0.1", port: port.number), to: primary.endpoint.address)
            server = try PrivateRedisServer(folder: own)
            try server.follow(primary, port: port.number)
        }

        func end() {
            server.stop()
            relay.end()
        }
    }
}
