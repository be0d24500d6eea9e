import AuthCore
import AuthStatistics

/// Whether every repeat of every strategy did the operations of the workload in its proportions (Pearson's test).
struct MixCheck {
    private(set) var faults: [String] = []

    /// An honest row is refused less than once in a million times: kinds are spread evenly over a trace.
    private static let leastProbability = 1e-6

    init(_ record: ResultReader.RecordHead, _ throughput: [TableRow], _ latency: [TableRow]) {
        let kinds = OperationKind.allCases.map(\.name)
        guard let mix = record.workload.mix else {
            faults.append("run.json: the workload has no mix")
            return
        }
        let shares = kinds.map { mix[$0] ?? 0 }
        var counts: [[String]: [UInt64]] = [:]
        for row in latency where row["clock"] == LatencyClock.service.rawValue {
            guard let kind = kinds.firstIndex(of: row["operation"]) else { continue }
            counts[[row["strategy"], row["repeat"]], default: kinds.map { _ in 0 }][kind] &+=
                row.count("n") ?? 0
        }
        // An operation that failed is in no row of latency.csv.
        for row in throughput where row["errors"] == "0" {
            guard let own = counts[[row["strategy"], row["repeat"]]],
                let probability = ChiSquare.pValue(own, shares: shares),
                probability < Self.leastProbability
            else { continue }
            let sum = own.reduce(0.0) { $0 + Double($1) }
            let seen = kinds.indices.filter { shares[$0] > 0 || own[$0] > 0 }.map {
                "\(kinds[$0]) \((Double(own[$0]) / sum).formatted(digits: 4)) of \(shares[$0])"
            }
            faults.append(
                row.fault("the operations are not the workload's mix: \(seen.joined(separator: ", "))"))
        }
    }
}
