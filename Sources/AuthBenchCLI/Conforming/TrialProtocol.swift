import AuthConformance
import AuthCore
import Foundation

/// What `conform` and the process that it starts for each strategy tell each other, a line of JSON each.
enum TrialProtocol {
    /// The only line to the process, whose stdin stays open for as long as anybody wants to know.
    struct Order: Codable {
        var strategy: String
        var sqlite_path: String
        var synchronous: String
        var mmap_bytes: Int64
        var redis_url: String?
        var redis_prefix: String?
        /// Where to write what the strategy prints.
        var stdout_path: String
        /// How long one call of the strategy may take.
        var patience_s: Double

        init(_ strategy: String, in environment: Environment, stdout: URL, patience_s: Double) {
            self.strategy = strategy
            sqlite_path = environment.sqlite.path
            synchronous = environment.sqlite.synchronous.rawValue
            mmap_bytes = environment.sqlite.mmap_bytes
            redis_url = environment.redis?.url
            redis_prefix = environment.redis?.keyPrefix
            stdout_path = stdout.path
            self.patience_s = patience_s
        }

        func environment(_ policy: Policy) -> Environment {
            let redis = redis_url.map { RedisSettings(url: $0, keyPrefix: redis_prefix ?? "") }
            let sqlite = SQLiteSettings(
                path: sqlite_path, synchronous: .init(rawValue: synchronous) ?? .normal,
                mmap_bytes: mmap_bytes)
            return Environment(policy: policy, sqlite: sqlite, redis: redis)
        }
    }

    /// A line from the process: one of these.
    enum Event: Codable {
        case begins(String)
        case finds(Finding)
        /// A call has not come back, and the process gives up.
        case isStuck(String)
        case isOver
    }

    static func line(_ value: some Encodable) throws -> Data {
        try JSONEncoder().encode(value) + Data("\n".utf8)
    }
}
