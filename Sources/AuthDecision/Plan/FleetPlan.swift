import AuthCore
import AuthResults
import AuthStatistics
import Foundation

/// What a fleet must carry, and what it is made of.
package struct FleetRequest: Sendable {
    package var perSecond: Double
    /// How far away the store is to be, in ns; `nil` for where it was measured.
    package var storeRTT_ns: Double?
    /// The p99 that checks must keep, in ns.
    package var p99_ns: Double?
    /// The share of the time for which a core may work; `nil` for the usual one, or less where only that keeps the p99.
    package var utilization: Double?
    /// Cores of a verifier's machine; `nil` for as many as the machine has that measured.
    package var nodeCores: Int?
    /// How long the store is away in the simulation, in ns.
    package var storeAway_ns = 1e9

    package init(perSecond: Double) { self.perSecond = perSecond }

    package static let rates = 0.01...1e7
    /// Above it, a small change of the load makes a long line.
    static let usualUtilization = 0.7
    package static let utilizations = 0.01...0.95
}

/// A fleet for each strategy that was measured, from rows alone.
package struct FleetPlan {
    package let request: FleetRequest
    package let rows: [PlanTable.Row]
    /// What the model says of runs that it was not made from.
    package let checks: [PlanCheck]
    package let measured: Evidence

    /// - Parameters:
    ///   - request: what is asked.
    ///   - measured: the rows, with the traits of the strategies.
    ///   - strategies: those to plan for.
    package init(_ request: FleetRequest, _ measured: Evidence, strategies: [String]) {
        (self.request, self.measured) = (request, measured)
        let points = measured.pointsByStrategy
        var (rows, checks, traces) = ([PlanTable.Row](), [PlanCheck](), [String: ReplayedTrace]())
        for strategy in strategies {
            let planner = StrategyPlanner(
                request, measured, strategy, points[strategy] ?? [], measured.traits[strategy])
            let own = planner.checks
            checks += own
            rows.append(planner.row(checks: own, &traces))
        }
        (self.rows, self.checks) = (rows, checks)
    }
}

/// What the model says of a run that it was not made from, beside what that run measured.
package struct PlanCheck: Sendable {
    package let strategy: String
    package let runID: String
    package let clients: Int
    /// Of a closed loop: requests a second.
    package private(set) var rate: (measured: Double, predicted: Double)?
    /// Of an open loop, in ns.
    package private(set) var p99: (measured: Double, predicted: Double)?

    package var rateError: Double? { rate.map { $0.predicted / $0.measured - 1 } }
    package var p99Error: Double? { p99.map { $0.predicted / $0.measured - 1 } }

    /// - Returns: `nil` where the run shows neither, or its load is beyond what the model was validated for.
    init?(of point: MeasuredPoint, by model: MachineModel) {
        (strategy, runID) = (point.row.strategy, point.runID)
        clients = point.row.clients.map { Int($0) } ?? 1
        if let response = point.row.response {
            guard let measured = response.times.supported_ns(0.99), point.perSecond <= model.most else {
                return nil
            }
            let responses = model.responses(perSecond: point.perSecond, clients: clients)
            p99 = (Double(measured), responses.quantile(0.99))
        } else {
            // Without round trips nobody wakes anybody, and a request costs the same at any load.
            guard point.trips == 0 || point.perSecond <= LoadCurve.reach * model.most else { return nil }
            rate = (point.perSecond, model.perSecond(clients: clients))
        }
    }
}

/// Where the model was held against measurements, and by how much it was off there at most.
///
/// A test holds these errors against Tests/Recordings/plan, and docs/plan.md has what came out.
struct Validation: Sendable {
    /// The store, 1 ms away; `nil` for none, or one in the process.
    var server: Store?
    /// The largest error of the rate of a closed loop, up to `LoadCurve.reach` times the highest rate that was measured.
    var rateError: Double
    /// The largest error of p99 in an open loop, at a rate between others; `nil` where it was not held.
    var p99Error: Double?

    static let all: [Self] = [
        .init(server: nil, rateError: 0.1, p99Error: nil),
        .init(server: .redis, rateError: 0.1, p99Error: 0.2),
        .init(server: .postgres, rateError: 0.1, p99Error: nil),
    ]

    /// - Returns: `nil` where nothing like it was held.
    static func of(_ points: [MeasuredPoint], _ server: Store?) -> Self? {
        if points.allSatisfy({ $0.trips == 0 }) { return all.first { $0.server == nil } }
        guard points.allSatisfy({ $0.distance_ns ?? 0 >= 1e6 }) else { return nil }
        return all.first { $0.server == server }
    }

    /// Why the stated errors do not hold for a plan; blank where they do.
    ///
    /// - Parameters:
    ///   - validated: what is like it.
    ///   - row: the plan, with what was seen.
    ///   - beyond: how many times the measured rate a verifier or a shard carries, whichever is more.
    /// - Returns: the reason, in a sentence.
    static func doubt(_ validated: Self?, _ row: PlanTable.Row, beyond: Double) -> String {
        guard let validated else {
            let servers = all.compactMap(\.server?.rawValue).joined(separator: " and ")
            return "the model was held against rows without a store, and against \(servers) 1 ms away, only"
        }
        func percent(_ share: Double) -> String { "\((share * 100).formatted(digits: 1)) %" }
        if let seen = row.seenRateError, seen > validated.rateError {
            return
                "the model is off by \(percent(seen)) against a run of yours, more than the \(percent(validated.rateError)) that it was validated to"
        }
        if let seen = row.seenP99Error, let most = validated.p99Error, seen > most {
            return
                "p99 is off by \(percent(seen)) against a run of yours, more than the \(percent(most)) that it was validated to"
        }
        guard beyond > LoadCurve.reach else { return "" }
        return
            "a machine of it carries \(beyond.formatted(digits: 1)) times the rate that was measured, and \(LoadCurve.reach.formatted(digits: 1)) times was validated: measure with more clients"
    }
}
