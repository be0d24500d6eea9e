import AuthCore

/// `run.json`: what was run, on what, by which command.
package struct RunRecord: Encodable, Sendable {
    package struct Versions: Encodable, Sendable {
        package var authbench: String
        package var swift: String
        package var sqlite: String
        package var openssl: String
        /// `nil` where no strategy of the run needs a server.
        package var redis: String?

        package init(authbench: String, swift: String, sqlite: String, openssl: String, redis: String? = nil)
        {
            self.authbench = authbench
            self.swift = swift
            self.sqlite = sqlite
            self.openssl = openssl
            self.redis = redis
        }
    }

    package struct Machine: Encodable, Sendable {
        package var cpu_model: String
        package var cores: Int
        package var memory_bytes: UInt64
        package var kernel: String

        package init(cpu_model: String, cores: Int, memory_bytes: UInt64, kernel: String) {
            self.cpu_model = cpu_model
            self.cores = cores
            self.memory_bytes = memory_bytes
            self.kernel = kernel
        }
    }

    package enum Status: String, Encodable, Sendable {
        case running, complete, interrupted, failed
    }

    package let schema_version = RunIdentity.schemaVersion
    package var run_id: String
    package var status = Status.running
    package var started_at: String
    package var command_line: [String]
    package var git_commit: String?
    /// As a workload file would have it, the options of the command line applied.
    package var workload: Workload
    package var trace_sha256: String
    package var repeats: Int
    package var warm_up_seconds: Double
    package var duration_seconds: Double?
    package var operations: Int?
    package var sqlite_synchronous: String
    package var redis_server: String?
    /// The strategies of each repeat in the order in which they were measured.
    package var order: [[String]]
    package var machine: Machine
    package var versions: Versions

    package init(
        identity: RunIdentity, workload: Workload, started_at: String, command_line: [String],
        git_commit: String?, repeats: Int, warm_up_seconds: Double, duration_seconds: Double?,
        operations: Int?,
        sqlite_synchronous: String, redis_server: String?, order: [[String]], machine: Machine,
        versions: Versions
    ) {
        run_id = identity.runID
        self.started_at = started_at
        self.command_line = command_line
        self.git_commit = git_commit
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
    }
}
