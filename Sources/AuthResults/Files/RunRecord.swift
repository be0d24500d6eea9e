import AuthCore
import Backends

/// `run.json`: what was run, on what, by which command; it has every key, unknown values being `null`.
package struct RunRecord: Codable, Sendable {
    package enum Status: String, Codable, Sendable {
        case running, complete, interrupted, failed
    }

    package var schema_version = RunIdentity.schemaVersion
    package var run_id: String
    package var status = Status.running
    package var started_at: String
    package var command_line: [String]
    @OrNull package var git_commit: String?
    /// Whether the working tree had changes or files that no commit has.
    @OrNull package var git_dirty: Bool?
    /// As a workload file would have it, the options of the command line applied.
    package var workload: Workload
    package var trace_sha256: String
    package var repeats: Int
    package var warm_up_seconds: Double
    @OrNull package var duration_seconds: Double?
    @OrNull package var operations: Int?
    package var sqlite_synchronous: String
    @OrNull package var redis_server: String?
    /// The strategies of each repeat in the order in which they were measured.
    package var order: [[String]]
    package var machine: MachineRecord
    package var versions: VersionRecord
    package var stores: StoreRecord
    /// Which part of the clients the run had; `null` where it had all.
    @OrNull package var shard: ShardRecord?
    /// The shards of which `authbench merge --shards` made this; `null` where it is not made of any.
    @OrNull package var shards: [MergedShardRecord]?

    package init(
        identity: RunIdentity, workload: Workload, started_at: String, command_line: [String],
        git_commit: String?, git_dirty: Bool?, repeats: Int, warm_up_seconds: Double,
        duration_seconds: Double?, operations: Int?, sqlite_synchronous: String, redis_server: String?,
        order: [[String]], machine: MachineRecord, versions: VersionRecord, stores: StoreRecord
    ) {
        run_id = identity.runID
        self.started_at = started_at
        self.command_line = command_line
        self.git_commit = git_commit
        self.git_dirty = git_dirty
        self.workload = workload
        trace_sha256 = identity.traceSHA256
        self.repeats = repeats
        self.warm_up_seconds = warm_up_seconds
        self.duration_seconds = duration_seconds
        self.operations = operations
        self.sqlite_synchronous = sqlite_synchronous
        self.redis_server = redis_server
        self.order = order
        self.machine = machine
        self.versions = versions
        self.stores = stores
    }
}

/// Where the stores of a run are: part of each store's numbers is the way to it.
package struct StoreRecord: Codable, Sendable {
    package struct SQLite: Codable, Sendable {
        /// A database that is gone after the run, or the file of the option `--sqlite`.
        package enum File: String, Codable, Sendable { case temporary, user }

        package var topology = "in-process"
        package var file: File
        /// How long the write-ahead log may become before a commit makes it begin anew.
        @OrNull package var wal_limit_bytes: Int64?
        /// The longest that it has been, loading left out; it passes the limit by what is written while readers finish.
        @OrNull package var wal_peak_bytes: Int?
        /// How often it was made to begin anew for its limit.
        @OrNull package var wal_restarts: Int?

        package init(file: File, wal_limit_bytes: Int64) {
            self.file = file
            self.wal_limit_bytes = wal_limit_bytes
        }
    }

    /// A store that is a process of its own.
    package struct Server: Codable, Sendable {
        /// `unix`, `tcp-loopback` (also an address of the host's own, or a forwarded port), `tcp-remote` or `relay`.
        package var topology: String
        /// `null` in a merged record, as all that its parts say differently.
        @OrNull package var round_trip_p50_ns: UInt64?
        @OrNull package var round_trip_min_ns: UInt64?
        /// How many were measured, one after the other over one connection.
        @OrNull package var round_trips: Int?
        /// What a relay was asked for; `null` where there is none.
        @OrNull package var store_rtt_asked_ns: UInt64?
        /// What it was calibrated to, by the server's own ping.
        @OrNull package var store_rtt_p50_ns: UInt64?
        @OrNull package var store_rtt_p99_ns: UInt64?

        package init(
            topology: String, round_trip_p50_ns: UInt64, round_trip_min_ns: UInt64, round_trips: Int
        ) {
            self.topology = topology
            self.round_trip_p50_ns = round_trip_p50_ns
            self.round_trip_min_ns = round_trip_min_ns
            self.round_trips = round_trips
        }
    }

    /// `null` where no strategy of the run keeps anything there; so are the others.
    @OrNull package var sqlite: SQLite?
    @OrNull package var redis: Server?
    @OrNull package var redis_cluster: Server?
    @OrNull package var postgres: Server?
    @OrNull package var authority: Server?

    package init() {}
}

/// Which programs and libraries took part, and how each was built and set.
package struct VersionRecord: Codable, Sendable {
    package var authbench: String
    package var swift: String
    package var sqlite: String
    @OrNull package var sqlite_compile_options: [String]?
    /// `null` where no strategy of the run needs a database.
    @OrNull package var sqlite_settings: SQLitePragmas?
    package var openssl: String
    /// The CPU's capabilities as OpenSSL sees them.
    @OrNull package var openssl_cpu: String?
    /// `null` where no strategy of the run needs a server, as the two that follow.
    @OrNull package var redis: String?
    /// What `CONFIG GET` answers for the parameters that matter; `null` where the server refuses it.
    @OrNull package var redis_config: [String: String]?
    /// The version of the headers it was compiled with.
    @OrNull package var hiredis: String?
    /// `null` where no strategy of the run needs a server, as the two that follow.
    @OrNull package var postgres: String?
    /// What the server says of the settings that matter (`pg_settings`).
    @OrNull package var postgres_config: [String: String]?
    @OrNull package var libpq: String?

    package init(
        authbench: String, swift: String, sqlite: String, sqlite_compile_options: [String], openssl: String
    ) {
        self.authbench = authbench
        self.swift = swift
        self.sqlite = sqlite
        self.sqlite_compile_options = sqlite_compile_options
        self.openssl = openssl
    }
}

extension RunRecord {
    /// The run's name for people, with the commit it was built from.
    package var name: String {
        guard let git_commit else { return run_id }
        return "\(run_id) (\(git_commit.prefix(8))\(git_dirty == true ? ", dirty" : ""))"
    }
}

/// Writes a missing value as `null`, so that every record has every key; left to itself, the encoder omits it.
@propertyWrapper
package struct OrNull<Value: Codable & Sendable>: Codable, Sendable {
    package var wrappedValue: Value?

    package init() { wrappedValue = nil }

    package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension KeyedDecodingContainer {
    /// A key that is missing is as unknown as one with `null`: another version wrote the record.
    func decode<Value>(_: OrNull<Value>.Type, forKey key: Key) throws -> OrNull<Value> {
        try decodeIfPresent(OrNull<Value>.self, forKey: key) ?? OrNull()
    }
}
