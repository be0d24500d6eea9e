import AuthCore
import AuthHarness
import AuthResults
import AuthStatistics
import AuthStrategies
import Backends
import Foundation

/// Describes what a run will do, with all options checked and defaults filled in.
struct RunPlan {
    /// A measurement may take no longer than this; so a slice of it has fewer than 2^32 operations.
    static let longest_s = 3600.0

    var workload: Workload
    var strategies: [StrategyChoice]
    var schedule: Schedule
    var warmUp: Extent
    var extent: Extent
    var duration_s: Double?
    var warmUp_s: Double
    var out: URL
    var stores: StorePlan
    var isQuiet: Bool
    /// Whether it measures again at another distance what was measured before it in the same command.
    var isFurther = false
    /// Which part of the clients this process has; `nil` for all.
    var shard: ShardPlan?

    func needs(_ store: Store) -> Bool { strategies.contains { $0.descriptor.stores.contains(store) } }

    /// Whether a strategy reads a replica of its server.
    var needsReplica: Bool { strategies.contains { $0.descriptor.readsReplica } }

    func descriptor(_ strategy: String) -> StrategyDescriptor? {
        strategies.map { $0.descriptor }.first { $0.id == strategy }
    }

    /// Whether it measures servers over HTTP.
    var asksTargets: Bool { strategies.contains { $0.type == TargetStrategy.self } }

    /// The strategy that does nothing, so that its time is the cost of measuring.
    var baseline: String? { strategies.map(\.descriptor).first { $0.transport == .none }?.id }
}

/// The stores of a run: those that a user names, and how private ones are kept.
struct StorePlan {
    /// The user's own server; `nil` for a private one.
    var redis: (url: String, endpoint: RedisEndpoint)?
    var redisTransport = PrivateRedisServer.Transport.unix
    /// Nodes of the user's own cluster; `nil` for a private one.
    var redisCluster: (url: String, endpoints: [RedisEndpoint])?
    var postgres = PostgreSQLServers()
    /// The user's own file; `nil` for a temporary one.
    var sqlitePath: String?
    var synchronous: SQLiteSettings.Synchronous
    var mmap_bytes: Int64 = 0
}

/// The PostgreSQL servers that a user names.
struct PostgreSQLServers {
    /// `nil` for a private one.
    var own: (url: String, endpoint: PostgreSQLEndpoint)?
    /// The replica of the user's own server.
    var replica: (url: String, endpoint: PostgreSQLEndpoint)?
    /// How long a private replica holds back each commit.
    var lag_ms: Int64 = 0
}

/// What a process does as one shard of a run.
struct ShardPlan {
    var shard: Shard
    /// `nil` where it is the only one.
    var rendezvous: (url: String, endpoint: RedisEndpoint)?
    /// `nil` for one that follows from the requests.
    var name: String?
    var patience_s: Double
}

extension RunPlan {
    /// For a command that uses strategies and their stores, and measures nothing.
    init(
        unmeasured strategies: [StrategyChoice], of workload: Workload? = nil, _ stores: StorePlan,
        out: String, isQuiet: Bool
    ) throws {
        let workload = try workload ?? WorkloadSource.load("mixed")
        self.init(
            workload: workload, strategies: strategies,
            schedule: Schedule(strategies: strategies.count, repeats: 1, seed: workload.seed),
            warmUp: .duration(nanoseconds: 0), extent: .operations(1), warmUp_s: 0,
            out: URL(fileURLWithPath: out), stores: stores, isQuiet: isQuiet)
    }

    /// The same at several distances: the first as it is, each further one only for the strategies whose store is a server
    /// that can be far away.
    ///
    /// What asks no such store is the same at any distance.
    func at(_ distances: [StoreRTT?]) -> [RunPlan] {
        let far = strategies.filter { $0.descriptor.server?.takesRelay ?? false }
        return (distances.isEmpty ? [workload.storeRTT] : distances).enumerated().compactMap {
            index, distance in
            var plan = self
            plan.workload.storeRTT = distance
            guard index > 0 else { return plan }
            plan.strategies = far
            plan.schedule = Schedule(
                strategies: far.count, repeats: schedule.repeats.count, seed: workload.seed)
            plan.isFurther = true
            return far.isEmpty ? nil : plan
        }
    }

    /// Tells how long to measure for a p99 that the table leaves blank; `nil` when no strategy lacks one.
    ///
    /// The strategy with the fewest samples decides. What it did in this run is taken as its pace, with 5 % to spare.
    func adviceOnP99(_ lines: [Summary]) -> String? {
        let needed = QuantileRule.minimumCount(for: 0.99)
        let lacking = lines.filter { 1..<needed ~= $0.service.count }
        guard let fewest = lacking.min(by: { $0.service.count < $1.service.count }) else { return nil }
        // An interrupted run had fewer repeats than planned.
        let repeats = schedule.repeats.count
        let share = Double(fewest.repeats) / Double(repeats)
        let factor = 1.05 * Double(needed) / Double(fewest.service.count) * share
        let advice: String
        if let duration_s {
            let seconds = max(1, (duration_s * factor).rounded(.up))
            let rest = (seconds / Self.longest_s * Double(repeats)).rounded(.up)
            advice =
                seconds <= Self.longest_s
                ? "--duration \(Int(seconds))"
                : "--duration \(Int(Self.longest_s)) --repeats \(Int(rest))"
        } else {
            advice = "--operations \(Int((Double(extent.operationCount ?? 1) * factor).rounded(.up)))"
        }
        return "p99 needs \(needed) authentications, and \(fewest.strategy) had \(fewest.service.count):"
            + " measure longer, with \(advice)"
    }
}

extension RunPlan {
    /// Refuses keys that rotate too fast for their tokens, before anything is started.
    func checkRotation() throws {
        for strategy in strategies {
            if let fault = strategy.policy(workload.policy).rotationFault {
                throw CommandError.usage("\(strategy.descriptor.id): \(fault)")
            }
        }
    }
}
