import AuthConformance
import AuthCore
import AuthHarness
import AuthResults
import Backends
import Foundation

/// Opens the stores of one run before anything is written, and removes or cleans them when it ends.
final class Stores {
    let environment: Environment
    let facts: StoreFacts
    /// The temporary folder of this run.
    let folder: URL
    let server: PrivateRedisServer?
    /// What makes the server as far away as was asked; `nil` where nothing was.
    let relay: StoreRelay?
    /// The process of the private server.
    var serverID: Int32? { server?.processID }
    private let foreign: (endpoint: RedisEndpoint, prefix: String)?
    /// The state of the Redis server at the beginning of the run.
    private let health: RedisHealth?
    private let cleanup: Cleanup
    /// The claim on the database, held until all connections are closed: closing a file drops SQLite's locks on it.
    private let database: SQLiteClaim?

    init(_ plan: RunPlan, cleanup: Cleanup) throws {
        self.cleanup = cleanup
        var held: (endpoint: RedisEndpoint, prefix: String)?
        do {
            let database = try Self.claimDatabase(plan)
            self.database = database
            cleanup.note { $0.newDatabase = database }
            let temporary = try Self.makeTemporaryFolder()
            cleanup.note { $0.temporary = temporary }
            folder = temporary.url
            let redisVersion: String?
            (server, foreign, redisVersion) = try Self.openRedis(plan, folder: temporary.url)
            held = foreign
            // It must be as long as a drawn prefix, because it is part of what a session takes in the store.
            let prefix = foreign?.prefix ?? "authbench:00000000:"
            let foreignKeys = foreign?.prefix
            cleanup.note { $0.foreignKeys = foreignKeys }
            let endpoint = server?.endpoint ?? foreign?.endpoint
            relay = try endpoint.flatMap { endpoint in
                try plan.workload.storeRTT.map { try StoreRelay($0, to: endpoint, in: temporary.url) }
            }
            let url = relay?.url ?? server?.url ?? plan.redis?.url
            let sqlite = SQLiteSettings(
                path: database?.path ?? temporary.url.appendingPathComponent("authbench.sqlite").path,
                synchronous: plan.synchronous, mmap_bytes: plan.mmap_bytes)
            environment = Environment(
                policy: plan.workload.policy, sqlite: sqlite,
                redis: url.map { RedisSettings(url: $0, keyPrefix: prefix) })
            health = endpoint.flatMap { try? RedisHealth(at: $0) }
            facts = StoreFacts(
                plan, sqlite, redis: endpoint.flatMap { at in redisVersion.map { (at, $0) } }, relay: relay)
        } catch {
            if let held { try? RedisKeys.release(held.prefix, at: held.endpoint) }
            _ = cleanup.clear()
            throw error
        }
    }

    /// Ends the private server, or removes this run's keys from the user's server, and clears what else is left over.
    ///
    /// - Parameter isEmpty: whether nothing was measured, so that a new database file goes too.
    /// - Returns: what could not be undone, for the user.
    func close(isEmpty: Bool) -> String? {
        relay?.end()
        server?.stop()
        cleanup.note { things in
            if !isEmpty { things.newDatabase = nil }
        }
        if let foreign {
            do {
                try RedisKeys.release(foreign.prefix, at: foreign.endpoint)
                cleanup.note { $0.foreignKeys = nil }
            } catch { return "\(cleanup.clear() ?? ""): \(error)" }
        }
        return cleanup.clear()
    }

    /// Returns what Redis has lost since the run began, as the end of a sentence; `nil` when nothing shows.
    ///
    /// SQLite loses nothing, because its file belongs to the run alone.
    func loss(of strategy: StrategyDescriptor?) -> String? {
        guard strategy?.stores.contains(.redis) == true, let health,
            let endpoint = server?.endpoint ?? foreign?.endpoint
        else { return nil }
        return (try? RedisHealth(at: endpoint))?.loss(since: health)
    }

    /// What is to blame for an error: to a client a relay that has died looks like a server that closed the connection.
    func cause(of error: any Error) -> any Error {
        do { try relay?.check() } catch let fault { return error is StoppedError ? error : fault }
        return error
    }

    private static func claimDatabase(_ plan: RunPlan) throws -> SQLiteClaim? {
        guard let path = plan.sqlitePath, plan.needsSQLite else { return nil }
        do { return try SQLiteFile.claim(path) } catch { throw CommandError.badData("--sqlite \(error)") }
    }

    private static func openRedis(
        _ plan: RunPlan, folder: URL
    ) throws -> (PrivateRedisServer?, (RedisEndpoint, String)?, version: String?) {
        guard plan.needsRedis else { return (nil, nil, nil) }
        if let (url, endpoint) = plan.redis {
            do {
                let information = try RedisInformation(at: endpoint)
                guard !information.isTooOld else {
                    throw CommandError.badData("--redis \(url): \(tooOld(information))")
                }
                return (nil, (endpoint, try RedisKeys.claimPrefix(at: endpoint)), information.version)
            } catch let error as RedisError { throw CommandError.badData("--redis \(url): \(error.advice)") }
        }
        do {
            let server = try PrivateRedisServer(folder: folder, over: plan.redisTransport)
            let information = try RedisInformation(at: server.endpoint)
            guard !information.isTooOld else { throw CommandError.runtime(tooOld(information)) }
            return (server, nil, information.version)
        } catch let fault as CommandError {
            throw fault
        } catch { throw CommandError.runtime("\(error)") }
    }

    private static func tooOld(_ information: RedisInformation) -> String {
        "this is Redis \(information.version), and authbench needs \(RedisInformation.leastVersion) or later"
    }

    static func makeTemporaryFolder() throws -> TemporaryFolder {
        do { return try TemporaryFolder() } catch {
            throw CommandError.runtime("the temporary folder cannot be made: \(error.reason)")
        }
    }
}

extension RedisError {
    /// The error at the first contact, with what the user can do about it.
    var advice: String {
        switch self {
        case .connection(_, let message) where message.contains("Protocol error"):
            "the program at this address is not a Redis server (\(message))"
        case .connection: "\(self): start the server, or correct the address"
        case .server(let message) where message.contains("NOAUTH"):
            "the server wants a password, which authbench does not send: name a server without one (\(message))"
        default: "\(self)"
        }
    }
}

/// Holds what the open stores of a run tell about themselves; what a store does not tell stays unknown.
struct StoreFacts {
    private var stores = StoreRecord()
    private let sqlitePath: String
    private var sqliteSettings: SQLitePragmas?
    private var redisVersion: String?
    private var redisConfiguration: [String: String]?

    /// Asks the stores that the run needs.
    ///
    /// - Parameters:
    ///   - plan: which stores the run needs.
    ///   - sqlite: the database of the run.
    ///   - redis: the server of the run, and the version that it gave at the first contact.
    ///   - relay: what stands before the server.
    init(
        _ plan: RunPlan, _ sqlite: SQLiteSettings, redis: (endpoint: RedisEndpoint, version: String)?,
        relay: StoreRelay?
    ) {
        sqlitePath = sqlite.path
        if plan.needsSQLite {
            stores.sqlite = .init(
                file: plan.sqlitePath == nil ? .temporary : .user, wal_limit_bytes: sqlite.logLimit_bytes)
            sqliteSettings = try? Self.settings(sqlite)
        }
        if let redis {
            stores.redis = relay.map(Self.way) ?? (try? Self.way(to: redis.endpoint))
            redisVersion = redis.version
            redisConfiguration = try? RedisConfiguration.values(at: redis.endpoint)
        }
    }

    /// The stores, with the length of SQLite's log so far.
    var storeRecord: StoreRecord {
        let log = SQLiteLog.of(sqlitePath)
        var record = stores
        record.sqlite?.wal_peak_bytes = log.peak_bytes
        record.sqlite?.wal_restarts = log.restarts
        return record
    }

    var versionRecord: VersionRecord {
        var record = VersionRecord(
            authbench: Version.authbench, swift: Version.swift, sqlite: SQLiteVersion.running,
            sqlite_compile_options: SQLiteVersion.compileOptions, openssl: OpenSSLVersion.running)
        record.sqlite_settings = sqliteSettings
        record.openssl_cpu = OpenSSLVersion.cpuCapabilities
        record.redis = redisVersion
        record.redis_config = redisConfiguration
        record.hiredis = redisVersion == nil ? nil : HiredisVersion.compiled
        return record
    }

    /// Opens a connection like a client's, in a file that is marked as authbench's while it is empty.
    private static func settings(_ sqlite: SQLiteSettings) throws -> SQLitePragmas {
        try SQLiteFile.mark(sqlite.path)
        let connection = try SQLitePragmas.connect(
            path: sqlite.path, synchronous: sqlite.synchronous.rawValue, mmap_bytes: sqlite.mmap_bytes,
            logLimit_bytes: sqlite.logLimit_bytes)
        return try SQLitePragmas(of: connection)
    }

    private static func way(through relay: StoreRelay) -> StoreRecord.Redis {
        let trips = relay.roundTrips
        var way = StoreRecord.Redis(
            topology: "relay", round_trip_p50_ns: trips.p50_ns, round_trip_min_ns: trips.min_ns,
            round_trips: trips.count)
        way.store_rtt_asked_ns = relay.asked.time_ns
        way.store_rtt_p50_ns = trips.p50_ns
        way.store_rtt_p99_ns = trips.p99_ns
        return way
    }

    private static func way(to endpoint: RedisEndpoint) throws -> StoreRecord.Redis? {
        var connection = try RedisConnection(endpoint)
        let trips = try RedisRoundTrips(over: &connection)
        guard let topology = connection.topology else { return nil }
        return .init(
            topology: topology.rawValue, round_trip_p50_ns: trips.p50_ns, round_trip_min_ns: trips.min_ns,
            round_trips: trips.count)
    }
}
