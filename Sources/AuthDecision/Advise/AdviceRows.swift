import AuthCore
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

    /// Sign-ins in each second that a row's run carried; where a rate was asked for, those that it asks for.
    func signInsPerSecond(of row: Row) -> Double {
        if let rate = rate(of: row) { return rate * row.signInShare }
        let own = rows("throughput.csv", row.strategy, where: ["valid": "true"]).filter {
            $0.folder.runID == row.folder.runID
        }
        let wall_s = own.reduce(0) { $0 + ($1.number("wall_ns") ?? 0) } / 1e9
        let all = own.reduce(0) { $0 + ($1.number("operations") ?? 0) }
        return wall_s > 0 ? all * row.signInShare / wall_s : 0
    }

    /// What a sign-in costs: all processor time of a run that does little else, over its sign-ins.
    ///
    /// - Parameters:
    ///   - strategy: the strategy.
    ///   - stands: whether a row has the distance and the claims that are asked for.
    /// - Returns: of the service and of the store, in µs; `nil` where no such run was made.
    func signInCost(_ strategy: String, where stands: (Row) -> Bool) -> [Reading]? {
        let rows = rows(
            "summary.csv", strategy, where: ["operation": "login", "clock": "service", "valid": "true"]
        ).filter { $0.signInShare >= Self.leastSignInShare && stands($0) }
        guard let row = rows.max(by: { $0.signInShare < $1.signInShare }) else { return nil }
        return row.cost(per: row.signInShare)
    }

    /// With fewer sign-ins, too much of the time is that of other operations.
    private static let leastSignInShare = 0.3

    /// How far away stores were in the runs, in nanoseconds, ascending.
    var distances_ns: [Double] { Set(rows("summary.csv").compactMap(\.distance_ns)).sorted() }

    /// Why no row on checks can be used, in two or three words.
    func whyNoCheck(_ strategy: String) -> String {
        let rows = rows("summary.csv", strategy)
        return rows.isEmpty ? Finding.notMeasured : isDisturbed(strategy) ? "no valid row" : "not so measured"
    }

    /// What made all rows of a strategy ones that may not be used, the first reason; `nil` where some may.
    func disturbance(_ strategy: String) -> String? {
        guard isDisturbed(strategy) else { return nil }
        return rows("throughput.csv", strategy).lazy.map { $0["reason"] }.first { !$0.isEmpty }
            .map { "no valid row: \($0): measure again" }
    }

    private func isDisturbed(_ strategy: String) -> Bool {
        rows("summary.csv", strategy).allSatisfy { $0["valid"] != "true" }
    }
}

extension Evidence.Row {
    /// How far away the store was, in nanoseconds; `nil` where nothing was asked.
    fileprivate var distance_ns: Double? { number("store_rtt_asked_ns") }

    /// The share of sign-ins among the operations of its workload.
    var signInShare: Double { folder.record.workload.mix[.login] }

    /// Processor time of the service, and of the store where it has a process, in µs.
    ///
    /// - Parameter share: of the operations to which all of it is charged.
    /// - Returns: `nil` where one of them is unknown.
    func cost(per share: Double = 1) -> [Reading]? {
        guard let own = figure("cpu_us_per_op", factor: 1 / share),
            let store = figure("store_cpu_us_per_op", factor: 1 / share)
        else { return nil }
        return store.value == 0 ? [own] : [own, store]
    }

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
