import AuthStatistics
import Foundation
import Testing

@testable import AuthCore

@Suite("Trace")
struct TraceTests {
    private func workload(seed: UInt64 = 1, clients: Int = 3, login: Double = 0.1, logout: Double = 0.1)
        throws -> Workload
    {
        let json = """
            {"name":"t","summary":"t","population":1000,"clients":\(clients),"seed":\(seed),"mix":{"login":\(login),
             "authenticate":\(0.7 - login - logout),"renew":0.05,"logout":\(logout),"expired":0.05,"tampered":0.05,
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
        var laden = idle
        laden.policy.session_bytes = 300
        #expect(bytes(Trace(laden)) != bytes(Trace(idle)))
        var spoken = idle
        spoken.policy.claims = try JSONDecoder().decode(OwnClaims.self, from: Data(#"{"role":"admin"}"#.utf8))
        #expect(bytes(Trace(spoken)) != bytes(Trace(idle)))
        var swept = idle
        swept.policy.sweepInterval_ms = 1000
        #expect(bytes(Trace(swept)) != bytes(Trace(idle)))
    }

    @Test("bundles what clients that act for one person do, and keeps mix and states", arguments: [2, 4])
    func bundles(count: Int) throws {
        let single = Trace(try workload(clients: 3), lapOperations: 30_000)
        var workload = try workload(clients: 3 * count)
        workload.requestsInParallel = count
        let trace = Trace(workload, lapOperations: 30_000)
        #expect(trace.clients.count == 3 && trace.clientCount == 3 * count)
        #expect(bytes(trace) != bytes(single))
        try expectKnownStates(of: trace)
        for (one, other) in zip(trace.clients, single.clients) {
            for kind in OperationKind.allCases {
                #expect(
                    one.operations.count { $0.kind == kind } == other.operations.count { $0.kind == kind })
            }
            for kind in [OperationKind.authenticate, .renew] {
                let slots = one.operations.filter { $0.kind == kind }.map(\.slot)
                let bundles = stride(from: 0, to: slots.count, by: count).map {
                    Set(slots[$0..<min($0 + count, slots.count)])
                }
                #expect(bundles.allSatisfy { $0.count == 1 })
            }
            let times = one.operations.map(\.time_ms)
            #expect(times == times.sorted())
        }
    }

    @Test(
        "knows the state of every slot at every step, lap after lap",
        arguments: [(0.0, 0.0), (0.1, 0.1), (0.3, 0.1), (0.3, 0.3), (0.001, 0.001)], [3, 62])
    func states(shares: (login: Double, logout: Double), clients: Int) throws {
        let workload = try workload(clients: clients, login: shares.login, logout: shares.logout)
        try expectKnownStates(of: Trace(workload, lapOperations: 30_000))
    }

    private func expectKnownStates(of trace: Trace) throws {
        for client in trace.clients {
            var states = client.slots.map(\.state)
            states += trace.shared.map(\.state)
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
            #expect(
                states == client.slots.map(\.state) + trace.shared.map(\.state), "a lap must end as it began")
        }
    }

    /// The mixes of built-in workloads, and one whose kinds do not divide by the clients.
    private static let mixes = [
        #""login":0.02,"authenticate":0.9,"renew":0.02,"logout":0.02,"expired":0.01,"tampered":0.005,"#
            + #""wrong_audience":0.005,"revoked":0.01,"unknown":0.01"#,
        #""login":0.001,"authenticate":0.996,"renew":0.001,"logout":0.001,"expired":0.001"#,
        #""login":0.3,"authenticate":0.68,"logout":0.01,"unknown":0.01"#,
        #""login":0.12,"authenticate":0.68,"logout":0.12,"revoked":0.08"#,
        #""login":0.07,"authenticate":0.8601,"logout":0.0699"#, #""login":0.5,"logout":0.5"#,
    ]

    private func workload(_ mix: String, clients: Int) throws -> Workload {
        let json = #"{"name":"t","summary":"t","population":4000,"clients":\#(clients),"mix":{\#(mix)}}"#
        return try JSONDecoder().decode(Workload.self, from: Data(json.utf8))
    }

    @Test("has exactly the mix of the workload in a lap of all clients", arguments: mixes, [1, 8, 250])
    func shares(mix: String, clients: Int) throws {
        let workload = try workload(mix, clients: clients)
        let operations = Trace(workload, lapOperations: 131_072).clients.flatMap(\.operations)
        for kind in OperationKind.allCases {
            let expected = workload.mix[kind] * Double(operations.count)
            #expect(abs(Double(operations.count { $0.kind == kind }) - expected) <= 2, "\(kind)")
        }
    }

    @Test("has the mix in every window of a lap, long or short", arguments: mixes, [1, 8, 250])
    func windows(mix: String, clients: Int) throws {
        let workload = try workload(mix, clients: clients)
        let trace = Trace(workload, lapOperations: 131_072)
        for length in [20, 100, 250] {
            for start in stride(from: 0, to: 250, by: 50) {
                var counts = OperationKind.allCases.map { _ in UInt64(0) }
                for client in trace.clients {
                    for operation in client.operations.dropFirst(start).prefix(length) {
                        counts[Int(operation.kind.rawValue)] += 1
                    }
                }
                let probability = ChiSquare.pValue(counts, shares: workload.mix.shares) ?? 1
                #expect(probability > 0.001, "\(length) operations from \(start): \(counts)")
            }
        }
    }

    @Test("gives each session to one client and each subject to one slot")
    func slots() throws {
        let trace = Trace(try workload())
        let clients = trace.clients
        let live = clients.map { $0.slots.count { $0.state == .live || $0.state == .revoked } }
        #expect(live.reduce(trace.shared.count, +) == 1000)
        #expect((live.max() ?? 0) - (live.min() ?? 0) <= 1)
        let subjects = (clients.map(\.slots) + [trace.shared]).joined().map(\.subject)
        #expect(Set(subjects).count == subjects.count)
    }

    @Test("asks for sessions by Zipf's law, however many clients there are", arguments: [1, 8, 64, 250])
    func zipf(clients: Int) throws {
        var workload = try workload(#""authenticate":0.96,"login":0.02,"logout":0.02"#, clients: clients)
        workload.population = 100_000
        let trace = Trace(workload)
        var counts: [UInt64: UInt64] = [:]
        for (client, own) in trace.clients.enumerated() {
            for operation in own.operations where operation.kind == .authenticate {
                counts[trace.slot(of: operation, client: client).subject.id, default: 0] += 1
            }
        }
        let sum = Double(counts.values.reduce(0, +))
        let live = trace.shared.count + trace.clients.reduce(0) { $0 + $1.slots.count { $0.state == .live } }
        #expect(live > 94_000)
        // Sessions that sign out hand their rank on, so the first ranks alone can be told by their counts.
        let seen = counts.values.sorted(by: >)
        var harmonic = 0.0
        let heads = [1, 2, 5, 20, 100, 1000]
        var expected: [Double] = []
        for rank in 1...live {
            harmonic += 1 / Double(rank)
            if heads.contains(rank) { expected.append(harmonic) }
        }
        for (head, part) in zip(heads, expected) {
            let share = Double(seen.prefix(head).reduce(0, +)) / sum
            #expect(abs(share / (part / harmonic) - 1) < 0.04, "the first \(head): \(share)")
        }
        #expect(abs(Double(seen[0]) / sum - 0.0827) < 0.002, "the definition says 8.27 % of 100 000")
    }

    @Test("presents shared sessions in all clients alike, and never renews or ends them")
    func sharedSessions() throws {
        var workload = try workload(Self.mixes[0], clients: 64)
        workload.population = 20_000
        let trace = Trace(workload)
        #expect(!trace.shared.isEmpty && trace.shared.count <= 64)
        for client in trace.clients {
            let shared = client.operations.filter { Int($0.slot) >= client.slots.count }
            #expect(shared.allSatisfy { $0.kind == .authenticate })
            #expect(!shared.isEmpty)
        }
        #expect(Trace(try self.workload(clients: 1)).shared.isEmpty)
        workload.skew = .uniform
        #expect(Trace(workload).shared.isEmpty)
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

@Suite("Moments")
struct InstantTests {
    @Test("sums and differences beyond the numbers are the first or the last there is, never a crash")
    func saturation() {
        let (first, last) = (Instant(milliseconds: .min), Instant(milliseconds: .max))
        #expect(last.advanced(byMilliseconds: 1) == last && first.advanced(byMilliseconds: -1) == first)
        #expect(last.milliseconds(since: first) == .max && first.milliseconds(since: last) == .min)
        #expect(Instant(seconds: .max) == last && Instant(seconds: .min) == first)
        #expect(Instant(milliseconds: 5).milliseconds(since: Instant(milliseconds: 7)) == -2)
        #expect(TouchPolicy.interval(milliseconds: 1000).isDue(lastSeen: first, at: last))
        #expect(!TouchPolicy.interval(milliseconds: 1000).isDue(lastSeen: last, at: first))
    }
}
