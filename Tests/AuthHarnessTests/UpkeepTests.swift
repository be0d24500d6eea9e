import AuthCore
import AuthStrategies
import Foundation
import TestStores
import Testing

@testable import AuthHarness

/// What keeps users signed in stands beside the operations of a trace, as often as a strategy's credentials need it.
@Suite("Upkeep")
struct UpkeepTests {
    private func workload(renew: String = "\"auto\"", rate: Double = 0.1, clients: Int = 4) throws -> Workload
    {
        let (share, own) = Double(renew).map { (0.9 - $0, renew) } ?? (0.9, renew)
        let json = """
            {"name":"t","summary":"t","population":400,"clients":\(clients),"requests_per_session_per_second":\(rate),
             "mix":{"login":0.05,"authenticate":\(share),"renew":\(own),"logout":0.04,"revoked":0.01}}
            """
        return try JSONDecoder().decode(Workload.self, from: Data(json.utf8))
    }

    private func own(_ name: String, _ workload: Workload) throws -> Trace {
        let choice = try #require(try StrategyChoice.named([name], among: builtinStrategies).first)
        return choice.type.own(Trace(workload), under: choice.policy(workload.policy))
    }

    private func count(_ trace: Trace, _ kind: OperationKind) -> Int {
        trace.clients.reduce(0) { $0 + $1.operations.count { $0.upkeep == kind } }
    }

    @Test(
        "a token is renewed once in rate x lifetime requests, a session never",
        arguments: [
            ("hs256-jwt", 3599.5), ("hybrid@access=1m", 58), ("hybrid@access=15m", 877),
            ("sqlite-session", .infinity), ("null", .infinity),
        ])
    func shares(name: String, life_s: Double) throws {
        for rate in [0.1, 1] {
            let workload = try workload(rate: rate)
            let trace = try own(name, workload)
            let requests = Trace(workload).clients.reduce(0) {
                $0 + $1.operations.count { $0.kind == .authenticate }
            }
            let due = Double(requests) / (rate * life_s)
            // Each client may be one before or behind.
            #expect(abs(Double(count(trace, .renew)) - due) <= 4 + due / 50, "\(name), \(rate)")
            #expect(count(trace, .login) == 0)
        }
    }

    @Test("users do the same whatever the strategy, and a fixed share of renewals stays as it is")
    func sameOperations() throws {
        let workload = try workload()
        func plain(_ trace: Trace) -> [[AuthCore.Operation]] {
            trace.clients.map { client in
                client.operations.map { operation in
                    var operation = operation
                    operation.upkeep = nil
                    return operation
                }
            }
        }
        let users = plain(Trace(workload))
        for name in ["hs256-jwt", "hybrid@access=1m", "one-time", "redis-session"] {
            let own = try own(name, workload)
            #expect(plain(own) == users)
            // Nobody renews what another client holds too.
            for client in own.clients {
                #expect(client.operations.allSatisfy { $0.upkeep != .renew || $0.slot < client.slots.count })
            }
        }
        let fixed = try self.workload(renew: "0.02")
        #expect(count(try own("hybrid@access=1m", fixed), .renew) == 0)
        func bytes(_ workload: Workload) -> [UInt8] {
            var all: [UInt8] = []
            Trace(workload).forEachChunk { all += $0 }
            return all
        }
        #expect(bytes(try self.workload(renew: "0")) != bytes(workload), "other work, another hash")
    }

    @Test("what one request uses up is issued anew for each")
    func oneUse() throws {
        for renew in ["\"auto\"", "0.02"] {
            let trace = try own("one-time", try workload(renew: renew))
            #expect(
                trace.clients.allSatisfy {
                    $0.operations.allSatisfy { ($0.upkeep == .login) == ($0.kind == .authenticate) }
                })
        }
    }

    @Test("no credential expires on the way, however short its life", arguments: ["1s", "5s", "1m", "1h"])
    func ages(access: String) throws {
        let name = "hybrid@access=\(access)"
        let choice = try #require(try StrategyChoice.named([name], among: builtinStrategies).first)
        let workload = try workload()
        let trace = try own(name, workload)
        let shortest_ms = choice.type.lifetime(under: choice.policy(workload.policy)).shortest_ms
        for slot in trace.clients.flatMap(\.slots) + trace.shared where slot.state != .expired {
            #expect(slot.age_ms + trace.clock.horizon_ms <= shortest_ms)
        }
        #expect(trace.clock.horizon_ms <= Trace(workload).clock.horizon_ms)
    }

    private func measure(_ name: String, _ workload: Workload, _ extent: Extent) throws -> RepeatMeasurement {
        let stores = try TestStores()
        let choice = try #require(try StrategyChoice.named([name], among: builtinStrategies).first)
        let run = Run(
            trace: Trace(workload), schedule: Schedule(strategies: 1, repeats: 1, seed: 1),
            warmUp: .operations(100), extent: extent, cores: 2, stop: StopFlag(), instruments: .bare)
        var measured: RepeatMeasurement?
        try run.execute([choice], in: stores.environment) { event in
            if case .measured(let one) = event { measured = one }
        }
        return try #require(measured)
    }

    @Test("renewals are recorded beside the operations, and each operation carries its part of them")
    func closedLoop() throws {
        for clients in [4, 1] {
            let workload = try workload(clients: clients)
            let measurement = try measure("hybrid@access=10s", workload, .operations(4000))
            #expect(measurement.completed == 4000)
            #expect(measurement.total.wrongDecisions == 0 && measurement.total.errors == 0)
            let renewals = measurement.operations.first { $0.kind == .renew }?.tally.completed
            #expect(renewals == measurement.renewals)
            // Tokens of 10 s and one request in 10 s: each request but those of shared sessions renews first.
            #expect(measurement.renewals > 1000 && measurement.renewals < 4000)
            let seconds = Double(measurement.wall_ns) / 1e9
            #expect(abs(measurement.operationsPerSecond * seconds - 4000) < 1)
        }
    }

    @Test("in an open loop a renewal is no request of the schedule", arguments: [1, 2])
    func openLoop(parallel: Int) throws {
        var workload = try workload()
        workload.arrival = .open(.poisson, rate: 2000)
        workload.requestsInParallel = parallel
        let measurement = try measure("hybrid@access=10s", workload, .operations(1000))
        #expect(measurement.completed == 1000 && measurement.renewals > 100)
        #expect(measurement.openLoop?.arrivals == 1000)
        #expect(measurement.total.wrongDecisions == 0)
        let loop = try #require(measurement.openLoop)
        #expect(loop.lateOperations <= 1000)
    }

    @Test("clients of one person use up no token twice", arguments: [1, 2])
    func oneUseRun(parallel: Int) throws {
        var workload = try workload()
        workload.requestsInParallel = parallel
        let measurement = try measure("one-time", workload, .operations(2000))
        #expect(measurement.total.falseAccepts == 0)
        if parallel == 1 { #expect(measurement.total.falseRejects == 0) }
        #expect(measurement.renewals > 1500)
    }
}
