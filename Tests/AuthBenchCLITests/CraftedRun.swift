import AuthCore
import AuthResults
@testable import Backends
import Foundation

/// A result folder with known differences, written as `run` writes it, without a run.
struct CraftedRun {
    var runID: String
    var strategies = ["sqlite-session", "hs256-jwt", "null-baseline"]
    var repeats = 10
    var clients = 2
    var trace = String(repeating: "ab", count: 32)
    var cpuModel = "crafted"
    var kernel = "1.0"
    var synchronous = "normal"
    var mmap_bytes = 0
    var affinity = "0-1"
    var duration_s = 1.0
    var warmUp_s = 0.5
    var sqliteFile = "temporary"
    var redis: (server: String, topology: String)?
    var sqliteVersion = "3"
    var load1 = 0.1
    var load5: Double?
    /// Of every time of every repeat, as a fraction to either side.
    var noise = 0.01
    /// By strategy; 1.3 takes 30 % longer.
    var slowness: [String: Double] = [:]
    var credential_bytes = 40
    /// Of the first strategy in the first repeat.
    var falseAccepts: UInt64 = 0
    var falseRejects: UInt64 = 0
    var errors: UInt64 = 0
    var stolenShare: Double?
    /// Which shard of a run it is; `nil` for a whole one.
    var shard: (index: Int, count: Int)?
    /// By which shards know that they belong together.
    var meeting = "one"
    /// How much later than other shards it began.
    var lateness_ns: UInt64 = 0
    /// The times of a strategy's place in a repeat, in the place of those that follow from the rest.
    var times: ((_ place: Int, _ repeatIndex: Int) -> [UInt64])?

    init(_ runID: String) { self.runID = runID }

    /// Makes the folder `<parent>/<run id>`.
    func write(in parent: URL) throws -> URL {
        let identity = RunIdentity(runID: runID, workload: "crafted", traceSHA256: trace)
        let folder = try ResultFolder(in: parent, identity: identity)
        var assessments: [Assessment] = []
        var random = RandomSource(seed: UInt64(runID.utf8.reduce(7) { $0 &* 31 &+ UInt32($1) }))
        for index in 1...repeats {
            for place in strategies.indices {
                let factor = 1 + noise * Double.random(in: -1...1, using: &random)
                assessments.append(Assessment(measurement(place, index, factor)))
                try folder.write(assessments, costReports: strategies.map(costReport), baseline: nil)
            }
        }
        var record = record(identity)
        record.shard = shard.map {
            ShardRecord(index: $0.index, count: $0.count, clients: clients, run: meeting)
        }
        record.shard?.windows = assessments.compactMap { ShardRecord.Window($0.measurement) }
        try folder.write(record)
        return folder.url
    }

    private func measurement(_ place: Int, _ index: Int, _ factor: Double) -> RepeatMeasurement {
        let strategy = strategies[place]
        let isFirst = place == 0 && index == 1
        // The baseline is quiet, and has too few samples for any quantile.
        let isBaseline = strategy == "null-baseline"
        let time_ns = 2000 * (isBaseline ? 1 : factor) * slowness[strategy, default: 1]
        let samples: UInt64 = isBaseline ? 4 : 10_000
        var tally = Tally()
        tally.completed = samples
        tally.accepted = samples / 2
        tally.refused = samples / 2
        if isFirst { (tally.falseAccepts, tally.falseRejects) = (falseAccepts, falseRejects) }
        if isFirst { tally.errors = errors }
        var slice = LatencyHistogram(
            [
                LatencyHistogram.Bucket(
                    index: BucketLayout.index(of: UInt64(time_ns)), count: samples - samples / 50),
                .init(index: BucketLayout.index(of: UInt64(3 * time_ns)), count: samples / 50),
            ].filter { $0.count > 0 })
        var wall_ns = UInt64(Double(samples) * time_ns * 100)
        if let times = times?(place, index) {
            slice = LatencyHistogram(
                merging: times.map { [.init(index: BucketLayout.index(of: $0), count: 1)] }
                    .map { LatencyHistogram($0) })
            (tally.completed, tally.accepted, tally.refused) = (slice.count, slice.count, 0)
            wall_ns = 1_000_000_000
        }
        var usage = Usage()
        usage.cpu_ns = UInt64(Double(samples) * time_ns)
        usage.steal_share = isFirst ? stolenShare : nil
        var measurement = RepeatMeasurement(
            strategy: strategy, repeatIndex: index, runOrder: (index - 1) * strategies.count + place + 1,
            clients: clients,
            operations: [
                .init(
                    kind: .authenticate, service: SlicedHistogram([slice, LatencyHistogram()]),
                    tally: tally)
            ],
            wall_ns: wall_ns, usage: usage)
        measurement.startedUnix_ns = 1_700_000_000_000_000_000 + lateness_ns
        for _ in 0..<(isFirst ? errors : 0) { measurement.errors.note("the store is down") }
        return measurement
    }

    private func costReport(_ strategy: String) -> CostReport {
        let descriptor = StrategyDescriptor(
            id: strategy, title: "crafted", transport: .bearer, revocation: .immediate)
        let line =
            Array("Authorization: Bearer ".utf8)
            + Array(repeating: UInt8(ascii: "a"), count: credential_bytes)
        let sizes = ClaimProfile.allCases.map {
            CredentialSize(
                strategy: descriptor, profile: $0, credential: Credential(headerLine: line))
        }
        return CostReport(strategy: strategy, sizes: sizes, growth: nil, commands: StoreCommands())
    }

    private func record(_ identity: RunIdentity) -> RunRecord {
        var workload = Workload.only(.authenticate, clients: clients, population: 100)
        workload.name = "crafted"
        var machine = MachineRecord(cores: 2, memory_bytes: 1 << 30)
        (machine.cpu_model, machine.kernel, machine.cpu_affinity) = (cpuModel, kernel, affinity)
        machine.load_average = .init(load1: load1, load5: load5 ?? load1, load15: load1)
        var versions = VersionRecord(
            authbench: "0", swift: "6", sqlite: sqliteVersion, sqlite_compile_options: [], openssl: "3")
        versions.sqlite_settings = SQLitePragmas(
            journal_mode: "wal", synchronous: synchronous, page_size: 4096, cache_size: -2000,
            mmap_size: Int64(mmap_bytes), wal_autocheckpoint: 1000, journal_size_limit: -1)
        var stores = StoreRecord()
        stores.sqlite = .init(
            file: StoreRecord.SQLite.File(rawValue: sqliteFile) ?? .temporary, wal_limit_bytes: 64 << 20)
        stores.redis = redis.map {
            .init(topology: $0.topology, round_trip_p50_ns: 1, round_trip_min_ns: 1, round_trips: 1)
        }
        var record = RunRecord(
            identity: identity, workload: workload, started_at: "2026-11-21T08:45:00Z",
            command_line: ["authbench", "run"], git_commit: nil, git_dirty: nil, repeats: repeats,
            warm_up_seconds: warmUp_s, duration_seconds: duration_s, operations: nil,
            sqlite_synchronous: synchronous, redis_server: redis?.server,
            order: Array(repeating: strategies, count: repeats), machine: machine, versions: versions,
            stores: stores)
        record.status = .complete
        return record
    }
}
