import Foundation
import Glibc

/// A Redis Cluster of our own: three masters with one replica each, gone when we are.
package final class PrivateRedisCluster: Sendable {
    private static let (masters, nodes) = (3, 6)
    /// How long the nodes may take to find each other, or a node to come back.
    private static let patience_s = 30.0

    /// What each node is told, beside where it is.
    ///
    /// A master that is silent for a second is replaced. Where one is gone, the others go on with their slots. A replica takes
    /// its place however old its last word is: a cluster without persistence has nothing better.
    static let settings = [
        "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "1000",
        "--cluster-require-full-coverage", "no", "--cluster-replica-validity-factor", "0",
        "--repl-diskless-sync-delay", "0", "--client-output-buffer-limit", "replica 0 0 0",
    ]

    /// The first three begin as masters, each with the node three places on as its replica.
    package let servers: [PrivateRedisServer]
    /// Of all nodes, as `RedisEndpoint.cluster` reads it.
    package var url: String { servers.map(\.url).joined(separator: ",") }
    package var endpoints: [RedisEndpoint] { servers.map(\.endpoint) }
    package var processIDs: [Int32] { servers.map(\.processID) }

    /// Starts the nodes, and waits until each slot has a master and each master a replica.
    ///
    /// Call on a thread that lives as long as the program (`ChildProcess`).
    ///
    /// - Parameter folder: in which each node makes a folder of its own.
    /// - Throws: `RedisServerError` when the program is missing, or the nodes do not find each other.
    package init(folder: URL) throws(RedisServerError) {
        let password = RedisPassword.drawn()
        var servers: [PrivateRedisServer] = []
        for number in 1...Self.nodes {
            let own = folder.appendingPathComponent("node-\(number)", isDirectory: true)
            guard unsafe mkdir(own.path, 0o700) == 0 else {
                throw RedisServerError(description: "\(own.path) cannot be made: is the disk full?")
            }
            servers.append(try PrivateRedisServer(folder: own, over: .tcp, inClusterOf: password))
        }
        self.servers = servers
        do throws(RedisError) { try join() } catch {
            throw RedisServerError(description: "the private Redis Cluster does not come up: \(error)")
        }
    }

    /// Ends all nodes and waits until they are gone.
    package func stop() { for server in servers { server.stop() } }

    // MARK: What can happen to a cluster

    /// The master with the most keys.
    package func fullestMaster() throws(RedisError) -> PrivateRedisServer {
        var found: (server: PrivateRedisServer, keys: Int64)?
        for server in servers where try Self.isMaster(server) {
            let keys = try Self.ask(server, "DBSIZE").integer ?? 0
            if keys > found?.keys ?? -1 { found = (server, keys) }
        }
        guard let found else { throw .connection(operation: "find a master", message: "there is none") }
        return found.server
    }

    /// Starts the nodes that have ended where they were before, and waits until each master has a replica that has all it has.
    ///
    /// A node saves nothing, so a master must be started again after its replica has taken its place only: sooner it would
    /// come back empty, with all its slots.
    ///
    /// - Throws: `RedisServerError` where that takes too long.
    package func mend() throws(RedisServerError) {
        do throws(RedisError) {
            for server in servers where !server.isRunning {
                try Self.wait("replace a master") { () throws(RedisError) in try isReplaced(server) }
                do throws(RedisServerError) { try server.restart() } catch {
                    throw RedisError.connection(operation: "start a node", message: error.description)
                }
            }
            try Self.wait("have a replica for each master", until: isWhole)
        } catch { throw RedisServerError(description: "the private Redis Cluster is not whole: \(error)") }
    }

    /// Whether no node takes a server for a master any more.
    private func isReplaced(_ server: PrivateRedisServer) throws(RedisError) -> Bool {
        for other in servers where other.isRunning {
            if try RedisSlotMap(at: [other.endpoint]).masters.contains(server.endpoint) { return false }
        }
        return true
    }

    // MARK: Coming together

    private func join() throws(RedisError) {
        let share = RedisSlots.count / Self.masters
        for (index, server) in servers.enumerated() {
            // Nodes that meet with the same epoch would have to settle that first.
            _ = try Self.ask(server, "CLUSTER", "SET-CONFIG-EPOCH", String(index + 1))
            guard index < Self.masters else { continue }
            let last = index == Self.masters - 1 ? RedisSlots.count - 1 : (index + 1) * share - 1
            _ = try Self.ask(server, "CLUSTER", "ADDSLOTSRANGE", String(index * share), String(last))
        }
        for (index, server) in servers.enumerated() {
            for other in servers[(index + 1)...] {
                guard let (port, bus) = other.ports else { continue }
                _ = try Self.ask(server, "CLUSTER", "MEET", "127.0.0.1", String(port), String(bus))
            }
        }
        try Self.wait("meet", until: haveMet)
        for index in Self.masters..<Self.nodes {
            let master = try Self.ask(servers[index - Self.masters], "CLUSTER", "MYID").text ?? ""
            _ = try Self.ask(servers[index], "CLUSTER", "REPLICATE", master)
        }
        try Self.wait("have a replica for each master", until: isWhole)
    }

    private func haveMet() throws(RedisError) -> Bool {
        for server in servers {
            let lines = (try Self.ask(server, "CLUSTER", "NODES").text ?? "").split(separator: "\n")
            if lines.count != Self.nodes || lines.contains(where: { $0.contains("handshake") }) {
                return false
            }
        }
        return true
    }

    private func isWhole() throws(RedisError) -> Bool {
        for server in servers {
            let map = try RedisSlotMap(at: [server.endpoint])
            guard try Self.ask(server, "CLUSTER", "INFO").text?.contains("cluster_state:ok") == true,
                map.masters.count == Self.masters, map.parts.allSatisfy({ !$0.replicas.isEmpty })
            else { return false }
            if let part = map.parts.first(where: { $0.master == server.endpoint }) {
                try server.waitForReplica(of: RedisSlots.key(in: part.slots))
            } else {
                let state = try RedisInformation(at: server.endpoint, section: "replication")
                guard state["master_link_status"] == "up" else { return false }
            }
        }
        return true
    }

    private static func isMaster(_ server: PrivateRedisServer) throws(RedisError) -> Bool {
        try RedisInformation(at: server.endpoint, section: "replication")["role"] == "master"
    }

    private static func ask(
        _ server: PrivateRedisServer, _ words: String...
    ) throws(RedisError) -> RedisReply {
        var connection = try RedisConnection(server.endpoint)
        return try connection.execute(RedisCommand(words))
    }

    /// Waits until something is so; an error means that it is not yet so.
    private static func wait(
        _ what: String, until isSo: () throws(RedisError) -> Bool
    ) throws(RedisError) {
        let limit = ContinuousClock.now + .seconds(patience_s)
        var message = "they did not within \(Int(patience_s)) s"
        while true {
            do throws(RedisError) { if try isSo() { return } } catch { message = "\(error)" }
            guard ContinuousClock.now < limit else {
                throw .connection(operation: what, message: message)
            }
            usleep(20_000)
        }
    }
}
