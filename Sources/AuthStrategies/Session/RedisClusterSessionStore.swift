import AuthCore
import AuthText
import Backends

/// A session cookie, looked up by one `GET` at the node of a Redis Cluster that has it.
package typealias RedisClusterSessionStrategy = Session<RedisSessions<RedisClusterConnection>>

/// In a cluster the keys of a user's sessions and of their index are in one slot, so that a script can change them.
///
/// A credential says in which of 16 384 places its session is; some dozens of users of a million share a place.
/// The place is part of the session's name, as the hash of the credential is: with another place it names no session.
extension RedisClusterConnection: RedisSessionLine {
    package static var strategyID: String { "cluster-session" }
    package static var strategyTitle: String { "session cookie, looked up in a Redis Cluster" }
    package static var store: Store { .redisCluster }
    /// It takes six servers.
    package static var isOnCard: Bool { false }
    package static var parameters: [StrategyParameter] {
        [
            StrategyParameter(
                replicas, .choice(["0", "1"]), standard: usualReplicas,
                "for how many replicas a sign-in, renewal or sign-out waits")
        ]
    }
    package static var tagLength: Int { 3 }
    package static var waitsForLogins: Bool { true }
    private static var replicas: String { "replicas" }
    private static var usualReplicas: String { "1" }

    /// For how many replicas it waits with such parameters.
    package static func replicas(_ parameters: StrategyParameters) -> Int {
        Int(parameters[replicas] ?? usualReplicas) ?? 0
    }

    package static func tag(of subject: Subject) -> [UInt8] {
        // The golden ratio spreads numbers that follow one another (Knuth, The Art of Computer Programming, 6.4).
        let place = subject.id &* 0x9E37_79B9_7F4A_7C15 >> 50
        return Base64URL.encode([UInt8(truncatingIfNeeded: place >> 8), UInt8(truncatingIfNeeded: place)])
    }

    package static func settings(_ environment: Environment) throws -> RedisSettings {
        guard var settings = environment.redisCluster else {
            throw RedisError.connection(operation: "connect", message: "the run has no Redis Cluster")
        }
        settings.replicas = replicas(environment.policy.parameters)
        return settings
    }

    package static func connect(_ settings: RedisSettings) throws -> RedisClusterConnection {
        try RedisClusterConnection(try RedisEndpoint.cluster(settings))
    }

    /// What all nodes have allocated, replicas too: as their processor time, it is what the sessions take.
    package static func usedBytes(_ settings: RedisSettings) throws -> UInt64? {
        let nodes = try RedisSlotMap(at: try RedisEndpoint.cluster(settings)).nodes
        return try nodes.reduce(0) { sum, node in
            try sum.flatMap { sum in try node.usedBytes().map { sum + $0 } }
        }
    }
}

extension RedisEndpoint {
    /// The nodes that settings name.
    static func cluster(_ settings: RedisSettings) throws(RedisError) -> [RedisEndpoint] {
        guard let nodes = cluster(url: settings.url) else {
            throw .connection(operation: "connect to a cluster", message: "not URLs of its nodes")
        }
        return nodes
    }
}
