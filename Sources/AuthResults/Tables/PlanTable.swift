/// `plan.csv`: one row for each strategy of which `authbench plan` says what a fleet needs.
package enum PlanTable {
    package struct Row: Sendable {
        package var strategy: String
        package var perSecond: Double
        package var storeRTT_ns: Double?
        /// The share of the time for which a server may work; `nil` where no share keeps the p99.
        package var utilization: Double?
        package var verifiers = Part()
        package var store: String
        package var shards: Part?
        package var connections: Double?
        package var header_bytes: Double?
        package var p50_ns: Double?
        package var p99_ns: Double?
        package var exposureP50_ms: Double?
        package var exposureMax_ms: Double?
        /// `measured` or `theory`; blank where nothing is known.
        package var exposureSource = ""
        package var limit = ""
        package var machinePerSecond: Double?
        package var awayRecovery_s: Double?
        package var stickyImbalance: Double?
        package var shardImbalance: Double?
        package var stampede: Double?
        package var statedRateError: Double?
        package var statedP99Error: Double?
        package var seenRateError: Double?
        package var seenP99Error: Double?
        /// Why the stated errors do not hold; blank where they do.
        package var outside = ""
        package var extrapolated: [String] = []
        package var isValid: Bool
        /// Whether its rows have wrong decisions.
        package var isWrong = false
        /// Why there is no plan, or why its rows may not be used.
        package var reason = ""
        package var runs: [String]

        package init(
            strategy: String, perSecond: Double, storeRTT_ns: Double?, store: String, isValid: Bool,
            runs: [String]
        ) {
            (self.strategy, self.perSecond, self.storeRTT_ns) = (strategy, perSecond, storeRTT_ns)
            (self.store, self.isValid, self.runs) = (store, isValid, runs)
        }

        package var headerPerSecond_bytes: Double? { header_bytes.map { $0 * perSecond } }
    }

    /// Machines of one kind.
    package struct Part: Sendable, Equatable {
        /// Processor time of one request, in µs.
        package var cpu_us = 0.0
        package var members = 0
        /// Cores of each of them.
        package var cores = 1
        /// The share of the time for which their cores work then.
        package var utilization = 0.0

        package init() {}

        package init(cpu_us: Double, members: Int, cores: Int, perSecond: Double) {
            (self.cpu_us, self.members, self.cores) = (cpu_us, members, cores)
            utilization = perSecond * cpu_us / 1e6 / Double(max(1, members * cores))
        }
    }

    package static var columns: [Column<Row>] {
        [
            Column("schema_version", .count, "The version of these columns: \(RunIdentity.schemaVersion).") {
                _ in .integer(Int64(RunIdentity.schemaVersion))
            },
            Column("strategy", .text, "The strategy's identifier.") { .text($0.strategy) },
            Column("requests_per_second", .number, "The rate that is planned for.") {
                .number($0.perSecond, digits: 1)
            },
            Column(
                "store_rtt_ns", .optionalNumber,
                "How far away the store is planned to be: the time of a round trip. Blank for next door."
            ) { .number($0.storeRTT_ns, 0) },
            Column(
                "utilization", .optionalShare,
                "The share of the time for which a core may work; blank where no share keeps the p99."
            ) { .number($0.utilization, 2) },
        ] + fleet + times + simulated + trust
            + RunIdentity(runID: "", workload: "", traceSHA256: "").parameters { $0.strategy }
    }

    private static func part(
        _ name: String, _ members: String, _ part: @escaping (Row) -> Part?
    ) -> [Column<Row>] {
        [
            Column(
                "\(name)_cpu_us_per_op", .optionalNumber,
                "Processor time of the \(name) for one request, in µs."
            ) { .number(part($0)?.cpu_us, ThroughputTable.cpuDigits) },
            Column("\(name)_\(members)", .optionalCount, "How many \(members) of the \(name) there are.") {
                .count(part($0).map { UInt64($0.members) })
            },
            Column("\(name)_cores", .optionalCount, "Cores of all of them together.") {
                .count(part($0).map { UInt64($0.members * $0.cores) })
            },
            Column(
                "\(name)_utilization", .optionalNumber,
                "The share of the time for which these cores work then."
            ) { .number(part($0)?.utilization, 4) },
        ]
    }

    private static var fleet: [Column<Row>] {
        part("verifier", "nodes") { $0.utilization == nil ? nil : $0.verifiers }
            + [
                Column("store", .text, "Where sessions or lists are kept; `none` for no store.") {
                    .text($0.store)
                }
            ]
            + part("store", "shards") { $0.utilization == nil ? nil : $0.shards } + [
                Column(
                    "store_connections", .optionalNumber,
                    "Connections to the store that are in use at once, on average: the rate x the time of a request (Little's law). Blank without a store that is a server."
                ) { .number($0.connections, 1) },
                Column(
                    "request_header_bytes", .optionalNumber, "The header line that carries the credential."
                ) {
                    .number($0.header_bytes, 0)
                },
                Column(
                    "header_bytes_per_second", .optionalNumber, "These lines of all requests, in HTTP/1.1."
                ) { .number($0.headerPerSecond_bytes, 0) },
                Column(
                    "limit", .text,
                    "What decides the size: `verifiers` or `store`, whichever needs more processor time; `p99` where only less load keeps it; `one machine` where the strategy cannot have several."
                ) { .text($0.limit) },
            ]
    }

    private static var times: [Column<Row>] {
        [
            Column("p50_ns", .optionalNumber, "The time that half of the checks take at most.") {
                .number($0.p50_ns, 0)
            },
            Column("p99_ns", .optionalNumber, "The time that 99 % of the checks take at most.") {
                .number($0.p99_ns, 0)
            },
            Column(
                "exposure_p50_ms", .optionalNumber,
                "Half of the credentials still work so long after a logout."
            ) { .number($0.exposureP50_ms, 1) },
            Column("exposure_max_ms", .optionalNumber, "The longest such time.") {
                .number($0.exposureMax_ms, 1)
            },
            Column(
                "exposure_source", .text,
                "`measured` by `authbench exposure`, or `theory`, from lifetimes alone."
            ) { .text($0.exposureSource) },
        ]
    }

    private static var simulated: [Column<Row>] {
        [
            Column(
                "store_recovery_s", .optionalNumber,
                "Simulated: how long the requests wait in a line after the store was away for `--store-away`. Blank without a store that is a server."
            ) { .number($0.awayRecovery_s, 2) },
            Column(
                "sticky_node_ratio", .optionalNumber,
                "Simulated: requests of the busiest node over those of the average one, where each user has one node. Blank for one node."
            ) { .number($0.stickyImbalance, 2) },
            Column(
                "shard_ratio", .optionalNumber,
                "Simulated: the same of the busiest shard. Blank for one shard."
            ) { .number($0.shardImbalance, 2) },
            Column(
                "stampede_ratio", .optionalNumber,
                "Simulated: what the store is asked while all copies are missing, over what it can do. Blank without copies."
            ) { .number($0.stampede, 2) },
        ]
    }

    private static var trust: [Column<Row>] {
        [
            Column(
                "machine_per_second", .optionalNumber,
                "What the machine that was measured would carry at most, with its store and the clients on it."
            ) { .number($0.machinePerSecond, 1) },
            Column(
                "stated_rate_error", .optionalNumber,
                "By how much such predictions of a rate were off at most where they were validated; blank outside of that."
            ) { .number($0.statedRateError, 2) },
            Column("stated_p99_error", .optionalNumber, "The same of p99.") {
                .number($0.statedP99Error, 2)
            },
            Column(
                "seen_rate_error", .optionalNumber,
                "By how much the model is off most against the closed loops of these folders that it was not made from; blank without one."
            ) { .number($0.seenRateError, 4) },
            Column("seen_p99_error", .optionalNumber, "The same of p99, against the open loops.") {
                .number($0.seenP99Error, 4)
            },
            Column(
                "outside_validated", .text,
                "Why the plan is outside of what was validated; blank where the stated errors hold."
            ) { .text($0.outside) },
            Column("extrapolated", .text, "What was not measured but extrapolated, separated by `; `.") {
                .text($0.extrapolated.joined(separator: "; "))
            },
            Column("valid", .flag, "Whether the rows that the plan is made of may be used.") {
                .flag($0.isValid)
            },
            Column("reason", .text, "Why there is no plan, or why its rows may not be used.") {
                .text($0.reason)
            },
            Column("run_ids", .text, "The runs that the plan is made of, separated by `; `.") {
                .text($0.runs.joined(separator: "; "))
            },
        ]
    }
}
