import AuthCore
import Backends
import Foundation

/// A folder of its own with an SQLite file, and a private Redis server; gone with the value.
public final class KernelStores {
    public let environment: Environment
    public var redisPort: UInt16 { server.port }
    private let folder: URL
    private let server: PrivateRedisServer

    /// Where the sessions are in Redis.
    public static let redisPrefix = "authbench:kernels:"

    /// - Parameter policy: that of the strategies.
    /// - Throws: what Foundation and Redis report.
    public init(_ policy: Policy) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "authbench-kernels-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        do { server = try PrivateRedisServer(folder: folder) } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
        environment = Environment(
            policy: policy,
            sqlite: SQLiteSettings(path: folder.appendingPathComponent("kernels.sqlite").path),
            redis: RedisSettings(url: "redis://127.0.0.1:\(server.port)", keyPrefix: Self.redisPrefix))
    }

    deinit {
        server.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Lets the Redis server run everywhere.
    public func releaseRedis() { ProcessorBinding.bind(server.processID, to: Processors.all) }

    /// Binds the Redis server to one processor, counted as in `Processors`.
    public func bindRedis(turn: Int) {
        guard !Processors.all.isEmpty else { return }
        ProcessorBinding.bind(server.processID, to: [Processors.all[turn % Processors.all.count]])
    }
}
