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
    let redis: RedisOfRun?
    let redisCluster: RedisClusterOfRun?
    let postgres: PostgreSQLOfRun?
    let authority: AuthorityOfRun?
    /// All of them, in the order in which they were opened.
    let servers: [any StoreServer]
    private let cleanup: Cleanup
    /// The claim on the database, held until all connections are closed: closing a file drops SQLite's locks on it.
    private let database: SQLiteClaim?

    init(_ plan: RunPlan, cleanup: Cleanup) throws {
        try plan.checkRotation()
        try plan.checkReplica()
        self.cleanup = cleanup
        var opened: [any StoreServer] = []
        do {
            let database = try Self.claimDatabase(plan)
            self.database = database
            cleanup.note { $0.newDatabase = database }
            let temporary = try Self.makeTemporaryFolder()
            cleanup.note { $0.temporaries.append(temporary) }
            folder = temporary.url
            redis = plan.needs(.redis) ? try RedisOfRun(plan, in: temporary, cleanup: cleanup) : nil
            if let redis { opened.append(redis) }
            redisCluster =
                plan.needs(.redisCluster)
                ? try RedisClusterOfRun(plan, in: temporary, cleanup: cleanup) : nil
            if let redisCluster { opened.append(redisCluster) }
            postgres =
                plan.needs(.postgres) ? try PostgreSQLOfRun(plan, in: temporary, cleanup: cleanup) : nil
            if let postgres { opened.append(postgres) }
            let behind = AuthorityServers(
                redisURL: redis?.endpoint.url, postgresURL: postgres?.endpoint.url)
            authority = plan.needs(.authority) ? try AuthorityOfRun(plan, in: temporary, behind) : nil
            if let authority { opened.append(authority) }
            let sqlite = SQLiteSettings(
                path: database?.path ?? temporary.url.appendingPathComponent("authbench.sqlite").path,
                synchronous: plan.stores.synchronous, mmap_bytes: plan.stores.mmap_bytes)
            environment = Environment(
                policy: plan.workload.policy, sqlite: sqlite, redis: redis?.settings,
                postgres: postgres?.settings, authority: authority?.settings,
                redisCluster: redisCluster?.settings)
            servers = opened
            facts = StoreFacts(plan, sqlite, opened)
        } catch {
            for server in opened.reversed() { try? server.close() }
            _ = cleanup.clear()
            throw error
        }
    }

    /// The server that a strategy asks; `nil` where it asks none.
    func server(of strategy: StrategyDescriptor) -> (any StoreServer)? {
        servers.first { $0.store == strategy.server }
    }

    /// Ends the private servers, or removes what this run made on the user's own, and clears what else is left over.
    ///
    /// - Parameter isEmpty: whether nothing was measured, so that a new database file goes too.
    /// - Returns: what could not be undone, for the user.
    func close(isEmpty: Bool) -> String? {
        cleanup.note { things in
            if !isEmpty { things.newDatabase = nil }
        }
        var failures: [String] = []
        // An authority first, as it asks the others.
        for server in servers.reversed() {
            do { try server.close() } catch { failures.append("\(error)") }
        }
        let rest = cleanup.clear()
        return failures.isEmpty ? rest : "\(rest ?? ""): \(failures.joined(separator: "; "))"
    }

    /// Returns what a server of the strategy has lost since the run began, as the end of a sentence; `nil` when nothing shows.
    ///
    /// SQLite loses nothing, because its file belongs to the run alone.
    func loss(of strategy: StrategyDescriptor?) -> String? {
        servers.filter { strategy?.stores.contains($0.store) ?? false }.lazy.compactMap { $0.loss() }.first
    }

    /// What is to blame for an error: to a client a relay that has died looks like a server that closed the connection.
    func cause(of error: any Error) -> any Error {
        do { for server in servers { try server.relay?.check() } } catch let fault {
            return error is StoppedError ? error : fault
        }
        return error
    }

    private static func claimDatabase(_ plan: RunPlan) throws -> SQLiteClaim? {
        guard let path = plan.stores.sqlitePath, plan.needs(.sqlite) else { return nil }
        do { return try SQLiteFile.claim(path) } catch { throw CommandError.badData("--sqlite \(error)") }
    }

    static func makeTemporaryFolder() throws -> TemporaryFolder {
        do { return try TemporaryFolder() } catch {
            throw CommandError.runtime("the temporary folder cannot be made: \(error.reason)")
        }
    }
}

/// Holds what the open stores of a run tell about themselves; what a store does not tell stays unknown.
struct StoreFacts {
    private var stores = StoreRecord()
    private let sqlitePath: String
    private var sqliteSettings: SQLitePragmas?
    /// The Redis server of the run, or the first node of its cluster, and its PostgreSQL server.
    private var (redis, postgres): ((any StoreServer)?, (any StoreServer)?)

    /// Asks the stores that the run needs.
    ///
    /// - Parameters:
    ///   - plan: which stores the run needs.
    ///   - sqlite: the database of the run.
    ///   - servers: those of the run.
    init(_ plan: RunPlan, _ sqlite: SQLiteSettings, _ servers: [any StoreServer]) {
        sqlitePath = sqlite.path
        if plan.needs(.sqlite) {
            stores.sqlite = .init(
                file: plan.stores.sqlitePath == nil ? .temporary : .user,
                wal_limit_bytes: sqlite.logLimit_bytes)
            sqliteSettings = try? Self.settings(sqlite)
        }
        func server(_ store: Store) -> (any StoreServer)? { servers.first { $0.store == store } }
        (redis, postgres) = (server(.redis) ?? server(.redisCluster), server(.postgres))
        (stores.redis, stores.redis_cluster) = (server(.redis)?.record, server(.redisCluster)?.record)
        (stores.postgres, stores.authority) = (postgres?.record, server(.authority)?.record)
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
        record.redis = redis?.version
        record.redis_config = redis?.configuration
        record.hiredis = redis == nil ? nil : HiredisVersion.compiled
        record.postgres = postgres?.version
        record.postgres_config = postgres?.configuration
        record.libpq = postgres == nil ? nil : PostgreSQLVersion.running
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
}
