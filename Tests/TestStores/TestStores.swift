import AuthCore
import Backends
import Foundation
import Synchronization

/// Real stores for one test: a SQLite file and a redis-server of its own, both gone with it.
package final class TestStores {
    package let folder: URL
    package let server: PrivateRedisServer
    package var environment: Environment

    package init(_ policy: Policy = Policy()) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        server = try PrivateRedisServer(folder: folder)
        environment = Environment(
            policy: policy, sqlite: SQLiteSettings(path: folder.appendingPathComponent("t.sqlite").path),
            redis: RedisSettings(url: server.url, keyPrefix: "test:"),
            postgres: try TestPostgreSQL.settings(), authority: try TestAuthority.settings(),
            redisCluster: try TestRedisCluster.settings())
    }

    /// For an authority of the test's own.
    package var servers: AuthorityServers {
        AuthorityServers(redisURL: environment.redis?.url, postgresURL: environment.postgres?.url)
    }

    deinit {
        server.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// All bytes of the database, the write-ahead log included.
    package func databaseBytes() throws -> Data {
        var bytes = Data()
        for suffix in ["", "-wal"] {
            let path = environment.sqlite.path + suffix
            if FileManager.default.fileExists(atPath: path) {
                bytes += try Data(contentsOf: URL(fileURLWithPath: path))
            }
        }
        return bytes
    }
}

/// One authority for all tests of the process, with a realm for each: the program as it was built.
package enum TestAuthority {
    /// As users have it, where `make test` names one; else that beside the bundle of these tests.
    package static let program =
        ProcessInfo.processInfo.environment["AUTHBENCH_PROGRAM"].map { URL(fileURLWithPath: $0) }
        ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent(
            "authbench")

    private static let shared = Mutex<(server: PrivateAuthorityServer, folder: TemporaryFolder)?>(nil)

    package static func settings() throws -> AuthoritySettings {
        let server = try shared.withLock { shared in
            if let shared { return shared.server }
            let folder = try TemporaryFolder()
            let server = try LastingThread.make {
                try PrivateAuthorityServer(folder: folder.url, program: program)
            }
            shared = (server, folder)
            return server
        }
        var settings = AuthoritySettings(
            url: "\(server.url)/test-\(UUID().uuidString.lowercased())", clientID: server.caller.id,
            clientSecret: server.caller.secret)
        (settings.folder, settings.program) = (server.folder.path, program.path)
        return settings
    }
}

/// One Redis Cluster for all tests of the process, with a prefix for each: to bring one up takes seconds.
package enum TestRedisCluster {
    private static let shared = Mutex<(cluster: PrivateRedisCluster, folder: TemporaryFolder)?>(nil)

    package static func settings() throws -> RedisSettings {
        let url = try shared.withLock { shared in
            if let shared { return shared.cluster.url }
            let folder = try TemporaryFolder()
            let cluster = try LastingThread.make { try PrivateRedisCluster(folder: folder.url) }
            shared = (cluster, folder)
            return cluster.url
        }
        return RedisSettings(url: url, keyPrefix: "test-\(UUID().uuidString.prefix(8).lowercased()):")
    }
}

/// One PostgreSQL server for all tests of the process, with a schema for each: to make a cluster takes a second.
enum TestPostgreSQL {
    private static let server = Mutex<PrivatePostgreSQLServer?>(nil)
    private static let folder = Mutex<TemporaryFolder?>(nil)

    static func settings() throws -> PostgreSQLSettings {
        let url = try server.withLock { server in
            if let server { return server.endpoint.url }
            let folder = try TemporaryFolder(isSearchable: true)
            self.folder.withLock { $0 = folder }
            let inner = try folder.makeFolder("postgres")
            let made = try LastingThread.make { try PrivatePostgreSQLServer(folder: inner) }
            server = made
            return made.endpoint.url
        }
        return PostgreSQLSettings(
            url: url, schema: "test_" + UUID().uuidString.prefix(8).lowercased())
    }
}

/// A thread that lives as long as the process: a server ends with the thread that starts it.
package enum LastingThread {
    package static func make<Server: Sendable>(_ make: @escaping @Sendable () throws -> Server) throws
        -> Server
    {
        let started = DispatchSemaphore(value: 0)
        let made = Mutex<Result<Server, any Error>?>(nil)
        Thread.detachNewThread {
            let result = Result { try make() }
            made.withLock { $0 = result }
            started.signal()
            while true { sleep(1000) }
        }
        started.wait()
        guard let server = try made.withLock({ $0 })?.get() else { preconditionFailure("it was made") }
        return server
    }
}
