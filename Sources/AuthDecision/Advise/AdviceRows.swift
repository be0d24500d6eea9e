import AuthResults
import Foundation

/// A number, and where it stands.
struct Reading: Sendable, Equatable {
    var value: Double
    /// The run, the file and the column.
    var source: String
}

extension Evidence {
    /// Reads result folders of `run`, `exposure` and `outage`.
    ///
    /// - Throws: `ResultError` that names the folder: for one that is damaged, not complete, of another schema, or of another
    ///   machine than the first.
    package init(_ folders: [URL]) throws(ResultError) {
        try self.init(folders.map { ($0.lastPathComponent, nil, ResultReader($0)) })
    }

    /// What was measured, in the order in which the folders have it.
    package var strategies: [String] {
        var seen: Set<String> = []
        return folders.flatMap { $0.record.order.joined() }.filter { seen.insert($0).inserted }
    }

    /// The rows of `summary.csv` on checks of good credentials, valid ones, by a clock.
    func checks(_ strategy: String, clock: String) -> [Row] {
        rows("summary.csv", strategy, where: ["operation": "authenticate", "clock": clock, "valid": "true"])
    }

    /// Requests in each second that were asked of a row's strategy; `nil` where clients waited for answers.
    func rate(of row: Row) -> Double? {
        rows("throughput.csv", row.strategy).first { $0.folder.runID == row.folder.runID }?.number(
            "target_rate")
    }

    /// How far away stores were in the runs, in nanoseconds, ascending.
    var distances_ns: [Double] { Set(rows("summary.csv").compactMap(\.distance_ns)).sorted() }

    /// Why no row on checks can be used, in two or three words.
    func whyNoCheck(_ strategy: String) -> String {
        let rows = rows("summary.csv", strategy)
        return rows.isEmpty
            ? "not measured" : rows.allSatisfy { $0["valid"] != "true" } ? "no valid row" : "not so measured"
    }
}

extension Evidence.Row {
    /// How far away the store was, in nanoseconds; `nil` where nothing was asked.
    fileprivate var distance_ns: Double? { number("store_rtt_asked_ns") }

    /// Bytes of claims of the user's own in the workload.
    var claims_bytes: Int { folder.record.workload.policy.claims.members.utf8.count }

    func figure(_ column: String, factor: Double = 1) -> Reading? {
        number(column).map { Reading(value: $0 * factor, source: "\(folder.runID), \(file), \(column)") }
    }

    /// Whether it stands for a distance: no check waits for a store, or the store was as far away.
    func stands(forDistance_ns wanted_ns: Double?) -> Bool {
        if number("store_round_trips_per_op") == 0 { return true }
        guard let wanted_ns else { return distance_ns == nil }
        return abs((distance_ns ?? 0) - wanted_ns) <= max(0.05 * wanted_ns, 50_000)
    }
}
