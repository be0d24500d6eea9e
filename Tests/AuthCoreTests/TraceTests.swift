import AuthCore
import Foundation
import Testing

@Suite("Trace")
struct TraceTests {
    private func workload(seed: UInt64 = 1, clients: Int = 3, login: Double = 0.1) throws -> Workload {
        let json = """
            {"name":"t","summary":"t","population":1000,"clients":\(clients),"seed":\(seed),"mix":{"login":\(login),
             "authenticate":\(0.6 - login),"renew":0.05,"logout":0.1,"expired":0.05,"tampered":0.05,
             "wrong_audience":0.05,"revoked":0.05,"unknown":0.05}}
            """
        return try JSONDecoder().decode(Workload.self, from: Data(json.utf8))
    }

    private func bytes(_ trace: Trace) -> [UInt8] {
        var all: [UInt8] = []
        trace.forEachChunk { all += $0 }
        return all
    }

    @Test("is the same for the same seed and another for another seed or number of clients")
    func determinism() throws {
        let first = bytes(Trace(try workload()))
        #expect(first == bytes(Trace(try workload())))
        #expect(first != bytes(Trace(try workload(seed: 2))))
        #expect(first != bytes(Trace(try workload(clients: 4))))
        var touching = try workload()
        touching.policy.touch = .always
        var idle = touching
        idle.policy.touch = .never
        #expect(bytes(Trace(touching)) != bytes(Trace(idle)), "the same requests are other work")
    }

    @Test("knows the state of every slot at every step, lap after lap", arguments: [0.0, 0.1, 0.3])
    func states(login: Double) throws {
        for client in Trace(try workload(login: login)).clients {
            var states = client.slots.map(\.state)
            for (lap, operation) in (0..<2).flatMap({ lap in client.operations.map { (lap, $0) } }) {
                let slot = Int(operation.slot)
                switch operation.kind {
                case .login:
                    #expect(states[slot] == .live || states[slot] == .revoked)
                    states[slot] = .live
                case .authenticate, .renew: #expect(states[slot] == .live, "lap \(lap)")
                case .logout:
                    #expect(states[slot] == .live)
                    states[slot] = .revoked
                case .revoked: #expect(states[slot] == .revoked)
                case .expired: #expect(states[slot] == .expired)
                case .tampered: #expect(states[slot] == .tampered)
                case .wrongAudience: #expect(states[slot] == .wrongAudience)
                case .unknown: #expect(states[slot] == .unknown)
                }
            }
            #expect(states == client.slots.map(\.state), "a lap must end as it began")
        }
    }

    @Test("keeps to the shares of the mix within sampling error")
    func shares() throws {
        let workload = try workload()
        let operations = Trace(workload).clients.flatMap(\.operations)
        for kind in OperationKind.allCases {
            let share = Double(operations.count { $0.kind == kind }) / Double(operations.count)
            #expect(abs(share - workload.mix[kind]) < 0.005, "\(kind)")
        }
    }

    @Test("gives each session to one client and each subject to one slot")
    func slots() throws {
        let clients = Trace(try workload()).clients
        let live = clients.map { $0.slots.count { $0.state == .live || $0.state == .revoked } }
        #expect(live.reduce(0, +) == 1000)
        #expect((live.max() ?? 0) - (live.min() ?? 0) <= 1)
        let subjects = clients.flatMap { $0.slots.map(\.subject) }
        #expect(Set(subjects).count == subjects.count)
    }

    @Test("draws ranks by Zipf's law: the first session as often as its share of 1/r")
    func zipf() throws {
        var workload = try workload(clients: 1)
        workload.mix = .init()
        workload.mix[.authenticate] = 1
        let client = try #require(Trace(workload).clients.first)
        let harmonic = (1...1000).reduce(0.0) { $0 + 1 / Double($1) }
        // Slot 20 is live or its share falls to the next live one; the first live one gets at least its own.
        let first = try #require(client.slots.firstIndex { $0.state == .live })
        let share =
            Double(client.operations.count { Int($0.slot) == first }) / Double(client.operations.count)
        let expected = (0...first).reduce(0.0) { $0 + 1 / Double($1 + 1) } / harmonic
        #expect(abs(share - expected) < 0.003)
    }

    @Test("lets no live credential expire: the clock stops at the horizon")
    func clock() throws {
        let workload = try workload()
        let trace = Trace(workload)
        let first = try #require(trace.clients[0].operations.first)
        let late = trace.clock.instant(of: first, lap: 1_000_000)
        let limit_ms =
            Instant.traceStart.milliseconds + workload.policy.lifetimes.shortest_ms - workload.oldestAge_ms
        #expect(late.milliseconds < limit_ms)
        #expect(trace.clock.instant(of: first, lap: 0) == .traceStart)
        #expect(trace.clock.instant(of: first, lap: 0) < trace.clock.instant(of: first, lap: 1))
    }
}
