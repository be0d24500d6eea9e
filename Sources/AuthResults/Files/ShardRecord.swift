import AuthCore
import Backends

/// Which part of a trace's clients a run had, and when it measured: `shard` in `run.json`.
package struct ShardRecord: Codable, Sendable {
    /// When a repeat of a strategy was measured, by the clock of the day.
    package struct Window: Codable, Sendable, Equatable {
        package var strategy: String
        package var `repeat`: Int
        /// Nanoseconds since 1970.
        package var started_unix_ns: UInt64
        package var ended_unix_ns: UInt64

        package init(strategy: String, repeat: Int, started_unix_ns: UInt64, ended_unix_ns: UInt64) {
            (self.strategy, self.repeat) = (strategy, `repeat`)
            (self.started_unix_ns, self.ended_unix_ns) = (started_unix_ns, ended_unix_ns)
        }

        /// - Returns: `nil` where nobody looked at the clock.
        package init?(_ measurement: RepeatMeasurement) {
            guard let started = measurement.startedUnix_ns else { return nil }
            self.init(
                strategy: measurement.strategy, repeat: measurement.repeatIndex, started_unix_ns: started,
                ended_unix_ns: started + measurement.wall_ns)
        }
    }

    /// Counted from 1.
    package var index: Int
    package var count: Int
    /// How many clients it had.
    package var clients: Int
    /// What the shards of one run have in common and no other run has; `null` where there was no other shard.
    @OrNull package var run: String?
    /// The name of the machine.
    @OrNull package var host: String?
    package var windows: [Window] = []

    package init(index: Int, count: Int, clients: Int, run: String?) {
        (self.index, self.count, self.clients) = (index, count, clients)
        self.run = run
        host = SystemFile.line("/proc/sys/kernel/hostname")
    }

    package var name: String { "shard \(index) of \(count)" }
}

/// One of the shards of which a merged run is made: an element of `shards` in `run.json`.
package struct MergedShardRecord: Codable, Sendable {
    /// What it gave to one row of `throughput.csv`.
    package struct Part: Codable, Sendable {
        package var strategy: String
        package var `repeat`: Int
        package var operations: UInt64
        /// Of the operations of all shards, from 0 to 1; `null` where there were none.
        @OrNull package var share: Double?
        /// Why its numbers may not be used; `null` where they may.
        @OrNull package var reason: String?

        package init(strategy: String, repeat: Int, operations: UInt64, share: Double?, reason: String?) {
            (self.strategy, self.repeat, self.operations) = (strategy, `repeat`, operations)
            (self.share, self.reason) = (share, reason)
        }
    }

    package var run_id: String
    package var started_at: String
    package var command_line: [String]
    package var shard: ShardRecord
    package var machine: MachineRecord
    package var parts: [Part]

    package init(_ record: RunRecord, _ shard: ShardRecord, _ parts: [Part]) {
        (run_id, started_at, command_line) = (record.run_id, record.started_at, record.command_line)
        (self.shard, machine, self.parts) = (shard, record.machine, parts)
    }
}
