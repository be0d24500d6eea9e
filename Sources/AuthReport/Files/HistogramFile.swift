import AuthCore
import Foundation

/// `histograms/<strategy>-<repeat>-<operation>.json`: every recorded time of one cell, without loss and
/// mergeable by adding counts.
struct HistogramFile: Encodable {
    let schema_version = RunIdentity.schemaVersion
    let run_id: String
    let strategy: String
    let workload: String
    let trace_sha256: String
    let `repeat`: Int
    let operation: String
    let clock = "service"
    /// Times between `lower_ns` and `upper_ns` count as one; three significant digits are kept
    /// (HdrHistogram).
    let columns = ["lower_ns", "upper_ns", "count"]
    let buckets: [[UInt64]]

    let name: String

    private enum CodingKeys: String, CodingKey {
        case schema_version, run_id, strategy, workload, trace_sha256, `repeat`, operation, clock, columns,
            buckets
    }

    init(_ identity: RunIdentity, _ measurement: RepeatMeasurement, _ one: OperationMeasurement) {
        run_id = identity.runID
        strategy = measurement.strategy
        workload = identity.workload
        trace_sha256 = identity.traceSHA256
        self.repeat = measurement.repeatIndex
        operation = one.kind.name
        buckets = one.service.buckets.map { [$0.lower_ns, $0.upper_ns, $0.count] }
        name = "\(strategy)-\(measurement.repeatIndex)-\(operation).json"
    }
}
