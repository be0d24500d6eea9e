import AuthCore
import AuthReport
import Backends

/// What the open stores of a run say of themselves; what one does not say stays unknown, and is no error.
struct StoreFacts {
    private var stores = StoreRecord()
    private let sqlitePath: String
    private var sqliteSettings: VersionRecord.SQLiteSettings?
    private var redisVersion: String?
    private var redisConfiguration: [String: String]?

    /// Asks the stores that the run needs.
    ///
    /// - Parameters:
    ///   - plan: says which stores are needed.
    ///   - sqlite: the database of the run.
    ///   - redis: the server of the run, and the version it gave at the first contact.
    init(_ plan: RunPlan, _ sqlite: SQLiteSettings, redis: (endpoint: RedisEndpoint, version: String)?) {
        sqlitePath = sqlite.path
        if plan.needsSQLite {
            stores.sqlite = .init(
                file: plan.sqlitePath == nil ? .temporary : .user, wal_limit_bytes: sqlite.logLimit_bytes)
            sqliteSettings = try? Self.settings(sqlite)
        }
        if let redis {
            stores.redis = try? Self.way(to: redis.endpoint)
            redisVersion = redis.version
            redisConfiguration = try? RedisConfiguration.values(at: redis.endpoint)
        }
    }

    /// With what the log of SQLite has come to by now.
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

    /// Opens a connection as a client has it, in a file that is marked as ours before anything is in it.
    private static func settings(_ sqlite: SQLiteSettings) throws -> VersionRecord.SQLiteSettings {
        try SQLiteFile.mark(sqlite.path)
        let connection = try SQLitePragmas.connect(
            path: sqlite.path, synchronous: sqlite.synchronous.rawValue, mmap_bytes: sqlite.mmap_bytes,
            logLimit_bytes: sqlite.logLimit_bytes)
        let pragmas = try SQLitePragmas(of: connection)
        return .init(
            journal_mode: pragmas.journal_mode, synchronous: pragmas.synchronous,
            page_size: pragmas.page_size, cache_size: pragmas.cache_size, mmap_size: pragmas.mmap_size,
            wal_autocheckpoint: pragmas.wal_autocheckpoint, journal_size_limit: pragmas.journal_size_limit)
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
