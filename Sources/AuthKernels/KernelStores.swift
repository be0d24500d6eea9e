import AuthCore
import Backends
import Foundation

/// A folder of its own with an SQLite file, and a private Redis server; gone with the value.
public final class KernelStores {
    public let environment: Environment
    /// The socket on which the Redis server listens.
    public var redisSocket: String { String(server.url.dropFirst("unix://".count)) }
    private let folder: TemporaryFolder
    private let server: PrivateRedisServer

    /// Where the sessions are in Redis.
    public static let redisPrefix = "authbench:kernels:"

    /// - Parameter policy: that of the strategies.
    /// - Throws: what Foundation and Redis report.
    public init(_ policy: Policy) throws {
        folder = try TemporaryFolder()
        do { server = try PrivateRedisServer(folder: folder.url) } catch {
            folder.remove()
            throw error
        }
        environment = Environment(
            policy: policy,
            sqlite: SQLiteSettings(path: folder.url.appendingPathComponent("kernels.sqlite").path),
            redis: RedisSettings(url: server.url, keyPrefix: Self.redisPrefix))
    }

    deinit {
        server.stop()
        folder.remove()
    }

    /// Lets the Redis server run everywhere.
    public func releaseRedis() { ProcessorBinding.bind(server.processID, to: Processors.all) }

    /// Binds the Redis server to one processor, counted as in `Processors`.
    public func bindRedis(turn: Int) {
        guard !Processors.all.isEmpty else { return }
        ProcessorBinding.bind(server.processID, to: [Processors.all[turn % Processors.all.count]])
    }
}
