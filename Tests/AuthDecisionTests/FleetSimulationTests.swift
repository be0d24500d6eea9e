import AuthCore
import AuthStatistics
import Foundation
import Testing

@testable import AuthDecision

/// Fleets played through, held against formulas where there are some.
@Suite("A fleet played through")
struct FleetSimulationTests {
    /// Requests of a trace with random arrivals.
    private func requests(
        _ count: Int, perSecond: Double, skew: Workload.Skew = .uniform, population: Int = 4000
    ) -> [ReplayedRequest] {
        var workload = Workload.only(.authenticate, clients: 8, population: population, policy: Policy())
        workload.skew = skew
        workload.arrival = .open(.poisson, rate: 1000)
        let trace = Trace(workload, lapOperations: count)
        return ReplayedTrace(trace).requests(perSecond: perSecond, count: count)
    }

    @Test("the requests of a trace keep its order, come at the rate asked for, and begin again at its end")
    func replayed() throws {
        let all = requests(40_000, perSecond: 5000)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.due_ns <= $1.due_ns })
        #expect(abs(try #require(all.last).due_ns / 8e9 - 1) < 0.02)
        var workload = Workload.only(.authenticate, clients: 2, population: 100, policy: Policy())
        workload.arrival = .open(.constant, rate: 10)
        let trace = Trace(workload, lapOperations: 1000)
        let lap = trace.clients.reduce(0) { $0 + $1.operations.count }
        let twice = ReplayedTrace(trace).requests(perSecond: 1e6, count: 2 * lap)
        #expect(twice[..<lap].map(\.subject) == twice[lap...].map(\.subject))
        #expect(abs(twice[lap].due_ns - twice[0].due_ns - Double(lap) * 1000) < 1)
    }

    @Test("nodes with random routing are M/M/c", arguments: [1, 2, 4], [0.5, 0.8])
    func manyServers(servers: Int, utilization: Double) {
        let service_ns = 100_000.0
        let perSecond = utilization * Double(servers) / service_ns * 1e9
        let outcome = FleetSimulation(
            nodes: .init(members: 1, servers: servers, service_ns: service_ns), store: nil
        ).play(requests(200_000, perSecond: perSecond))
        let station = Station(servers: servers, utilization: utilization, mean: service_ns)
        let mean_ns = outcome.responses_ns.reduce(0, +) / Double(outcome.responses_ns.count)
        #expect(abs(mean_ns / (station.meanWait + service_ns) - 1) < 0.05)
        let times = (0..<2000).map { (-log(1 - (Double($0) + 0.5) / 2000) * service_ns, 1.0) }
        let p99_ns = ResponseTimes(times, waitingAt: [station]).quantile(0.99)
        #expect(abs(outcome.quantile_ns(0.99) / p99_ns - 1) < 0.08)
    }

    @Test("a store of constant times is M/D/1, behind nodes that take none", arguments: [0.3, 0.7])
    func constantTimes(utilization: Double) {
        let service_ns = 50_000.0
        let outcome = FleetSimulation(
            nodes: .init(members: 3, servers: 1, service_ns: 0),
            store: .init(members: 1, servers: 1, service_ns: service_ns, isExponential: false)
        ).play(requests(200_000, perSecond: utilization / service_ns * 1e9))
        let mean_ns = outcome.responses_ns.reduce(0, +) / Double(outcome.responses_ns.count)
        let theory_ns = (1 + utilization / (2 * (1 - utilization))) * service_ns
        #expect(abs(mean_ns / theory_ns - 1) < 0.02)
    }

    @Test(
        "a store that was away has a line for as long as the flow of requests says",
        arguments: [0.3, 0.6, 0.8])
    func away(utilization: Double) throws {
        let service_ns = 20_000.0
        var fleet = FleetSimulation(
            nodes: .init(members: 1, servers: 1, service_ns: 0),
            store: .init(members: 1, servers: 1, service_ns: service_ns))
        fleet.away_ns = 0..<1e9
        let end_ns = fleet.play(requests(400_000, perSecond: utilization / service_ns * 1e9)).backlogEnd_ns
        // What came in 1 s is done by what is left beside those that still come.
        let theory_s = utilization / (1 - utilization)
        #expect(abs((try #require(end_ns) / 1e9 - 1) / theory_s - 1) < 0.06)
    }

    @Test("no request is lost, and a node is asked by the same users again where they stick to it")
    func sticky() {
        var fleet = FleetSimulation(
            nodes: .init(members: 8, servers: 1, service_ns: 1000),
            store: .init(members: 4, servers: 1, service_ns: 1000))
        fleet.routing = .sticky
        let even = fleet.play(requests(100_000, perSecond: 1e6))
        let skewed = fleet.play(requests(100_000, perSecond: 1e6, skew: .zipfian))
        for outcome in [even, skewed] {
            #expect(outcome.perNode.reduce(0, +) == 100_000 && outcome.asked == 100_000)
            #expect(outcome.responses_ns.allSatisfy { $0 > 0 })
        }
        // 500 users a node differ by 1 / sqrt(500); by Zipf's law the first of 4000 users has 1 / (8.87) of all requests.
        #expect(even.nodeImbalance < 1.15 && even.shardImbalance < 1.1)
        #expect(skewed.nodeImbalance > 1.3 && skewed.nodeImbalance > even.nodeImbalance)
        fleet.routing = .random
        #expect(fleet.play(requests(100_000, perSecond: 1e6, skew: .zipfian)).nodeImbalance < 1.05)
    }

    @Test(
        "a copy spares the store all but the first request of each user at each node, and those that race it")
    func copies() {
        let asked = requests(50_000, perSecond: 10_000, population: 500)
        let users = Set(asked.map(\.subject)).count
        var fleet = FleetSimulation(
            nodes: .init(members: 1, servers: 64, service_ns: 1),
            store: .init(members: 1, servers: 64, service_ns: 1))
        fleet.cache_ns = 1e12
        #expect(fleet.play(asked).asked == users)
        // A slow store is asked again and again for what is on its way.
        fleet.store?.service_ns = 5e7
        #expect(fleet.play(asked).asked > 2 * users)
        fleet.cache_ns = nil
        #expect(fleet.play(asked).asked == 50_000)
    }

    @Test("the same fleet plays the same twice, and another seed another time")
    func repeated() {
        let asked = requests(20_000, perSecond: 1e5)
        var fleet = FleetSimulation(nodes: .init(members: 4, servers: 2, service_ns: 50_000), store: nil)
        let first = fleet.play(asked)
        #expect(fleet.play(asked).responses_ns == first.responses_ns)
        fleet.seed = 2
        #expect(fleet.play(asked).responses_ns != first.responses_ns)
    }
}
