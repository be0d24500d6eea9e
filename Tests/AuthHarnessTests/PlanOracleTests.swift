import AuthCore
import AuthResults
import Foundation
import Testing

@testable import AuthDecision
@testable import AuthHarness
@testable import AuthStatistics

/// The model of `authbench plan` held against a strategy whose service times are known; only the script moves the clock.
@Suite("Plans against theory")
struct PlanOracleTests {
    private static let service_ns = 100_000.0

    /// What the files would say of a closed loop of one client, all of whose time is processor time.
    private func closedLoop(_ time_ns: @escaping @Sendable (Int) -> UInt64, cores: Double) throws
        -> MeasuredPoint
    {
        var measurement = try ScriptedTimes(time_ns).measure(
            .closed, .operations(20_000), lapOperations: 20_000)
        measurement.usage.cpu_ns = UInt64(try #require(measurement.operations.first).service.total.sum_ns)
        let probe = CapacitySearch.Probe(stage: .double, perSecond: measurement.operationsPerSecond)
        return MeasuredPoint(row: .init(measurement, of: "oracle", at: probe), cores: cores, relay_us: 0)
    }

    @Test(
        "the capacity of M/D/c within a p99 is predicted within 10 % from one client that waits for its answers",
        arguments: [(1, 0.75), (2, 0.8), (4, 0.85)])
    func severalServers(servers: Int, utilization: Double) throws {
        let queue = DeterministicQueue(servers: servers, utilization: utilization)
        let point = try closedLoop({ _ in UInt64(Self.service_ns) }, cores: Double(servers))
        let model = try #require(MachineModel([point], storeServers: nil))
        // A crowd of clients, so that nobody waits for a request of its own.
        let capacity = model.capacity(p99_ns: queue.response_ns(at: 0.99), clients: 1_000_000)
        #expect(abs(capacity / queue.perSecond - 1) < 0.1, "\(capacity) against \(queue.perSecond)")
        let p99_ns = model.responses(perSecond: queue.perSecond, clients: 1_000_000).quantile(0.99)
        #expect(abs(p99_ns / queue.response_ns(at: 0.99) - 1) < 0.2)
        let most = Double(servers) / Self.service_ns * 1e9
        #expect(abs(model.capacity(p99_ns: nil, clients: 1) / most - 1) < 0.01)
        #expect(abs(model.perSecond(clients: 3 * servers) / most - 1) < 0.01)
    }

    @Test("what is predicted for one client is what the harness finds when it replays an open loop")
    func replayed() throws {
        let point = try closedLoop({ _ in UInt64(Self.service_ns) }, cores: 1)
        let model = try #require(MachineModel([point], storeServers: nil))
        for utilization in [0.4, 0.6, 0.8] {
            let perSecond = utilization / Self.service_ns * 1e9
            let measured = try ScriptedTimes { _ in UInt64(Self.service_ns) }.measure(
                .open(.poisson, rate: perSecond), .operations(100_000), seed: 3, lapOperations: 100_000)
            let response = try #require(measured.operations.first?.response?.total.value_ns(at: 0.99))
            let p99_ns = model.responses(perSecond: perSecond, clients: 1).quantile(0.99)
            #expect(abs(p99_ns / Double(response) - 1) < 0.2, "\(utilization): \(p99_ns) against \(response)")
        }
    }

    @Test("the spread of the processor time is read off the times")
    func twoKinds() throws {
        // One request in ten takes eleven times as long as the others: (0.9 x 0.5^2 + 0.1 x 4.5^2) / 1^2.
        let point = try closedLoop({ $0 % 10 == 0 ? 550_000 : 50_000 }, cores: 1)
        let model = try #require(MachineModel([point], storeServers: nil))
        #expect(abs(model.variability / 2.25 - 1) < 0.02)
    }
}
