import ArgumentParser
import AuthCore
import Backends
import Foundation

/// Holds the arguments that say where the stores are.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Your own Redis server, redis://user@host:port/db or unix:///path?db=0 (default: a private server is started). Its password is read from REDISCLI_AUTH or --redis-password-file.",
            valueName: "address"))
    var redis: String?

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the password of your Redis server.", valueName: "file"))
    var redisPasswordFile: String?

    @Option(
        help: ArgumentHelp(
            "How clients reach the private server: a socket that only you can open (unix), or a port on 127.0.0.1 with a password (tcp).",
            valueName: "way"))
    var privateRedis = PrivateRedisServer.Transport.unix

    @Option(
        help: ArgumentHelp(
            "Nodes of your own Redis Cluster, redis://user@host:port,host:port (default: a private cluster is started where a strategy asks one). Its password is read as that of --redis.",
            valueName: "addresses"))
    var redisCluster: String?

    @Option(
        help: ArgumentHelp(
            "Your own PostgreSQL server, postgresql://user@host:port/database (default: a private server is started).",
            valueName: "address"))
    var postgres: String?

    @Option(
        help: ArgumentHelp(
            "The replica of your PostgreSQL server, for strategies that read one (default: a private server has a private replica).",
            valueName: "address"))
    var postgresReplica: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How long a private replica holds back each commit before it carries it out, such as 200ms, so that it is behind as a busy or distant one is.",
            valueName: "time"))
    var replicaLag: String?

    @Option(
        help: ArgumentHelp(
            "The database file: a new one, or one that authbench made, which is emptied (default: a temporary file).",
            valueName: "file"))
    var sqlite: String?

    @Option(
        help: ArgumentHelp(
            "How often SQLite waits for the disk (PRAGMA synchronous); full is safer and slower.",
            valueName: "mode"))
    var sqliteSynchronous = SQLiteSettings.Synchronous.normal

    @Option(
        help: ArgumentHelp(
            "How much of the database file is mapped into memory (PRAGMA mmap_size): bytes, or a size such as 128MiB, below 2GiB.",
            valueName: "size"))
    var sqliteMmap = MemorySize(bytes: 0)

    /// The options that name servers of the user's own, as far as they are given.
    var ownServers: [String] {
        [("--redis", redis), ("--redis-cluster", redisCluster), ("--postgres", postgres)]
            .compactMap { option, address in address == nil ? nil : option }
    }

    func plan() throws -> StorePlan {
        StorePlan(
            redis: try endpoint(), redisTransport: privateRedis, redisCluster: try clusterEndpoints(),
            postgres: try postgresServers(), sqlitePath: try databasePath(), synchronous: sqliteSynchronous,
            mmap_bytes: sqliteMmap.bytes)
    }

    /// Returns the absolute path of the database, because SQLite gives names such as `:memory:` another meaning.
    private func databasePath() throws -> String? {
        guard let sqlite else { return nil }
        try CommandError.refuseEmpty(sqlite, "--sqlite")
        guard sqlite != ":memory:", !sqlite.hasPrefix("file:") else {
            throw CommandError.usage(
                "--sqlite \(sqlite): the clients have separate connections, which can only share a file: name a file,"
                    + " in /dev/shm for a database in memory")
        }
        guard !sqlite.hasPrefix("~") else {
            throw CommandError.usage("--sqlite \(sqlite): the shell did not replace ~: write the whole path")
        }
        return URL(fileURLWithPath: sqlite).path
    }

    private func endpoint() throws -> (url: String, endpoint: RedisEndpoint)? {
        guard let redis else {
            if redisPasswordFile != nil, redisCluster == nil {
                throw CommandError.usage(
                    "--redis-password-file is for a server of your own: name it with --redis")
            }
            return nil
        }
        return (redis, try endpoint(redis, of: "--redis"))
    }

    /// Reads the address of somebody's Redis server.
    ///
    /// - Parameters:
    ///   - redis: the address.
    ///   - option: that gives it.
    /// - Returns: where the server is, with its password.
    /// - Throws: `CommandError` for what is no such address.
    func endpoint(_ redis: String, of option: String) throws -> RedisEndpoint {
        guard !redis.hasPrefix("rediss:") else {
            throw CommandError.usage(
                "\(option) asks for TLS, which the client library does not speak (hiredis 0.14): start a tunnel, such as stunnel or socat, and name its local end"
            )
        }
        guard let endpoint = RedisEndpoint(url: redis) else {
            throw CommandError.usage(
                "\(option) \(Self.objection(to: redis)): write redis://user@host:port/db or unix:///path?db=0"
            )
        }
        return try withPassword(endpoint, of: option)
    }

    private func clusterEndpoints() throws -> (url: String, endpoints: [RedisEndpoint])? {
        guard let redisCluster else { return nil }
        guard let nodes = RedisEndpoint.cluster(url: redisCluster) else {
            throw CommandError.usage(
                "--redis-cluster is not the address of nodes of a Redis Cluster: write redis://user@host:port,host:port, without a database"
            )
        }
        return (redisCluster, try nodes.map { try withPassword($0, of: "--redis-cluster") })
    }

    /// Adds the password, which must not stand in an address.
    private func withPassword(_ endpoint: RedisEndpoint, of option: String) throws -> RedisEndpoint {
        var endpoint = endpoint
        guard endpoint.password == nil else {
            throw CommandError.usage(
                "\(option) has a password, which everybody on this machine can read: put it into REDISCLI_AUTH, or into a file for --redis-password-file"
            )
        }
        endpoint.password = try redisPassword()
        guard endpoint.user == nil || endpoint.password != nil else {
            throw CommandError.usage(
                "\(option) names a user without a password: put it into REDISCLI_AUTH, or into a file for --redis-password-file"
            )
        }
        return endpoint
    }

    private func redisPassword() throws -> String? {
        guard let file = redisPasswordFile else {
            return ProcessInfo.processInfo.environment["REDISCLI_AUTH"]
        }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8),
            let line = text.split(whereSeparator: \.isNewline).first
        else {
            throw CommandError.badData("--redis-password-file \(file): it cannot be read, or is empty")
        }
        return String(line)
    }

    private func postgresServers() throws -> PostgreSQLServers {
        let lag = try replicaLag.map { text in
            try StoreRTT(text) { CommandError.usage("--replica-lag \($0)") }
        }
        guard lag == nil || postgres == nil else {
            throw CommandError.usage("--replica-lag is for a private replica: leave it out with --postgres")
        }
        guard postgresReplica == nil || postgres != nil else {
            throw CommandError.usage(
                "--postgres-replica is for a server of your own: name it with --postgres")
        }
        return PostgreSQLServers(
            own: try postgres.map { ($0, try postgresEndpoint($0, of: "--postgres")) },
            replica: try postgresReplica.map { ($0, try postgresEndpoint($0, of: "--postgres-replica")) },
            lag_ms: Int64((lag?.time_ns ?? 0) / 1_000_000))
    }

    /// Reads the address of somebody's PostgreSQL server, which an option gives.
    private func postgresEndpoint(_ address: String, of option: String) throws -> PostgreSQLEndpoint {
        guard var endpoint = PostgreSQLEndpoint(url: address) else {
            throw CommandError.usage(
                "\(option) is not the address of a PostgreSQL server: write postgresql://user@host:port/database"
            )
        }
        guard endpoint.password == nil else {
            throw CommandError.usage(
                "\(option) has a password, which everybody on this machine can read: put it into PGPASSWORD")
        }
        endpoint.password = ProcessInfo.processInfo.environment["PGPASSWORD"]
        return endpoint
    }

    /// Says what is wrong with an address without repeating it, because it may hold a password.
    private static func objection(to url: String) -> String {
        let parts = URLComponents(string: url)
        if parts?.query != nil || parts?.fragment != nil {
            return "has parameters, which authbench does not know"
        }
        return "is not the address of a Redis server"
    }
}

extension SQLiteSettings.Synchronous: ExpressibleByArgument {}

extension PrivateRedisServer.Transport: ExpressibleByArgument {}

/// A number of bytes as people write it: 4096, 64KiB, 128MiB or 1GiB.
struct MemorySize: ExpressibleByArgument, CustomStringConvertible {
    let bytes: Int64
    /// SQLite maps no more than this unless it is compiled for more (SQLITE_MAX_MMAP_SIZE).
    private static let most_bytes: Int64 = 0x7FFF_0000

    init(bytes: Int64) { self.bytes = bytes }

    init?(argument: String) {
        let units: [(String, Int64)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
        let unit = units.first { argument.hasSuffix($0.0) } ?? ("", 1)
        let digits = argument.dropLast(unit.0.count)
        guard digits.allSatisfy(\.isASCIIDigit), let count = Int64(digits),
            case let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: unit.1), !isTooLarge,
            bytes <= Self.most_bytes
        else { return nil }
        self.bytes = bytes
    }

    var description: String { String(bytes) }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}

/// Holds the argument that says at which distances to the store a run measures.
struct DistancesOptions: ParsableArguments {
    @Option(
        name: .customLong("store-rtt"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "How far away Redis is: the time of a round trip, such as 200us or 0.8ms. A relay of authbench's own holds back what is sent; 0 is a relay that does not wait. Several, as direct,1ms, measure at each; direct is no relay, as without this option.",
            valueName: "times"))
    var storeRtt: [String] = []

    /// The distances in their order, `nil` for no relay; empty where none is given, so that the workload's own holds.
    func distances() throws -> [StoreRTT?] {
        var found: [StoreRTT?] = []
        for text in storeRtt.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            let distance =
                text == "direct"
                ? nil : try StoreRTT(String(text)) { CommandError.usage("--store-rtt \($0), or direct") }
            guard !found.contains(distance) else {
                throw CommandError.usage("--store-rtt has \(text) twice: give each distance once")
            }
            found.append(distance)
        }
        return found
    }
}

/// Holds the argument that says how far away the store is.
struct DistanceOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How far away Redis is: the time of a round trip, such as 200us or 0.8ms. A relay of authbench's own holds back what is sent; 0 is a relay that does not wait. Without it, Redis is asked directly.",
            valueName: "time"))
    var storeRtt: String?

    /// The distance; `nil` where none is given.
    func distance() throws -> StoreRTT? {
        try storeRtt.map { try StoreRTT($0) { CommandError.usage("--store-rtt \($0)") } }
    }

    /// Puts the distance into a workload, whose own holds where none is given.
    func apply(to workload: inout Workload) throws {
        if let distance = try distance() { workload.storeRTT = distance }
    }
}
