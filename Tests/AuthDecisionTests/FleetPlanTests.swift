import AuthCore
import AuthResults
import AuthStatistics
import AuthStrategies
import Foundation
import Testing

@testable import AuthDecision

/// The model of `authbench plan`, and its predictions for a recording of real runs.
@Suite("Fleet plans")
struct FleetPlanTests {
    /// Series of a real machine: their histograms have checks only, and all slices in one.
    private static let recordings = Recorded.url.deletingLastPathComponent().appendingPathComponent("plan")

    private static func evidence(_ series: String) throws -> Evidence {
        try Recorded.evidence(recordings.appendingPathComponent(series))
    }

    private static func points(_ series: String, of strategy: String) throws -> [MeasuredPoint] {
        try evidence(series).points(of: strategy)
    }

    // MARK: Predictions against measurements

    /// Runs with more clients, which are predicted from those with fewer.
    struct Held {
        let (series, strategy): (String, String)
        let server: Store?
        /// The most clients that the model knows, and the most that it is asked for.
        let (from, to): (UInt64, UInt64)

        init(_ series: String, _ strategy: String, _ server: Store?, from: UInt64, to: UInt64) {
            (self.series, self.strategy, self.server) = (series, strategy, server)
            (self.from, self.to) = (from, to)
        }
    }

    @Test(
        "the capacity of the recorded machine with more clients is predicted from runs with few",
        arguments: [
            Held("in-process", "hs256-jwt", nil, from: 1, to: 8),
            Held("in-process", "rs256-jwt", nil, from: 1, to: 8),
            Held("away", "redis-session", .redis, from: 32, to: 64),
            Held("away", "denylist-redis", .redis, from: 32, to: 64),
            Held("away", "postgres-session", .postgres, from: 16, to: 32),
        ])
    func capacity(held: Held) throws {
        let points = try Self.points(held.series, of: held.strategy).filter(\.row.pooled.isValid)
        func runs(with clients: ClosedRange<UInt64>) -> [MeasuredPoint] {
            points.filter { clients.contains($0.row.clients ?? 0) }
        }
        let stated = try #require(Validation.of(points, held.server)).rateError
        let model = try #require(
            MachineModel(runs(with: 1...held.from), storeServers: held.server == .redis ? 1 : nil))
        let checks = runs(with: held.from + 1...held.to).compactMap { PlanCheck(of: $0, by: model) }
        #expect(!checks.isEmpty)
        for check in checks {
            let error = try #require(check.rateError)
            #expect(abs(error) <= stated, "\(check.clients) clients: \(check)")
        }
    }

    @Test(
        "the p99 of the recorded machine at a rate is predicted from runs at other rates",
        arguments: ["redis-session", "denylist-redis"])
    func p99(strategy: String) throws {
        let points = try Self.points("rates", of: strategy).filter(\.row.pooled.isValid)
        let validated = try #require(Validation.of(points, .redis))
        let stated = try #require(validated.p99Error)
        #expect(points.count >= 4)
        // Of the highest rate there are no runs on both sides.
        for point in points.dropLast() {
            let others = points.filter { $0.runID != point.runID }
            let model = try #require(MachineModel(others, storeServers: 1))
            let check = try #require(PlanCheck(of: point, by: model))
            let error = try #require(check.p99Error)
            #expect(abs(error) <= stated, "\(point.perSecond) per second: \(check)")
        }
    }

    // MARK: The load curve

    @Test("the curve goes through its runs, rises, and is undone by its inverse", arguments: 0..<200)
    func curve(seed: Int) {
        var random = SystemRandomNumberGenerator()
        var (rate, cores) = (Double.random(in: 10...1000, using: &random), 0.0)
        var runs: [(Double, Double)] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            rate *= Double.random(in: 1.1...4, using: &random)
            cores += Double.random(in: 0.01...1, using: &random)
            runs.append((rate, cores / rate * 1e6))
        }
        let curve = LoadCurve(runs.map { (perSecond: $0.0, each_us: $0.1) })
        for (rate, each_us) in runs { #expect(abs(curve.each_us(at: rate) / each_us - 1) < 1e-9) }
        var before = 0.0
        for step in 1...60 {
            let at = rate * Double(step) / 20
            let cores = curve.cores(at: at)
            #expect(cores > before)
            #expect(abs(curve.perSecond(at: cores) / at - 1) < 1e-6, "\(runs), \(at)")
            before = cores
        }
        // Beyond what was validated, no request is cheaper than the last.
        #expect(curve.each_us(at: 10 * rate) >= curve.each_us(at: LoadCurve.reach * rate) * (1 - 1e-9))
    }

    @Test("a run that did less with more processor time counts for nothing")
    func worseRun() {
        let curve = LoadCurve([(1000, 100), (900, 300), (2000, 80)])
        #expect(abs(curve.each_us(at: 1000) - 100) < 1e-6 && curve.cores(at: 900) < 0.1)
    }

    // MARK: The fleet

    private func plan(
        _ perSecond: Double, _ series: String = "away", _ change: (inout FleetRequest) -> Void = { _ in }
    ) throws -> FleetPlan {
        var request = FleetRequest(perSecond: perSecond)
        change(&request)
        let measured = try Self.evidence(series)
        return FleetPlan(request, measured, strategies: measured.strategies)
    }

    @Test("the same rows and the same rate give the same plan byte for byte", arguments: PlanFormat.allCases)
    func same(format: PlanFormat) throws {
        let texts = try (0..<2).map { _ in try format.text(plan(1e5), command: "authbench plan") }
        #expect(texts[0] == texts[1] && texts[0].contains("redis-session"))
    }

    @Test(
        "a fleet's cores work as much as they may at most, and one member less would be too few",
        arguments: [5e3, 1e5, 1e7])
    func size(perSecond: Double) throws {
        for row in try plan(perSecond).rows {
            let utilization = try #require(row.utilization)
            let parts = [row.verifiers] + (row.shards.map { [$0] } ?? [])
            for part in parts where part.members > 1 {
                #expect(part.utilization <= utilization * 1.001)
                // Each of fewer members has more to do, and each request costs no more then.
                let fewer = part.utilization * Double(part.members) / Double(part.members - 1)
                #expect(fewer > utilization * 0.9 || part.members > 50)
            }
            let (p50_ns, p99_ns) = (try #require(row.p50_ns), try #require(row.p99_ns))
            #expect(p50_ns < p99_ns)
            #expect(row.extrapolated.contains { $0.hasPrefix("rate: ") } == (perSecond > 50_000))
        }
    }

    @Test("a stricter p99 needs more cores, and one below what was seen without load has no fleet")
    func objective() throws {
        func cores(_ p99_ns: Double) throws -> [Int?] {
            try plan(1e5) { $0.p99_ns = p99_ns }.rows.map { row in
                row.utilization.map { _ in row.verifiers.members * row.verifiers.cores }
            }
        }
        let (loose, strict) = (try cores(50e6), try cores(2.5e6))
        for (loose, strict) in zip(loose, strict) {
            let most = try #require(loose)
            #expect(most <= strict ?? .max)
        }
        let none = try plan(1e5) { $0.p99_ns = 0.5e6 }
        #expect(none.rows.allSatisfy { $0.utilization == nil && $0.reason.contains("even without load") })
    }

    @Test("another distance moves the times by the round trips, and is marked")
    func distance() throws {
        let rows = try plan(1e5).rows
        let far = try plan(1e5) { $0.storeRTT_ns = 3e6 }.rows
        for (near, far) in zip(rows, far) {
            let (near_ns, far_ns) = (try #require(near.p50_ns), try #require(far.p50_ns))
            #expect(abs(far_ns - near_ns - 2e6) < 2e4)
            #expect(far.extrapolated.contains { $0.hasPrefix("distance: ") })
            #expect(!near.extrapolated.contains { $0.hasPrefix("distance: ") })
        }
    }

    @Test("a strategy with a wrong decision has no plan, and one whose rows are all disturbed is marked")
    func badRows() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "plan-\(UUID().uuidString)")
        try FileManager.default.copyItem(
            at: Self.recordings.appendingPathComponent("in-process"), to: folder)
        let copy = Recorded(copiedTo: folder)
        defer { copy.remove() }
        for experiment in try SeriesRecord(readFrom: folder).experiments.map(\.name) {
            try copy.change(
                "throughput.csv", of: experiment, where: ["strategy": "hs256-jwt"], "false_accepts",
                always("1"))
            try copy.change(
                "throughput.csv", of: experiment, where: ["strategy": "rs256-jwt"], "reason",
                always("crafted"))
            try copy.change(
                "throughput.csv", of: experiment, where: ["strategy": "rs256-jwt"], "valid", always("false"))
        }
        let measured = try Recorded.evidence(folder)
        let rows = FleetPlan(FleetRequest(perSecond: 1000), measured, strategies: measured.strategies).rows
        #expect(rows.count == 2)
        for row in rows {
            #expect(row.isWrong == (row.strategy == "hs256-jwt"))
            #expect((row.utilization == nil) == row.isWrong)
            #expect(!row.isValid && row.reason.contains(row.isWrong ? "wrong decisions" : "crafted"))
        }
    }
}
