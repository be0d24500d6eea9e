import AuthCore
import Foundation
import Synchronization
import Testing

@testable import AuthHarness

/// The store of these tests, and what happens to it.
final class FragileStore: Sendable {
    enum State: Sendable { case well, refuses, forgets }

    let state = Mutex(State.well)
    let sessions = Mutex(Set<UInt64>())
    let promise: RevocationPromise

    /// Whether it names what was ended: as far as the strategy says.
    let listsEnded: Bool

    init(_ promise: RevocationPromise = .immediate, listsEnded: Bool = false) {
        (self.promise, self.listsEnded) = (promise, listsEnded)
    }

    @TaskLocal static var current = FragileStore()
}

/// Sessions in that store: the header line is the number of one, and so is the refresh token where there is one.
struct FragileStrategy: AuthStrategy, ~Copyable {
    static var descriptor: StrategyDescriptor {
        var descriptor = StrategyDescriptor(
            id: "fragile", title: "scripted", transport: .bearer, revocation: FragileStore.current.promise)
        descriptor.listsEnded = FragileStore.current.listsEnded
        return descriptor
    }

    static func prepare(in environment: Environment) -> FragileStore { .current }

    private let store: FragileStore
    private var made: UInt64 = 0

    init(sharing store: FragileStore) { self.store = store }

    private func ask() throws { if store.state.withLock({ $0 }) == .refuses { throw BreakdownError() } }

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try ask()
        made += 1
        let id = subject.id << 20 | made
        store.sessions.withLock { _ = $0.insert(id) }
        var bytes: [UInt8] = []
        bytes.append(id, count: 8)
        return Credential(headerLine: bytes, refreshToken: store.promise == .atExpiry ? bytes : [])
    }

    private static func id(_ line: Span<UInt8>) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(line[$1]) << (8 * UInt64($1)) }
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        let id = Self.id(line)
        // A token is asked of no store.
        if store.promise == .atExpiry { return .accepted(Subject(id: id >> 20)) }
        try ask()
        return store.sessions.withLock { $0.contains(id) }
            ? .accepted(Subject(id: id >> 20)) : .refused(.unknown)
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        try ask()
        let id = Self.id(credential.headerLine.span)
        return store.sessions.withLock { $0.contains(id) } ? .renewed(copy credential) : .refused(.unknown)
    }

    mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        try ask()
        let id = Self.id(credential.headerLine.span)
        store.sessions.withLock { _ = $0.remove(id) }
    }

    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) {}
}

@Suite("Outage")
struct OutageTests {
    private func run(
        _ store: FragileStore, _ injection: OutageRun.Injection?, probes: Bool = false
    ) throws -> OutageMeasurement {
        var workload = Workload.only(.authenticate, clients: 4, population: 400)
        workload.mix[.authenticate] = probes ? 0.5 : 0.7
        workload.mix[.revoked] = probes ? 0.2 : 0
        workload.mix[.login] = 0.1
        workload.mix[.renew] = 0.1
        workload.mix[.logout] = 0.1
        workload.arrival = .open(.constant, rate: 4000)
        let run = OutageRun(
            trace: Trace(workload, lapOperations: 4000), before_ns: 60_000_000, fault_ns: 60_000_000,
            after_ns: 60_000_000, cores: 2, instruments: Instruments(monotonic: MonotonicClock(sleep: sleep)),
            stop: StopFlag())
        let environment = Environment(policy: workload.policy, sqlite: SQLiteSettings(path: ""))
        return try FragileStore.$current.withValue(store) {
            try run.measure(FragileStrategy.self, in: environment, injecting: injection)
        }
    }

    private let sleep: MonotonicClock.Sleep = { until_ns in
        let now_ns = DispatchTime.now().uptimeNanoseconds
        if until_ns > now_ns { usleep(UInt32((until_ns - now_ns) / 1000)) }
    }

    private func refusing(_ store: FragileStore) -> OutageRun.Injection {
        .init(
            .stop, begin: { store.state.withLock { $0 = .refuses } },
            end: { store.state.withLock { $0 = .well } })
    }

    @Test(
        "every request is there once, and those without a decision are those between the beginning and the end"
    )
    func refusal() throws {
        let store = FragileStore()
        let outage = try run(store, refusing(store))
        #expect(outage.requests.count == 720 && outage.fault == .stop && outage.clients == 4)
        #expect(outage.requests.map(\.due_ns) == outage.requests.map(\.due_ns).sorted())
        let undecided = outage.requests.filter { $0.answer == .undecided }
        #expect(!undecided.isEmpty && outage.errors.count == undecided.count)
        // An answer is noted a little after the store gave it.
        for request in undecided {
            #expect(
                request.end_ns >= outage.fault_ns.lowerBound && request.due_ns < outage.fault_ns.upperBound)
        }
        // All of them, but for one that each client had on its way.
        let within = outage.requests.filter {
            outage.fault_ns.contains($0.due_ns) && $0.end_ns < outage.fault_ns.upperBound
                && $0.answer != .undecided
        }
        #expect(within.count <= 8, "\(within.count)")
        #expect(outage.check.good > 300 && outage.check.lost == 0)
        #expect(outage.check.signedOut > 5 && outage.check.cameBack == 0 && outage.check.undecided == 0)
        #expect(!outage.requests.contains { $0.answer == .wronglyAccepted || $0.answer == .goodRefused })
    }

    @Test("a store that forgets has lost every session that was not begun again")
    func loss() throws {
        let store = FragileStore()
        let outage = try run(
            store, .init(.kill, begin: { store.sessions.withLock { $0 = [] } }, end: {}))
        #expect(outage.requests.contains { $0.answer == .goodRefused })
        #expect(outage.check.lost > outage.check.good / 2 && outage.check.lost < outage.check.good)
        #expect(outage.check.cameBack == 0)
    }

    @Test("sign-outs that a store takes back are counted, also where only the refresh token shows it")
    func revival() throws {
        for promise in [RevocationPromise.immediate, .atExpiry] {
            let store = FragileStore(promise)
            let before = Mutex(Set<UInt64>())
            // Before the clock starts nothing has been signed out but what the trace begins with.
            let outage = try run(
                store,
                .init(
                    .failover, begin: { before.withLock { $0 = store.sessions.withLock { $0 } } },
                    end: {
                        store.sessions.withLock { sessions in sessions.formUnion(before.withLock { $0 }) }
                    }))
            let meanwhile = outage.requests.count {
                $0.kind == .logout && outage.fault_ns.contains($0.end_ns) && $0.answer == .accepted
            }
            #expect(meanwhile > 5)
            // A user who signed in again after a sign-out holds another session.
            #expect(outage.check.cameBack > 0 && outage.check.cameBack <= meanwhile, "\(outage.check)")
            #expect(outage.check.lost == 0)
            #expect(!outage.requests.contains { $0.answer == .wronglyAccepted })
        }
    }

    @Test(
        "a signed-out credential that is accepted is the doing of a store that forgot, and wrong in any other case"
    )
    func signedOut() throws {
        for (fault, listsEnded) in [
            (StoreFault.failover, false), (.kill, false), (.kill, true), (.cut, true),
        ] {
            let store = FragileStore(listsEnded: listsEnded)
            let all = Set((1...400).flatMap { id in (1...200).map { UInt64(id) << 20 | UInt64($0) } })
            let outage = try run(
                store, .init(fault, begin: { store.sessions.withLock { $0 = all } }, end: {}), probes: true)
            let (revived, wrong) = (count(.revived, outage), count(.wronglyAccepted, outage))
            let isExcused = fault == .failover || fault == .kill && listsEnded
            #expect(isExcused ? revived > 0 && wrong == 0 : revived == 0 && wrong > 0)
            #expect(outage.mayRevive == isExcused)
        }
        let store = FragileStore(.atExpiry)
        let outage = try run(store, nil, probes: true)
        #expect(count(.staleAccepted, outage) > 0 && count(.wronglyAccepted, outage) == 0)
    }

    private func count(_ answer: OutageRequest.Answer, _ outage: OutageMeasurement) -> Int {
        outage.requests.count { $0.answer == answer }
    }

    @Test("a strategy without a fault has none, and what the injection throws is thrown")
    func none() throws {
        let outage = try run(FragileStore(), nil)
        #expect(outage.fault == nil && outage.errors.count == 0 && outage.requests.count == 720)
        #expect(throws: BreakdownError.self) {
            try run(FragileStore(), .init(.cut, begin: { throw BreakdownError() }, end: {}))
        }
    }

    @Test("a store that does not come back leaves its requests and its credentials undecided, without a hang")
    func never() throws {
        let store = FragileStore()
        let outage = try run(store, .init(.stop, begin: { store.state.withLock { $0 = .refuses } }, end: {}))
        #expect(outage.requests.count == 720)
        #expect(outage.check.good == 0 && outage.check.undecided > 300)
    }
}
