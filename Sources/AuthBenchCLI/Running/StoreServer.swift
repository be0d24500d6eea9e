import AuthCore
import AuthResults
import Backends
import Foundation

/// A server that strategies of a run ask: a private one, or the user's own, near or behind a relay.
protocol StoreServer: Sendable {
    var store: Store { get }
    /// What makes it as far away as was asked; `nil` where nothing was.
    var relay: StoreRelay? { get }
    /// `nil` where it is the user's own, or no single server.
    var privateServer: (any PrivateServer)? { get }
    /// The processes of a private server; none of the user's own.
    var processIDs: [Int32] { get }
    var version: String { get }
    /// How it is set, as far as that decides how fast it is; `nil` where it does not tell.
    var configuration: [String: String]? { get }

    /// What it has lost since the run began, as the end of a sentence; `nil` when nothing shows.
    func loss() -> String?

    /// Round trips of its own ping, directly.
    func way() throws -> StoreRecord.Server?

    /// Ends a private server, or removes from the user's own what the run has made there.
    func close() throws
}

/// A server that a run has started, and may end.
protocol PrivateServer {
    /// Lets it do nothing until `resume`; its connections stay.
    func suspend()
    func resume()
    func stop()
    /// Starts it again after `stop`, where it was before.
    func restart() throws
}

extension PrivateRedisServer: PrivateServer {}

extension PrivatePostgreSQLServer: PrivateServer {}

extension PrivateAuthorityServer: PrivateServer {}

extension StoreServer {
    /// The way to the server, as in `run.json`.
    var record: StoreRecord.Server? {
        guard let relay else { return try? way() }
        let trips = relay.roundTrips
        var way = StoreRecord.Server(topology: "relay", trips)
        way.store_rtt_asked_ns = relay.asked.time_ns
        way.store_rtt_p50_ns = trips.p50_ns
        way.store_rtt_p99_ns = trips.p99_ns
        return way
    }
}

extension StoreRecord.Server {
    init(topology: String, _ trips: StoreRoundTrips) {
        self.init(
            topology: topology, round_trip_p50_ns: trips.p50_ns, round_trip_min_ns: trips.min_ns,
            round_trips: trips.count)
    }
}

/// The Redis server of a run.
final class RedisOfRun: StoreServer {
    let store = Store.redis
    let settings: RedisSettings
    let own: PrivateRedisServer?
    let relay: StoreRelay?
    let version: String
    let configuration: [String: String]?
    /// Where it listens, the relay left aside.
    let endpoint: RedisEndpoint
    /// Before all keys on a private server.
    static let ownPrefix = "authbench:00000000:"
    /// Under which alone keys are touched on the user's own server.
    private let foreignPrefix: String?
    /// Its state at the beginning of the run.
    private let health: RedisHealth?
    private let cleanup: Cleanup

    var privateServer: (any PrivateServer)? { own }

    var processIDs: [Int32] { own.map { [$0.processID] } ?? [] }

    init(_ plan: RunPlan, in folder: TemporaryFolder, cleanup: Cleanup) throws {
        self.cleanup = cleanup
        (own, endpoint, foreignPrefix, version) = try Self.open(plan, folder: folder.url)
        if let foreignPrefix { cleanup.note { $0.foreignKeys = foreignPrefix } }
        // It must be as long as a drawn prefix, because it is part of what a session takes in the store.
        let prefix = foreignPrefix ?? Self.ownPrefix
        do {
            relay = try plan.workload.storeRTT.map { [endpoint] asked in
                try StoreRelay(asked, toRedis: endpoint, in: folder.url)
            }
        } catch {
            if foreignPrefix != nil { try? RedisKeys.release(prefix, at: endpoint) }
            throw error
        }
        settings = RedisSettings(url: relay?.url ?? endpoint.url, keyPrefix: prefix)
        health = try? RedisHealth(at: endpoint)
        configuration = try? RedisConfiguration.values(at: endpoint)
    }

    private static func open(_ plan: RunPlan, folder: URL) throws -> (
        PrivateRedisServer?, RedisEndpoint, foreignPrefix: String?, version: String
    ) {
        if let (url, endpoint) = plan.stores.redis {
            do {
                let information = try RedisInformation(at: endpoint)
                guard !information.isTooOld else {
                    throw CommandError.badData("--redis \(url): \(tooOld(information))")
                }
                return (nil, endpoint, try RedisKeys.claimPrefix(at: endpoint), information.version)
            } catch let error as RedisError { throw CommandError.badData("--redis \(url): \(error.advice)") }
        }
        do {
            let server = try PrivateRedisServer(folder: folder, over: plan.stores.redisTransport)
            let information = try RedisInformation(at: server.endpoint)
            guard !information.isTooOld else { throw CommandError.runtime(tooOld(information)) }
            return (server, server.endpoint, nil, information.version)
        } catch let fault as CommandError {
            throw fault
        } catch { throw CommandError.runtime("\(error)") }
    }

    private static func tooOld(_ information: RedisInformation) -> String {
        "this is Redis \(information.version), and authbench needs \(RedisInformation.leastVersion) or later"
    }

    func loss() -> String? { health.flatMap { (try? RedisHealth(at: endpoint))?.loss(since: $0) } }

    func way() throws -> StoreRecord.Server? {
        var connection = try RedisConnection(endpoint)
        let trips = try StoreRoundTrips(over: &connection)
        return connection.topology.map { .init(topology: $0.rawValue, trips) }
    }

    func close() throws {
        relay?.end()
        own?.stop()
        guard let foreignPrefix else { return }
        try RedisKeys.release(foreignPrefix, at: endpoint)
        cleanup.note { $0.foreignKeys = nil }
    }
}

extension RedisError {
    /// The error at the first contact, with what the user can do about it.
    var advice: String {
        switch self {
        case .server(let message) where message.contains("cluster support disabled"):
            "this server is no node of a cluster: name it with --redis"
        case .connection(_, let message) where message.contains("Protocol error"):
            "the program at this address is not a Redis server (\(message))"
        case .connection: "\(self): start the server, or correct the address"
        case .server(let message) where message.contains("NOAUTH"):
            "the server wants a password: put it into REDISCLI_AUTH, or into a file for --redis-password-file (\(message))"
        case .server(let message) where message.contains("WRONGPASS"):
            "the server does not take this user and password (\(message))"
        default: "\(self)"
        }
    }
}

/// The authority of a run, which is always one of its own: nobody else's issues the tokens that a run needs.
final class AuthorityOfRun: StoreServer {
    let store = Store.authority
    let settings: AuthoritySettings
    let relay: StoreRelay?
    let version = Version.authbench
    let configuration: [String: String]? = nil
    private let own: PrivateAuthorityServer
    private let address: HTTPAddress

    var privateServer: (any PrivateServer)? { own }

    var processIDs: [Int32] { [own.processID] }

    /// - Parameters:
    ///   - plan: what the run will do.
    ///   - folder: the temporary folder of the run.
    ///   - servers: where the other servers of the run are; the authority asks them without a relay, so that a distance
    ///     lies between it and who asks it.
    /// - Throws: `CommandError` when it does not start.
    init(_ plan: RunPlan, in folder: TemporaryFolder, _ servers: AuthorityServers) throws {
        let address: HTTPAddress
        do {
            own = try PrivateAuthorityServer(
                folder: try folder.makeFolder("authority"), servers: servers)
            guard let known = HTTPAddress(url: own.url) else { preconditionFailure("it has such an address") }
            address = known
        } catch { throw CommandError.runtime("\(error)") }
        self.address = address
        relay = try plan.workload.storeRTT.map { try StoreRelay($0, toAuthority: address) }
        var settings = AuthoritySettings(
            url: "\(relay?.url ?? own.url)/run", clientID: own.caller.id, clientSecret: own.caller.secret)
        settings.folder = own.folder.path
        self.settings = settings
    }

    /// Its database has what it has acknowledged, whoever ends it.
    func loss() -> String? { nil }

    func way() throws -> StoreRecord.Server? {
        var connection = try HTTPConnection(address)
        let trips = try StoreRoundTrips(over: &connection)
        return connection.topology.map { .init(topology: $0.rawValue, trips) }
    }

    func close() throws {
        relay?.end()
        own.stop()
    }
}
