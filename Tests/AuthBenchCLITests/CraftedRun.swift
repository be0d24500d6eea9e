import AuthCore
import AuthGate
import AuthResults
import AuthVerdict
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
        let data = try JSONSerialization.data(withJSONObject: record)
        try data.write(to: folder.url.appendingPathComponent("run.json"))
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
        let slice = LatencyHistogram(
            [
                LatencyHistogram.Bucket(
                    index: BucketLayout.index(of: UInt64(time_ns)), count: samples - samples / 50),
                .init(index: BucketLayout.index(of: UInt64(3 * time_ns)), count: samples / 50),
            ].filter { $0.count > 0 })
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
            wall_ns: UInt64(Double(samples) * time_ns * 100), usage: usage)
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

    private var record: [String: Any] {
        [
            "schema_version": RunIdentity.schemaVersion, "run_id": runID, "status": "complete",
            "trace_sha256": trace, "repeats": repeats, "order": Array(repeating: strategies, count: repeats),
            "workload": ["name": "crafted", "mix": ["authenticate": 1.0]] as [String: Any],
            "warm_up_seconds": warmUp_s, "duration_seconds": duration_s,
            "sqlite_synchronous": synchronous, "stores": stores, "redis_server": redis?.server ?? NSNull(),
            "machine": [
                "cpu_model": cpuModel, "cores": 2, "kernel": kernel, "cpu_affinity": affinity,
                "load_average": ["load1": load1],
            ],
            "versions": [
                "authbench": "0", "swift": "6", "sqlite": sqliteVersion, "openssl": "3",
                "sqlite_settings": ["mmap_size": mmap_bytes],
            ] as [String: Any],
        ]
    }

    private var stores: [String: Any] {
        [
            "sqlite": ["file": sqliteFile, "topology": "in-process"],
            "redis": redis.map { ["topology": $0.topology] } ?? NSNull(),
        ]
    }
}
