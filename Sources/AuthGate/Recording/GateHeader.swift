import AuthCore
import AuthStatistics
import Backends
import Foundation

/// What is compared, by which rules, where.
package struct GateHeader: Codable, Sendable, Equatable {
    package static let currentSchema = 2

    package struct Program: Codable, Sendable, Equatable {
        /// Its name, or the command that starts a server.
        package var file: String
        /// Of its bytes; empty for a command, because nobody knows all the files behind it.
        package var sha256: String
        /// Its own, or what a server says of itself.
        package var version: String

        package init(file: String, sha256: String, version: String) {
            (self.file, self.sha256, self.version) = (file, sha256, version)
        }
    }

    package struct Case: Codable, Sendable, Equatable {
        package var strategy: String
        package var operation: String
        /// In each slice of either side.
        package var operations_per_slice: Int
        package var trace_sha256: String
        /// Each has two slices of either side, in the order ABBA or BAAB.
        package var quads: Int
        package var rank: GateRank
        package var clients: Int
        /// Whether the strategy's store is a process of its own, whose CPU time is measured.
        package var has_server: Bool
        /// Whether both sides are the base, so that any difference is the gate's own.
        package var is_sentinel: Bool

        package init(
            strategy: String, operation: String, operations_per_slice: Int, trace_sha256: String,
            quads: Int, rank: GateRank = .main, clients: Int = 1, has_server: Bool = false,
            is_sentinel: Bool = false
        ) {
            self.strategy = strategy
            self.operation = operation
            self.operations_per_slice = operations_per_slice
            self.trace_sha256 = trace_sha256
            self.quads = quads
            self.rank = rank
            self.clients = clients
            self.has_server = has_server
            self.is_sentinel = is_sentinel
        }

        package var name: String { "\(strategy) \(operation)" }

        /// In all slices of one side of a block.
        package var operationsPerSide: Int { operations_per_slice * 2 * quads }

        /// Whether a metric is measured in it at all.
        package func has(_ metric: GateMetric) -> Bool {
            (metric != .store_cpu_ns || has_server) && rank.has(metric)
        }

        package func bounds(_ metric: Metric) -> StagedTest.Tolerance {
            rank.bounds ?? metric.bounds
        }
    }

    /// How the servers of both sides were asked.
    package struct Target: Codable, Sendable, Equatable {
        /// With `{{port}}` for the port, another in each block.
        package var url: String
        package var contract_sha256: String

        init(_ target: GateTarget) {
            url = target.url
            contract_sha256 = SHA256.hexadecimal(of: Array(target.contract.utf8))
        }
    }

    package struct Metric: Codable, Sendable, Equatable {
        package var name: GateMetric
        package var bounds: StagedTest.Tolerance
        package var least_requests: Int

        package init(_ name: GateMetric) {
            self.name = name
            bounds = name.bounds
            least_requests = name.leastRequests
        }
    }

    /// A case that only one of the programs has.
    package struct Unpaired: Codable, Sendable, Equatable {
        package var strategy: String
        package var only_in: GateRole

        package init(strategy: String, only_in: GateRole) {
            (self.strategy, self.only_in) = (strategy, only_in)
        }
    }

    package var schema = currentSchema
    package var base: Program
    package var head: Program
    package var started_at: String
    package var seed: UInt64
    package var population: Int
    package var budget_s: Double
    /// Somebody's servers that were compared over HTTP; `nil` where programs were.
    ///
    /// CPU times are then those of the servers.
    package var target: Target?
    /// How far away the store was to be; `nil` where it was asked directly, or no case has one.
    ///
    /// Recordings that differ in it are of different work.
    package var store_rtt_asked_ns: UInt64?
    package var rules: StagedTest.Rules
    package var metrics: [Metric]
    package var cases: [Case]
    package var unpaired: [Unpaired]
    package var cpu_model: String?
    package var cores: Int
    package var kernel: String?
    package var load1: Double?

    package init(
        base: Program, head: Program, started_at: String, seed: UInt64, population: Int,
        budget_s: Double, rules: StagedTest.Rules, cases: [Case], unpaired: [Unpaired], cores: Int
    ) {
        self.base = base
        self.head = head
        self.started_at = started_at
        self.seed = seed
        self.population = population
        self.budget_s = budget_s
        self.rules = rules
        self.cases = cases
        self.unpaired = unpaired
        self.cores = cores
        metrics = GateMetric.allCases.map { Metric($0) }
    }

    /// Why no gate can have begun like this, if so: a recording comes from outside.
    var fault: String? {
        guard schema == Self.currentSchema else { return Self.reason(schema) }
        let isSound =
            rules.blocks.count == 3 && rules.blocks.allSatisfy { 1...1000 ~= $0 }
            && (0...1).contains(rules.alpha) && (0...1).contains(rules.screen_p)
            && (0...1).contains(rules.passLevel) && (0...1e9).contains(budget_s)
            && store_rtt_asked_ns ?? 0 <= StoreRTT.most_ns
            && cases.allSatisfy {
                1...1_000_000_000 ~= $0.operations_per_slice && 1...1000 ~= $0.quads
            }
            && metrics.allSatisfy {
                (0...10).contains($0.bounds.tolerance) && (0...10).contains($0.bounds.minimumEffect)
            }
        return isSound ? nil : "the header is not one that a gate writes"
    }

    /// Whether a program was compared with itself.
    package var isSelfComparison: Bool {
        target == nil ? base.sha256 == head.sha256 : base.file == head.file
    }

    private static func reason(_ schema: Int) -> String {
        "the recording has schema \(schema), and this authbench reads \(currentSchema): "
            + "use the authbench that recorded it, or record again"
    }

    /// Why a first line that cannot be read is none of this version, if it is one of another.
    package static func versionFault(_ line: Data) -> String? {
        struct Versioned: Decodable {
            struct Header: Decodable { var schema: Int }
            var header: Header
        }
        let schema = try? JSONDecoder().decode(Versioned.self, from: line).header.schema
        return schema.flatMap { $0 == currentSchema ? nil : reason($0) }
    }
}
