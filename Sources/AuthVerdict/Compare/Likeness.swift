import AuthCore
import AuthResults
import Backends
import Foundation

/// What keeps two runs from being compared, and what should be known of them when they are.
struct Likeness {
    /// Each in one phrase; with any of these, a difference says nothing about the build.
    let otherMachine: [String]
    let otherSettings: [String]
    /// What may come with the build and is only said.
    let remarks: [(name: String, value: String)]
    /// What keeps them from being one run as well: all that one `run.json` can only say of both.
    let otherRun: [String]

    init(_ base: RunFacts, _ head: RunFacts) {
        otherMachine = Self.facts(base.machine, head.machine).compactMap(Self.phrase)
        otherSettings = Self.settings(base, head).compactMap(Self.phrase)
        let facts = Self.remarks(base, head)
        remarks = facts.filter { $0.base != $0.head }.map {
            ("unlike \($0.name)", "\($0.base) -> \($0.head)")
        }
        // A run may be short of repeats, and only one of them need have a store.
        let own = facts + [("redis_server", base.redis_server ?? "none", head.redis_server ?? "none")]
        otherRun =
            otherMachine.map { "another machine: \($0)" } + otherSettings
            + own.filter { $0.name != "status" && $0.base != "none" && $0.head != "none" }
            .compactMap(Self.phrase)
    }

    private typealias Fact = (name: String, base: String, head: String)

    private static func phrase(_ fact: Fact) -> String? {
        fact.base == fact.head ? nil : "\(fact.name) is \(fact.head), not \(fact.base)"
    }

    /// What sets how fast a core is, how many there are, and what a system call costs.
    ///
    /// The kernel is among them, because scheduler and mitigations move the strategies with a store by more than
    /// their tolerance. Clock, load and memory are not: they change by the minute or the boot.
    private static func facts(_ base: RunFacts.Machine, _ head: RunFacts.Machine) -> [Fact] {
        func fact(_ name: String, _ value: (RunFacts.Machine) -> String?) -> Fact {
            (name, value(base) ?? "unknown", value(head) ?? "unknown")
        }
        return [
            fact("cpu_model") { $0.cpu_model }, fact("cores") { String($0.cores) },
            fact("cpu_quota_cores") { $0.cgroup?.cpu_quota_cores.map { $0.formatted(digits: 2) } ?? "none" },
            fact("cpuset") { $0.cgroup?.cpuset ?? "all" }, fact("cpu_affinity") { $0.cpu_affinity },
            fact("cpu_governor") { $0.cpu_governor },
            fact("kernel") { $0.kernel }, fact("cpu_flags") { $0.cpu_flags?.joined(separator: " ") },
        ]
    }

    /// Options of the run that change what a strategy has to do.
    private static func settings(_ base: RunFacts, _ head: RunFacts) -> [Fact] {
        func fact(_ name: String, _ value: (RunFacts) -> String?) -> Fact {
            (name, value(base) ?? "none", value(head) ?? "none")
        }
        return [fact("sqlite_synchronous") { $0.sqlite_synchronous }]
            // A run without any strategy of a store has no such setting.
            + [
                fact("the way to Redis") { $0.stores.redis?.topology },
                fact("the SQLite file") { $0.stores.sqlite?.file },
                fact("sqlite_mmap") { $0.versions.sqlite_settings.map { String($0.mmap_size) } },
                fact("wal_limit_bytes") { $0.stores.sqlite?.wal_limit_bytes.map { String($0) } },
            ].filter { $0.base != "none" && $0.head != "none" }
    }

    private static func remarks(_ base: RunFacts, _ head: RunFacts) -> [Fact] {
        func extent(_ run: RunFacts) -> String {
            let unit = run.operations.map { "\($0) operations" }
            let time = run.duration_seconds.map { "\($0.formatted(digits: 2)) s" } ?? "unknown"
            return "\(unit ?? time) after \(run.warm_up_seconds.formatted(digits: 2)) s"
        }
        return [
            ("status", base.status, head.status), ("extent of a repeat", extent(base), extent(head)),
            ("authbench", base.versions.authbench, head.versions.authbench),
            ("swift", base.versions.swift, head.versions.swift),
            ("sqlite", base.versions.sqlite, head.versions.sqlite),
            ("openssl", base.versions.openssl, head.versions.openssl),
            ("redis", base.versions.redis ?? "none", head.versions.redis ?? "none"),
        ]
    }
}

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

    /// - Throws: `ResultError`.
    init(_ folder: URL) throws {
        let url = folder.appendingPathComponent("run.json")
        do { self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url)) } catch {
            throw ResultError("\(folder.path): run.json: \(error.jsonReason)")
        }
    }

    /// The run's name for people, with the commit it was built from.
    var name: String {
        guard let git_commit else { return run_id }
        return "\(run_id) (\(git_commit.prefix(8))\(git_dirty == true ? ", dirty" : ""))"
    }
}
