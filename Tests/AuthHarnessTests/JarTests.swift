import Foundation
import Testing

@testable import AuthCore
@testable import AuthHarness

@Suite("Clients that act for one person at once")
struct JarTests {
    private let alice = Subject(id: 1)
    private let bob = Subject(id: 2)

    /// A jar with a session of Alice in slot 0 and one of Bob in slot 1.
    private func jar(_ operations: [(OperationKind, UInt32)]) -> Jar {
        let slots = [alice, bob].map { Slot(state: .live, subject: $0, age_ms: 0) }
        let trace = Trace(
            clients: [
                ClientTrace(
                    slots: slots,
                    operations: operations.map { Operation(kind: $0.0, slot: $0.1, time_ms: 0) })
            ],
            requestsInParallel: 4, shared: [], clock: TraceClock(lap_ms: 1000, horizon_ms: 1000),
            policy: Policy(), arrival: .closed)
        var state = ClientState(trace, client: 0, promise: .immediate)
        for slot in slots { state.wallet.append(credential(0), of: slot.subject) }
        let jar = Jar(state, promise: .immediate)
        jar.begin(0..<operations.count)
        return jar
    }

    private func credential(_ number: UInt8) -> Credential { Credential(headerLine: [number]) }

    /// Claims the next operation as a free client does.
    private func next(_ jar: Jar) throws -> Jar.Errand {
        var line: [UInt8] = []
        return try #require(jar.claim(with: &line))
    }

    @Test("a refusal is excused while a sibling renews that session, and not before or afterwards")
    func renewalUnderWay() throws {
        let jar = jar([
            (.authenticate, 0), (.authenticate, 0), (.renew, 0), (.authenticate, 0), (.authenticate, 0),
        ])
        #expect(jar.finish(try next(jar), .refused(.unknown)) == .falseReject)
        let early = try next(jar)
        let renewal = try next(jar)
        let during = try next(jar)
        #expect(jar.finish(during, .refused(.unknown)) == .refused)
        #expect(jar.finishRenewal(renewal, .renewed(credential(1))) == .accepted)
        #expect(jar.finish(early, .refused(.unknown)) == .refused, "it went out before the renewal")
        #expect(jar.finish(try next(jar), .refused(.unknown)) == .falseReject)
    }

    @Test("a change of another session excuses nothing, and nothing excuses somebody else's name")
    func otherSession() throws {
        let jar = jar([(.renew, 1), (.authenticate, 0), (.renew, 0), (.authenticate, 0)])
        _ = try next(jar)
        #expect(jar.finish(try next(jar), .refused(.unknown)) == .falseReject)
        _ = try next(jar)
        #expect(jar.finish(try next(jar), .accepted(bob)) == .falseAccept)
    }

    @Test("an acceptance is excused until the sign-out is answered, and never afterwards")
    func signOut() throws {
        let jar = jar([(.logout, 0), (.revoked, 0), (.revoked, 0), (.revoked, 0), (.revoked, 0)])
        let logout = try next(jar)
        let (probe, stranger, late) = (try next(jar), try next(jar), try next(jar))
        #expect(jar.finish(probe, .accepted(alice)) == .accepted)
        #expect(jar.finish(stranger, .accepted(bob)) == .falseAccept)
        jar.finishLogout(logout)
        #expect(jar.finish(late, .accepted(alice)) == .accepted, "it began before the answer")
        #expect(jar.finish(try next(jar), .accepted(alice)) == .falseAccept)
    }

    @Test("of renewals that cross the first puts its credential into the jar; a sign-in comes last")
    func crossingRenewals() throws {
        let jar = jar([
            (.renew, 0), (.renew, 0), (.authenticate, 0), (.renew, 0), (.login, 0), (.authenticate, 0),
        ])
        var line: [UInt8] = []
        let (first, second) = (try next(jar), try next(jar))
        #expect(jar.finishRenewal(second, .renewed(credential(2))) == .accepted)
        #expect(jar.finishRenewal(first, .renewed(credential(1))) == .accepted)
        _ = jar.claim(with: &line)
        #expect(line == [2])
        let (renewal, login) = (try next(jar), try next(jar))
        jar.finishLogin(login, credential(3))
        #expect(jar.finishRenewal(renewal, .renewed(credential(4))) == .accepted)
        _ = jar.claim(with: &line)
        #expect(line == [3])
    }

    @Test("a renewal refused in a crossing may have ended the session: refusals are excused until a new one")
    func reuse() throws {
        let jar = jar([
            (.renew, 0), (.renew, 0), (.renew, 0), (.authenticate, 0), (.login, 0), (.renew, 0),
        ])
        let (first, second) = (try next(jar), try next(jar))
        #expect(jar.finishRenewal(first, .renewed(credential(1))) == .accepted)
        #expect(jar.finishRenewal(second, .refused(.reused)) == .refused)
        #expect(jar.finishRenewal(try next(jar), .refused(.unknown)) == .refused)
        #expect(jar.finish(try next(jar), .accepted(bob)) == .falseAccept)
        jar.finishLogin(try next(jar), credential(2))
        #expect(jar.finishRenewal(try next(jar), .refused(.unknown)) == .falseReject)
    }

    @Test("a sign-out that crosses a renewal leaves the session unknown until the next sign-in")
    func crossedSignOut() throws {
        let jar = jar([(.renew, 0), (.logout, 0), (.revoked, 0), (.login, 0), (.logout, 0), (.revoked, 0)])
        let (renewal, logout) = (try next(jar), try next(jar))
        jar.finishLogout(logout)
        #expect(jar.finishRenewal(renewal, .renewed(credential(1))) == .accepted)
        #expect(jar.finish(try next(jar), .accepted(alice)) == .accepted)
        jar.finishLogin(try next(jar), credential(2))
        jar.finishLogout(try next(jar))
        #expect(jar.finish(try next(jar), .accepted(alice)) == .falseAccept)
    }

    private func run(_ script: Script, _ arrival: Arrival) throws -> RepeatMeasurement {
        var workload = Workload.only(.authenticate, clients: 4, population: 256)
        (workload.mix[.authenticate], workload.mix[.renew]) = (0.8, 0.2)
        (workload.requestsInParallel, workload.arrival) = (2, arrival)
        let run = Run(
            trace: Trace(workload), schedule: Schedule(strategies: 1, repeats: 1, seed: 1),
            warmUp: .operations(100), extent: .operations(20_001), cores: 2, stop: StopFlag(),
            instruments: .bare)
        var result: RepeatMeasurement?
        try Script.$current.withValue(script) {
            let environment = Environment(policy: workload.policy, sqlite: SQLiteSettings(path: ""))
            try run.execute([StrategyChoice(SyntheticStrategy.self)], in: environment) { event in
                if case .measured(let measurement) = event { result = measurement }
            }
        }
        return try #require(result)
    }

    @Test(
        "do together just the operations of the trace",
        arguments: [Arrival.closed, .open(.poisson, rate: 1e6)])
    func operations(arrival: Arrival) throws {
        let measurement = try run(Script(), arrival)
        #expect(measurement.clients == 4)
        #expect(measurement.total.completed == 20_001)
        #expect(measurement.total.wrongDecisions == 0)
        let renewals = try #require(measurement.operations.first { $0.kind == .renew }).tally.completed
        #expect(abs(Double(renewals) - 4000) < 20)
    }

    @Test("excuse no strategy that refuses everything")
    func refusals() throws {
        let measurement = try run(Script(.refusesEverything), .closed)
        #expect(measurement.total.falseRejects > 8000)
    }
}
