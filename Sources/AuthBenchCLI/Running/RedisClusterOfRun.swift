import AuthCore
import AuthResults
import Backends
import Foundation

/// The Redis Cluster of a run.
final class RedisClusterOfRun: StoreServer {
    let store = Store.redisCluster
    let settings: RedisSettings
    let own: PrivateRedisCluster?
    let relay: StoreRelay? = nil
    let version: String
    let configuration: [String: String]?
    /// Nodes by which the others are found.
    private let endpoints: [RedisEndpoint]
    /// Under which alone keys are touched on the user's own cluster.
    private let foreignPrefix: String?
    /// The masters, and their state at the beginning of the run.
    private let health: [(node: RedisEndpoint, state: RedisHealth)]
    private let cleanup: Cleanup

    /// There is none to stop or start: nodes end and come back one at a time.
    var privateServer: (any PrivateServer)? { nil }

    var processIDs: [Int32] { own?.processIDs ?? [] }

    init(_ plan: RunPlan, in folder: TemporaryFolder, cleanup: Cleanup) throws {
        self.cleanup = cleanup
        guard plan.workload.storeRTT?.time_ns ?? 0 == 0 else {
            throw CommandError.usage(
                "--store-rtt: no relay can stand before a Redis Cluster, whose nodes tell clients where to go: leave out the option, or the strategies that ask a cluster"
            )
        }
        do {
            if let (_, given) = plan.stores.redisCluster {
                (own, endpoints) = (nil, given)
                var line = try RedisClusterConnection(given)
                foreignPrefix = try RedisKeys.claimPrefix(over: &line)
            } else {
                let cluster = try PrivateRedisCluster(folder: folder.url)
                (own, endpoints, foreignPrefix) = (cluster, cluster.endpoints, nil)
            }
            let masters = try RedisSlotMap(at: endpoints).masters
            health = masters.compactMap { node in (try? RedisHealth(at: node)).map { (node, $0) } }
            guard let first = masters.first else {
                throw RedisError.server(message: "CLUSTERDOWN the cluster has no slots")
            }
            version = try RedisInformation(at: first).version
            configuration = try? RedisConfiguration.values(at: first)
        } catch let fault as RedisError {
            guard let (url, _) = plan.stores.redisCluster else { throw CommandError.runtime("\(fault)") }
            throw CommandError.badData("--redis-cluster \(url): \(fault.advice)")
        } catch { throw CommandError.runtime("\(error)") }
        if let foreignPrefix { cleanup.note { $0.foreignKeys = foreignPrefix } }
        // It must be as long as a drawn prefix, because it is part of what a session takes in the store.
        settings = RedisSettings(
            url: endpoints.map(\.url).joined(separator: ","),
            keyPrefix: foreignPrefix ?? RedisOfRun.ownPrefix)
    }

    /// A node that was started again has got its keys from the one that took its place.
    func loss() -> String? {
        health.lazy.compactMap { node, before in
            (try? RedisHealth(at: node))?.loss(since: before, mayRestart: true)
        }.first
    }

    func way() throws -> StoreRecord.Server? {
        guard let node = health.first?.node else { return nil }
        var connection = try RedisConnection(node)
        let trips = try StoreRoundTrips(over: &connection)
        return connection.topology.map { .init(topology: $0.rawValue, trips) }
    }

    func close() throws {
        own?.stop()
        guard let foreignPrefix else { return }
        for node in try RedisSlotMap(at: endpoints).masters {
            try RedisKeys.remove(under: foreignPrefix, at: node)
        }
        var line = try RedisClusterConnection(endpoints)
        try RedisKeys.giveUp(foreignPrefix, over: &line)
        cleanup.note { $0.foreignKeys = nil }
    }
}
