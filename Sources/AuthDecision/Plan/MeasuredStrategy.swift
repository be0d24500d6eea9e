import AuthCore
import AuthResults
import AuthStatistics

/// One strategy as one run measured it.
struct MeasuredPoint: Sendable {
    let row: SweepTable.Row
    /// Processors that the run had, those that its control group allows.
    let cores: Double
    /// Processor time of the relay for one request, in µs.
    let relay_us: Double

    var runID: String { row.identity.runID }
    var perSecond: Double { row.pooled.rate ?? 0 }
    var distance_ns: Double? { row.pooled.storeRTTAsked_ns.map { Double($0) } }
    var verifier_us: Double { row.pooled.cpu_us_per_op ?? 0 }
    var trips: Double { row.pooled.storeRoundTrips_per_op ?? 0 }
    /// `nil` where the store does not tell its own.
    var store_us: Double? { row.pooled.storeCPU_us_per_op }
    /// Of all that ran on the machine for one request.
    var all_us: Double { verifier_us + (store_us ?? 0) + relay_us }
    /// The share of the time for which its processors worked.
    var utilization: Double { perSecond * all_us / 1e6 / cores }

    /// How long checks took, from the start of the call.
    var times: LatencyHistogram { row.service?.times ?? LatencyHistogram() }

    var mean_ns: Double? { times.mean_ns }

    /// The variance of the shortest 99 % of them over the square of their mean; the rest is the machine's.
    var variability: Double {
        let longest_ns = times.value_ns(at: 0.99) ?? 0
        let usual = LatencyHistogram(times.buckets.filter { $0.upper_ns <= longest_ns })
        guard let mean_ns = usual.mean_ns, mean_ns > 0 else { return 1 }
        let squares = usual.buckets.reduce(0.0) { sum, bucket in
            let middle_ns = Double(bucket.lower_ns + bucket.upper_ns) / 2
            return sum + (middle_ns - mean_ns) * (middle_ns - mean_ns) * Double(bucket.count)
        }
        return squares / Double(usual.count) / mean_ns / mean_ns
    }
}

extension Evidence {
    /// What each run measured of a strategy, the one with the least load first.
    func points(of strategy: String) -> [MeasuredPoint] { pointsByStrategy[strategy] ?? [] }

    /// All of them by strategy: histograms are added up once.
    var pointsByStrategy: [String: [MeasuredPoint]] {
        var points: [String: [MeasuredPoint]] = [:]
        for folder in folders where folder.reader.content == .run {
            let place = SweepTable.Point(.clients, folder.experiment, value: nil)
            for row in SweepTable.rows(folder.reader, experiment: folder.experiment, at: place) {
                let own = rows("throughput.csv", row.strategy).filter { $0.folder.runID == folder.runID }
                let relay = own.compactMap { $0.number("relay_cpu_us_per_op") }
                let machine = folder.record.machine
                let cores = min(Double(machine.cores), machine.cgroup?.cpu_quota_cores ?? .infinity)
                points[row.strategy, default: []].append(
                    MeasuredPoint(
                        row: row, cores: cores,
                        relay_us: relay.isEmpty ? 0 : relay.reduce(0, +) / Double(relay.count)))
            }
        }
        return points.mapValues { own in own.sorted { ($0.perSecond, $0.runID) < ($1.perSecond, $1.runID) } }
    }
}
