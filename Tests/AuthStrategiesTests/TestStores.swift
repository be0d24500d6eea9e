import AuthCore
import Backends
import Foundation

/// Real stores for one test: a SQLite file and a redis-server of its own, both gone with it.
final class TestStores {
    let folder: URL
    let server: PrivateRedisServer
    var environment: Environment

    init(_ policy: Policy = Policy()) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        server = try PrivateRedisServer(folder: folder)
        environment = Environment(
            policy: policy, sqlite: SQLiteSettings(path: folder.appendingPathComponent("t.sqlite").path),
            redis: RedisSettings(url: server.url, keyPrefix: "test:"))
    }

    deinit {
        server.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// All bytes of the database, the write-ahead log included.
    func databaseBytes() throws -> Data {
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

extension Policy {
    static func touching(_ touch: TouchPolicy) -> Policy {
        var policy = Policy()
        policy.touch = touch
        return policy
    }
}

extension Instant {
    static let start = Instant.traceStart

    static func + (instant: Self, milliseconds: Int64) -> Self {
        instant.advanced(byMilliseconds: milliseconds)
    }
}
