import Foundation

/// The lines, one JSON object each, by which `gate` drives a program: it greets, is told what to prepare, and
/// then measures slice by slice until its input ends.
enum SliceProtocol {
    static let version = 2

    /// The first line of the program.
    struct Greeting: Codable {
        var slice_protocol: Int
        var authbench: String
        var strategies: [Strategy]
    }

    struct Strategy: Codable {
        var id: String
        /// Names of `StrategyDescriptor.Store`.
        var stores: [String]
        /// Whether it only shows the harness's own cost.
        var is_baseline: Bool
        /// Whether a request prolongs a session's life, which must be written.
        var touches: Bool
        /// Names of `StrategySet`; an older program tells none.
        var sets: [String]?
        /// Those of `GateOperation` that it has; `nil` for all.
        var operations: [String]?
    }

    struct Case: Codable, Hashable {
        var strategy: String
        var operation: String
    }

    /// What to make ready: all cases alike but for strategy and operation, and the clients of some.
    struct Preparation: Codable {
        var cases: [Case]
        /// Of the cases that have several.
        var clients: Int
        var population: Int
        var seed: UInt64
        var sqlite_path: String
        /// Of a server that is only used under the prefix.
        var redis_url: String?
        var redis_prefix: String
        /// Of a server in which only tables of the schema are made.
        var postgres_url: String?
        var postgres_schema: String?
        /// With the name of a realm, which is made anew.
        var authority_url: String?
        var authority_client_id: String?
        var authority_client_secret: String?
    }

    struct Order: Codable {
        /// Index into the prepared cases.
        var caseIndex: Int
        var operations: Int

        private enum CodingKeys: String, CodingKey {
            case caseIndex = "case"
            case operations
        }
    }

    /// A line to the program: one of the three.
    struct Request: Codable {
        var prepare: Preparation?
        var measure: Order?
        /// The case whose service times are wanted, of all slices since they were last told.
        var times: Int?
    }

    struct Prepared: Codable {
        /// Of each case's trace, in order.
        var trace_sha256: [String]
    }

    struct Slice: Codable {
        var wall_ns: UInt64
        /// Of the whole process.
        var cpu_ns: UInt64
        /// Of the clients' threads alone.
        var clients_cpu_ns: UInt64
        var store_commands: UInt64
        var voluntary_switches: UInt64
        var involuntary_switches: UInt64
        var accepted: UInt64
        var refused: UInt64
        var false_accepts: UInt64
        var false_rejects: UInt64
        var errors: UInt64
        var first_error: String?
    }

    /// What a case's slices have left since they were last told.
    struct Times: Codable {
        /// Service times: bucket and count in turn.
        var buckets: [UInt64]
        /// By how much what the process holds in memory grew since any case's were told.
        var grown_bytes: Int64
    }

    /// A line from the program: one of the four.
    struct Answer: Codable {
        var prepared: Prepared?
        var slice: Slice?
        var times: Times?
        var error: String?
    }

    static func line(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value) + Data("\n".utf8)
    }
}
