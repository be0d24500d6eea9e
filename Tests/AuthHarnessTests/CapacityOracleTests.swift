import AuthCore
import AuthStatistics
import Foundation
import Testing

@testable import AuthHarness
@testable import AuthResults

/// The search held against queues whose capacity is known; only the script moves the clock.
@Suite("Capacity against theory")
struct CapacityOracleTests {
    /// What a probe measures, and how many requests it has.
    private typealias Measure = (CapacitySearch.Probe, Int) throws -> RepeatMeasurement

    private static let queues = [
        DeterministicQueue(servers: 1, utilization: 0.75), DeterministicQueue(servers: 2, utilization: 0.8),
        DeterministicQueue(servers: 4, utilization: 0.85),
    ]

    /// Searches as `authbench sweep --objective` does, with the strategy and the baseline in each probe.
    private func search(
        _ objective: String, near perSecond: Double, requests: Int, baseline: Measure, _ own: Measure
    ) throws -> CapacitySearch.Result {
        let plan = CapacityPlan(
            objectives: try Objective.all([objective]), start: perSecond / 3,
            rates: (perSecond / 100)...(perSecond * 100),
            baseline: "null-baseline")
        var search = plan.search
        while let probe = search.next {
            let count = probe.stage == .confirm ? 3 * requests : requests
            let rows = [
                SweepTable.Row(try own(probe, count), of: "synthetic", at: probe),
                SweepTable.Row(try baseline(probe, count), of: plan.baseline, at: probe),
            ]
            search.note(try plan.answer(rows, of: "synthetic"))
        }
        return try #require(search.result)
    }

    private func expect(_ result: CapacitySearch.Result, within share: Double = 0.05, of capacity: Double) {
        guard case .found(let rates, _) = result else {
            Issue.record("\(capacity) per second: \(result)")
            return
        }
        let middle = (rates.low * rates.high).squareRoot()
        #expect(abs(middle / capacity - 1) < share, "\(rates) against \(capacity)")
    }

    private static func text(_ time_ns: Double) -> String { "\((time_ns / 1000).formatted(digits: 3))us" }

    @Test("the theory of one server is that of Pollaczek and Khinchine, and of Erlang")
    func oneServer() {
        for utilization in [0.3, 0.6, 0.8] {
            let queue = DeterministicQueue(servers: 1, utilization: utilization)
            let mean_ns = (1 + utilization / (2 * (1 - utilization))) * queue.service_ns
            #expect(abs(queue.meanResponse_ns / mean_ns - 1) < 1e-6)
            // Within one service time, P(W <= t) = (1 - ρ) exp(ρ t / D) (Erlang 1909).
            let share = (1 - utilization) * exp(utilization / 2)
            #expect(abs(queue.response_ns(at: share) / queue.service_ns - 1.5) < 1e-4)
        }
    }

    @Test("the theory of several servers is what comes out when the queue is played through")
    func played() throws {
        for queue in Self.queues {
            let measurement = queue.played(perSecond: queue.perSecond, count: 400_000, seed: 5)
            let response = try #require(measurement.operations.first?.response?.total)
            for quantile in [0.5, 0.9, 0.99] {
                let played_ns = Double(try #require(response.value_ns(at: quantile)))
                #expect(
                    abs(played_ns / queue.response_ns(at: quantile) - 1) < 0.05,
                    "\(queue.servers), \(quantile)")
            }
            #expect(abs(try #require(response.mean_ns) / queue.meanResponse_ns - 1) < 0.02)
        }
    }

    @Test(
        "the capacity of M/D/c is found within 5 %, by a median and by a p99", arguments: 0..<3,
        [("p50", 0.5), ("p99", 0.99)])
    func severalServers(queue: Int, objective: (name: String, quantile: Double)) throws {
        let queue = Self.queues[queue]
        let idle = DeterministicQueue(servers: queue.servers, utilization: 0.5, service_ns: 100)
        let limit = Self.text(queue.response_ns(at: objective.quantile))
        for seed in [1, 2] as [UInt64] {
            let result = try search(
                "\(objective.name) <= \(limit)", near: queue.perSecond, requests: 60_000,
                baseline: { idle.played(perSecond: $0.perSecond, count: $1 / 6, seed: seed) },
                { queue.played(perSecond: $0.perSecond, count: $1, seed: seed + UInt64($0.perSecond)) })
            expect(result, of: queue.perSecond)
        }
    }

    /// Measures a strategy of a known service time by the harness itself.
    private func harness(_ service_ns: Double, seed: UInt64) -> Measure {
        { probe, count in
            try ScriptedTimes { _ in UInt64(service_ns) }.measure(
                .open(.poisson, rate: probe.perSecond), .operations(count), seed: seed, lapOperations: count)
        }
    }

    @Test(
        "the capacity of M/D/1 that the harness replays is found within 5 %",
        arguments: [("p50", 0.5), ("p99", 0.99)], [1, 2] as [UInt64])
    func replayed(objective: (name: String, quantile: Double), seed: UInt64) throws {
        let queue = Self.queues[0]
        let limit = Self.text(queue.response_ns(at: objective.quantile))
        let result = try search(
            "\(objective.name) <= \(limit)", near: queue.perSecond, requests: 40_000,
            baseline: harness(10, seed: seed), harness(queue.service_ns, seed: seed))
        expect(result, of: queue.perSecond)
    }

    @Test("the rate that keeps a mean response of M/D/1 is found within 5 %", arguments: [0.5, 0.67, 0.86])
    func mean(utilization: Double) throws {
        let queue = DeterministicQueue(servers: 1, utilization: utilization)
        var search = CapacitySearch(start: 1000, in: 100...1e6)
        while let probe = search.next {
            let count = probe.stage == .confirm ? 120_000 : 40_000
            let measurement = try harness(queue.service_ns, seed: 1)(probe, count)
            let mean_ns = try #require(measurement.operations.first?.response?.total.mean_ns)
            search.note(mean_ns <= queue.meanResponse_ns ? .held : .broken("mean"))
        }
        expect(try #require(search.result), of: queue.perSecond)
    }

    @Test("a generator that needs more time than the strategy is named as the limit, with what was held")
    func limitedGenerator() throws {
        let queue = Self.queues[0]
        let limit = Self.text(queue.response_ns(at: 0.5))
        // The generator takes 100 µs for a request, whatever it sends it to, and the strategy 50 ns.
        let result = try search(
            "p50 <= \(limit)", near: queue.perSecond, requests: 40_000,
            baseline: harness(queue.service_ns, seed: 1), harness(queue.service_ns + 50, seed: 1))
        guard case .notFound(let held?, .generator, let why) = result else {
            Issue.record("the strategy is blamed: \(result)")
            return
        }
        #expect(why.contains("null-baseline, which does nothing"), "\(why)")
        #expect(held < queue.perSecond * 1.05 && held > queue.perSecond * 0.9)
    }

    @Test("the same generator does not hide a strategy that is slower than it")
    func slowerStrategy() throws {
        let queue = Self.queues[0]
        let limit = Self.text(queue.response_ns(at: 0.5))
        let result = try search(
            "p50 <= \(limit)", near: queue.perSecond, requests: 40_000,
            baseline: harness(queue.service_ns / 2, seed: 1), harness(queue.service_ns, seed: 1))
        expect(result, of: queue.perSecond)
    }
}

extension SweepTable.Row {
    /// What the files of a probe would say of a measurement.
    init(_ measurement: RepeatMeasurement, of strategy: String, at probe: CapacitySearch.Probe) {
        let authenticate = measurement.operations.first
        var figures = RepeatFigures(measurement, [])
        func key(_ clock: LatencyClock) -> RepeatFigures.Key {
            .init(operation: OperationKind.authenticate.name, clock: clock.rawValue)
        }
        figures.times[key(.service)] = authenticate?.service
        figures.times[key(.response)] = authenticate?.response
        let pooled = Pooled([figures])
        func summary(_ clock: LatencyClock) -> SummaryTable.Row {
            .init(
                strategy: strategy, key: key(clock), pooled: pooled, times: pooled.times(key(clock)),
                intervals: [])
        }
        let due_ns = Double(measurement.completed) / probe.perSecond * 1e9
        self.init(
            identity: RunIdentity(runID: "r", workload: "w", traceSHA256: "0"), strategy: strategy,
            experiment: "e",
            point: .init(.rate, "", value: probe.perSecond, stage: probe.stage.rawValue), pooled: pooled,
            service: summary(.service), response: summary(.response), repeats: [ValidityFacts(measurement)],
            reason: "", clients: UInt64(measurement.clients), lagP99_ns: nil,
            deliveredShare: min(1, due_ns / Double(measurement.wall_ns)), header_bytes: nil)
    }
}
