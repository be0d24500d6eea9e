import AuthCore
import AuthHarness
import Backends
import Foundation

/// Describes what a run will do, with all options checked and defaults filled in.
struct RunPlan {
    var workload: Workload
    var strategies: StrategyRegistry
    var schedule: Schedule
    var warmUp: Extent
    var extent: Extent
    var duration_s: Double?
    var warmUp_s: Double
    var out: URL
    /// The user's own server; `nil` for a private one.
    var redis: (url: String, endpoint: RedisEndpoint)?
    var redisTransport = PrivateRedisServer.Transport.unix
    /// The user's own file; `nil` for a temporary one.
    var sqlitePath: String?
    var synchronous: SQLiteSettings.Synchronous
    var mmap_bytes: Int64 = 0
    var isQuiet: Bool

    var needsRedis: Bool { strategies.contains { $0.descriptor.stores.contains(.redis) } }
    func descriptor(_ strategy: String) -> StrategyDescriptor? {
        strategies.map { $0.descriptor }.first { $0.id == strategy }
    }

    /// The strategy that does nothing, so that its time is the cost of measuring.
    var baseline: String? { strategies.baseline }
    var needsSQLite: Bool { strategies.contains { $0.descriptor.stores.contains(.sqlite) } }
}

extension RunCommand {
    /// A measurement may take no longer than this; so a slice of it has fewer than 2^32 operations.
    static let longest_s = 3600.0
    private static let mostOperations = 100_000_000_000

    func plan() throws -> RunPlan {
        try CommandError.refuseEmpty(out, "--out")
        let strategies = try strategies.selected()
        guard 1...10_000 ~= repeats else {
            throw CommandError.usage("--repeats is \(repeats): give 1 to 10000")
        }
        guard (0...Self.longest_s).contains(warmUp) else {
            throw CommandError.usage("--warm-up is \(warmUp): give 0 to 3600 seconds")
        }
        let workload = try workload.resolve()
        if let operations, workload.arrival == .closed, 1..<workload.clients ~= operations {
            throw CommandError.usage(
                "--operations is \(operations): give at least \(workload.clients), one for each client")
        }
        return RunPlan(
            workload: workload, strategies: strategies,
            schedule: Schedule(strategies: strategies.count, repeats: repeats, seed: workload.seed),
            warmUp: .duration(nanoseconds: UInt64(warmUp * 1e9)), extent: try extent(),
            duration_s: operations == nil ? duration ?? 1 : nil, warmUp_s: warmUp,
            out: URL(fileURLWithPath: out), redis: try stores.endpoint(),
            redisTransport: stores.privateRedis, sqlitePath: try stores.databasePath(),
            synchronous: stores.sqliteSynchronous, mmap_bytes: stores.sqliteMmap.bytes, isQuiet: quiet)
    }

    private func extent() throws -> Extent {
        if let operations {
            guard duration == nil else {
                throw CommandError.usage("--duration and --operations exclude each other: give one of them")
            }
            guard 1...Self.mostOperations ~= operations else {
                throw CommandError.usage("--operations is \(operations): give 1 to \(Self.mostOperations)")
            }
            return .operations(operations)
        }
        let seconds = duration ?? 1
        guard (0.001...Self.longest_s).contains(seconds) else {
            throw CommandError.usage("--duration is \(seconds): give 0.001 to 3600 seconds")
        }
        return .duration(nanoseconds: UInt64(seconds * 1e9))
    }
}
