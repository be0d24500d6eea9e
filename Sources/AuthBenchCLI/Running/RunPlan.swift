import AuthCore
import AuthHarness
import Backends
import Foundation

/// What a run will do, all options checked and defaults filled in.
struct RunPlan {
    var workload: Workload
    var strategies: StrategyRegistry
    var schedule: Schedule
    var warmUp: Extent
    var extent: Extent
    var duration_s: Double?
    var warmUp_s: Double
    var out: URL
    /// A server of the user's; `nil` for a private one.
    var redis: (url: String, endpoint: RedisEndpoint)?
    /// A file of the user's; `nil` for a temporary one.
    var sqlitePath: String?
    var synchronous: SQLiteSettings.Synchronous
    var isQuiet: Bool

    var needsRedis: Bool { strategies.contains { $0.descriptor.stores.contains(.redis) } }
    /// The strategy that only shows the harness's own cost.
    var floor: String? { strategies.map { $0.descriptor }.first { $0.transport == .none }?.id }
    var needsSQLite: Bool { strategies.contains { $0.descriptor.stores.contains(.sqlite) } }
}

extension RunCommand {
    /// The longest time a measurement may take, in seconds; a slice of it has less than 2^32 operations.
    private static let longest_s = 3600.0
    private static let mostOperations = 100_000_000_000

    func plan() throws -> RunPlan {
        let strategies = try selectedStrategies()
        guard 1...10_000 ~= repeats else { throw Fault.usage("--repeats is \(repeats): from 1 to 10000") }
        guard (0...Self.longest_s).contains(warmUp) else {
            throw Fault.usage("--warm-up is \(warmUp): from 0 to 3600 seconds")
        }
        let workload = try workload.resolve()
        return RunPlan(
            workload: workload, strategies: strategies,
            schedule: Schedule(strategies: strategies.count, repeats: repeats, seed: workload.seed),
            warmUp: .duration(nanoseconds: UInt64(warmUp * 1e9)), extent: try extent(),
            duration_s: operations == nil ? duration ?? 1 : nil, warmUp_s: warmUp,
            out: URL(fileURLWithPath: out), redis: try endpoint(), sqlitePath: try databasePath(),
            synchronous: sqliteSynchronous, isQuiet: quiet)
    }

    private func extent() throws -> Extent {
        if let operations {
            guard duration == nil else { throw Fault.usage("--duration and --operations exclude each other") }
            guard 1...Self.mostOperations ~= operations else {
                throw Fault.usage("--operations is \(operations): from 1 to \(Self.mostOperations)")
            }
            return .operations(operations)
        }
        let seconds = duration ?? 1
        guard (0.001...Self.longest_s).contains(seconds) else {
            throw Fault.usage("--duration is \(seconds): from 0.001 to 3600 seconds")
        }
        return .duration(nanoseconds: UInt64(seconds * 1e9))
    }

    /// The strategies named, whole or by a beginning that fits one only, in the registry's order.
    private func selectedStrategies() throws -> StrategyRegistry {
        let ids = Registry.strategies.map { $0.descriptor.id }
        let chosen = try strategy.map { name in
            let fitting = ids.contains(name) ? [name] : ids.filter { !name.isEmpty && $0.hasPrefix(name) }
            guard fitting.count == 1 else {
                let fault = fitting.isEmpty ? "unknown strategy" : "ambiguous strategy"
                throw Fault.usage("\(fault) \"\(name)\": choose \(ids.joined(separator: ", "))")
            }
            return fitting[0]
        }
        return chosen.isEmpty
            ? Registry.strategies : Registry.strategies.filter { chosen.contains($0.descriptor.id) }
    }

    /// As an absolute path: SQLite has other meanings for names such as `:memory:`.
    private func databasePath() throws -> String? {
        guard let sqlite else { return nil }
        guard !sqlite.isEmpty else { throw Fault.usage("--sqlite is empty: name a file") }
        return URL(fileURLWithPath: sqlite).path
    }

    private func endpoint() throws -> (url: String, endpoint: RedisEndpoint)? {
        guard let redis else { return nil }
        guard let endpoint = RedisEndpoint(url: redis) else {
            throw Fault.usage(
                "--redis is no address of a server: write redis://host:port/db or unix:///path, no password"
            )
        }
        return (redis, endpoint)
    }
}
