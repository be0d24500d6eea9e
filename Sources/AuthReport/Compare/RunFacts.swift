import Foundation

/// What decides whether two runs may be put side by side, of their `run.json`.
struct RunFacts: Decodable {
    struct Machine: Decodable {
        struct ControlGroup: Decodable {
            var cpu_quota_cores: Double?
            var cpuset: String?
        }

        var cpu_model: String?
        var cpu_flags: [String]?
        var cpu_governor: String?
        var cores: Int
        var kernel: String?
        /// The processors on which it might run, as the kernel lists them.
        var cpu_affinity: String?
        var cgroup: ControlGroup?
    }

    struct Versions: Decodable {
        struct SQLiteSettings: Decodable { var mmap_size: Int64 }

        var authbench: String
        var swift: String
        var sqlite: String
        var sqlite_settings: SQLiteSettings?
        var openssl: String
        var redis: String?
    }

    struct Stores: Decodable {
        struct Redis: Decodable { var topology: String }

        struct SQLite: Decodable {
            var file: String
            var wal_limit_bytes: Int64?
        }

        var redis: Redis?
        var sqlite: SQLite?
    }

    var run_id: String
    var status: String
    var git_commit: String?
    var git_dirty: Bool?
    var duration_seconds: Double?
    var operations: Int?
    var warm_up_seconds: Double
    var sqlite_synchronous: String
    var redis_server: String?
    var machine: Machine
    var versions: Versions
    var stores: Stores

    /// - Throws: `ResultFault`.
    init(_ folder: URL) throws {
        let url = folder.appendingPathComponent("run.json")
        do { self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url)) } catch {
            throw ResultFault("\(folder.path): run.json: \(error.jsonReason)")
        }
    }

    /// The run's name for people, with the commit it was built from.
    var name: String {
        guard let git_commit else { return run_id }
        return "\(run_id) (\(git_commit.prefix(8))\(git_dirty == true ? ", dirty" : ""))"
    }
}
