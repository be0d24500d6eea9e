import AuthCore
import AuthResults
import AuthVerdict
import Foundation

/// What result folders say about strategies; every figure comes with the row that it is from.
package struct MeasuredStrategies: Sendable {
    /// A figure, and where it stands.
    struct Figure: Sendable, Equatable {
        var value: Double
        /// The folder's run, the file and the column.
        var source: String
    }

    /// One row of a file, with the run that it is from.
    struct Row: Sendable {
        var run: String
        var file: String
        var row: TableRow
        /// Bytes of claims of the user's own in the workload.
        var claims_bytes: Int

        subscript(name: String) -> String { row[name] }

        func figure(_ column: String, factor: Double = 1) -> Figure? {
            row.number(column).map { Figure(value: $0 * factor, source: "\(run), \(file), \(column)") }
        }
    }

    /// In the order in which the folders have them.
    package private(set) var strategies: [String] = []
    /// The runs read, in their order, and the command line of each.
    package private(set) var runs: [(id: String, commandLine: [String])] = []
    package private(set) var machine: MachineRecord?
    private var rows: [String: [Row]] = [:]

    /// Reads result folders of `run`, `exposure` and `outage`.
    ///
    /// - Throws: `ResultError` that names the folder: for one that is damaged, not complete, of another schema, or of another
    ///   machine than the first.
    package init(_ folders: [URL]) throws(ResultError) {
        for folder in folders {
            let reader = ResultReader(folder)
            func fault(_ text: String) -> ResultError { ResultError("\(folder.path): \(text)") }
            if let writer = reader.writer, writer.schema_version != RunIdentity.schemaVersion {
                throw fault(
                    "its schema_version is \(writer.schema_version), not \(RunIdentity.schemaVersion): measure again"
                )
            }
            // Rows are gone by, for which histograms may have been left out to save space.
            if let first = reader.faults.first(where: { !$0.hasPrefix(HistogramLine.file) }) {
                throw fault(first)
            }
            guard let record = reader.record else { throw fault("it has no run.json") }
            guard record.status == .complete else { throw fault("its run is not complete: measure again") }
            if let machine, let difference = record.machine.differences(from: machine).first {
                throw fault("it is from another machine than the folders before it: \(difference)")
            }
            machine = machine ?? record.machine
            runs.append((record.run_id, record.command_line))
            let claims_bytes = record.workload.policy.claims.members.utf8.count
            for schema in reader.schemas {
                rows[schema.file, default: []] += reader.rows(of: schema.file).map {
                    Row(run: record.run_id, file: schema.file, row: $0, claims_bytes: claims_bytes)
                }
            }
            for name in record.order.joined() where !strategies.contains(name) { strategies.append(name) }
        }
    }

    func rows(of file: String, _ strategy: String) -> [Row] {
        rows[file]?.filter { $0["strategy"] == strategy } ?? []
    }

    /// The rows of `summary.csv` on checks of good credentials, valid ones, by a clock.
    func checks(_ strategy: String, clock: String) -> [Row] {
        rows(of: "summary.csv", strategy).filter {
            $0["operation"] == "authenticate" && $0["clock"] == clock && $0.row.flag("valid")
        }
    }

    /// How far away stores were in the runs, in nanoseconds, ascending.
    var distances_ns: [Double] {
        Set((rows["summary.csv"] ?? []).filter { !$0["store_rtt_asked_ns"].isEmpty }.map(\.distance_ns))
            .sorted()
    }

    /// Why no row on checks can be used, in two or three words.
    func whyNoCheck(_ strategy: String) -> String {
        let rows = rows(of: "summary.csv", strategy)
        return rows.isEmpty
            ? "not measured" : rows.allSatisfy { !$0.row.flag("valid") } ? "no valid row" : "not so measured"
    }

    /// Requests in each second that were asked of a strategy in a run; `nil` where clients waited for answers.
    func rate(_ strategy: String, run: String) -> Double? {
        rows(of: "throughput.csv", strategy).first { $0.run == run }?.row.number("target_rate")
    }
}

extension MeasuredStrategies.Row {
    /// How far away the store was, in nanoseconds.
    var distance_ns: Double { row.number("store_rtt_asked_ns") ?? 0 }

    /// Whether it stands for a distance: no check waits for a store, or the store was as far away.
    func stands(forDistance_ns wanted_ns: Double?) -> Bool {
        if row.number("store_round_trips_per_op") == 0 { return true }
        guard let wanted_ns else { return row["store_rtt_asked_ns"].isEmpty }
        return abs(distance_ns - wanted_ns) <= max(0.05 * wanted_ns, 50_000)
    }
}
