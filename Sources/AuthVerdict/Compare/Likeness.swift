import AuthResults
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

    init(_ base: RunRecord, _ head: RunRecord) {
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

    fileprivate typealias Fact = (name: String, base: String, head: String)

    fileprivate static func phrase(_ fact: Fact) -> String? {
        fact.base == fact.head ? nil : "\(fact.name) is \(fact.head), not \(fact.base)"
    }

    /// What sets how fast a core is, how many there are, and what a system call costs.
    ///
    /// The kernel is among them, because scheduler and mitigations move the strategies with a store by more than
    /// their tolerance. Clock, load and memory are not: they change by the minute or the boot.
    fileprivate static func facts(_ base: MachineRecord, _ head: MachineRecord) -> [Fact] {
        func fact(_ name: String, _ value: (MachineRecord) -> String?) -> Fact {
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
    private static func settings(_ base: RunRecord, _ head: RunRecord) -> [Fact] {
        func fact(_ name: String, _ value: (RunRecord) -> String?) -> Fact {
            (name, value(base) ?? "none", value(head) ?? "none")
        }
        return [
            fact("sqlite_synchronous") { $0.sqlite_synchronous },
            fact("requests_per_connection") { $0.workload.requestsPerConnection.map { String($0) } },
        ]
            // A run without any strategy of a store has no such setting.
            + [
                fact("the way to Redis") { $0.stores.redis?.topology },
                fact("the way to the Redis Cluster") { $0.stores.redis_cluster?.topology },
                fact("the way to PostgreSQL") { $0.stores.postgres?.topology },
                fact("the way to the authority") { $0.stores.authority?.topology },
                fact("the SQLite file") { $0.stores.sqlite?.file.rawValue },
                fact("sqlite_mmap") { $0.versions.sqlite_settings.map { String($0.mmap_size) } },
                fact("wal_limit_bytes") { $0.stores.sqlite?.wal_limit_bytes.map { String($0) } },
            ].filter { $0.base != "none" && $0.head != "none" }
    }

    private static func remarks(_ base: RunRecord, _ head: RunRecord) -> [Fact] {
        func extent(_ run: RunRecord) -> String {
            let unit = run.operations.map { "\($0) operations" }
            let time = run.duration_seconds.map { "\($0.formatted(digits: 2)) s" } ?? "unknown"
            return "\(unit ?? time) after \(run.warm_up_seconds.formatted(digits: 2)) s"
        }
        return [
            ("status", base.status.rawValue, head.status.rawValue),
            ("extent of a repeat", extent(base), extent(head)),
            ("authbench", base.versions.authbench, head.versions.authbench),
            ("swift", base.versions.swift, head.versions.swift),
            ("sqlite", base.versions.sqlite, head.versions.sqlite),
            ("openssl", base.versions.openssl, head.versions.openssl),
            ("redis", base.versions.redis ?? "none", head.versions.redis ?? "none"),
            ("postgres", base.versions.postgres ?? "none", head.versions.postgres ?? "none"),
        ]
    }
}

extension MachineRecord {
    /// What keeps measurements on this machine from being compared with those on another, each in one phrase.
    package func differences(from other: MachineRecord) -> [String] {
        Likeness.facts(other, self).compactMap(Likeness.phrase)
    }
}
