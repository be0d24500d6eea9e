import AuthCore

/// `run.json`: what was run, on what, by which command; it has every key, unknown values being `null`.
package struct RunRecord: Encodable, Sendable {
    package enum Status: String, Encodable, Sendable {
        case running, complete, interrupted, failed
    }

    package let schema_version = RunIdentity.schemaVersion
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
