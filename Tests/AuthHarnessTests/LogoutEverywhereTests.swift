import AuthCore
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import AuthHarness

/// The sessions of these tests, and what goes wrong with their end.
private final class SharedSessions: Sendable {
    enum Fault: Sendable { case none, leavesOne, endsAll, throwsAtTheEnd, takesAWhile }

    let fault: Fault
    let promise: RevocationPromise
    let subjects = Mutex<[UInt64: UInt64]>([:])
    let made = Atomic<UInt64>(0)

    init(_ fault: Fault = .none, promise: RevocationPromise = .immediate) {
        (self.fault, self.promise) = (fault, promise)
    }

    @TaskLocal static var current = SharedSessions()
}

/// A header line is the number of a session; a token whose promise is its expiry says whose it is.
private struct CountedStrategy: AuthStrategy, ~Copyable {
    static var descriptor: StrategyDescriptor {
        .init(
            id: "counted", title: "scripted", transport: .bearer, revocation: SharedSessions.current.promise)
    }

    static func prepare(in environment: Environment) -> SharedSessions { .current }

    private let store: SharedSessions
    private(set) var storeCommands = 0
    var storeRoundTrips: Int { storeCommands }

    init(sharing store: SharedSessions) { self.store = store }

    mutating func login(_ subject: Subject, at now: Instant) -> Credential {
        let id = store.made.add(1, ordering: .relaxed).newValue
        store.subjects.withLock { $0[id] = subject.id }
        var bytes: [UInt8] = []
        bytes.append(id, count: 8)
        bytes.append(subject.id, count: 8)
        return Credential(headerLine: bytes)
    }

    private static func number(_ line: Span<UInt8>, from start: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(line[start + $1]) << (8 * UInt64($1)) }
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) -> Decision {
        let subject = Self.number(line, from: 8)
        if store.promise == .atExpiry { return .accepted(Subject(id: subject)) }
        let id = Self.number(line, from: 0)
        return store.subjects.withLock { $0[id] } == subject
            ? .accepted(Subject(id: subject)) : .refused(.unknown)
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) -> Renewal { .refused(.unknown) }

    mutating func logout(_ credential: borrowing Credential, at now: Instant) {
        let id = Self.number(credential.headerLine.span, from: 0)
        store.subjects.withLock { $0[id] = nil }
    }

    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        storeCommands += 3
        switch store.fault {
        case .throwsAtTheEnd: throw BreakdownError()
        case .takesAWhile: usleep(500_000)
        default: break
        }
        store.subjects.withLock { subjects in
            var own = subjects.filter { $0.value == subject.id }.map(\.key)
            if store.fault == .leavesOne { own.removeLast() }
            if store.fault == .endsAll { own = Array(subjects.keys) }
            for id in own { subjects[id] = nil }
        }
    }
}

@Suite struct LogoutEverywhereTests {
    private let sleep: MonotonicClock.Sleep = { until_ns in
        let now_ns = DispatchTime.now().uptimeNanoseconds
        if until_ns > now_ns { usleep(UInt32((until_ns - now_ns) / 1000)) }
    }

    private func measure(
        _ store: SharedSessions, sessions: [Int] = [1, 5], areNewcomers: Bool = false, repeatIndex: Int = 1
    ) throws -> [LogoutEverywhereMeasurement] {
        var workload = Workload.only(.authenticate, clients: 2, population: 200)
        workload.arrival = .open(.poisson, rate: 2000)
        let run = LogoutEverywhereRun(
            plan: LogoutEverywherePlan(
                sessions: sessions, users: 6, every_ns: 5_000_000, areNewcomers: areNewcomers),
            trace: Trace(workload), cores: 2,
            instruments: Instruments(monotonic: MonotonicClock(sleep: sleep)),
            stop: StopFlag())
        return try SharedSessions.$current.withValue(store) {
            try run.measure(
                StrategyChoice(CountedStrategy.self),
                in: Environment(policy: workload.policy, sqlite: SQLiteSettings(path: "")),
                repeatIndex: repeatIndex)
        }
    }

    @Test
    func `each number of sessions has a turn beside one without logouts, in reverse in the next repeat`()
        throws
    {
        #expect(try measure(SharedSessions()).map(\.sessions) == [0, 1, 5])
        #expect(try measure(SharedSessions(), repeatIndex: 2).map(\.sessions) == [5, 1, 0])
    }

    @Test(arguments: [false, true])
    func `every session is presented before, and on two clients afterwards, and none is left`(
        _ areNewcomers: Bool
    ) throws {
        let store = SharedSessions()
        let turns = try measure(store, areNewcomers: areNewcomers)
        #expect(turns[0].logouts.isEmpty && turns[0].check == .init())
        for turn in turns.dropFirst() {
            let check = turn.check
            #expect(turn.logouts.count == 6 && turn.logouts.allSatisfy { $0.storeCommands == 3 })
            #expect(check.before == 6 * turn.sessions && check.refusedBefore == 0)
            #expect(check.after == 12 * turn.sessions && check.acceptedAfter == 0 && check.allowedAfter == 0)
            #expect(check.others == 2000 && check.othersWrong == 0)
        }
        #expect(turns.allSatisfy { $0.requests?.total.wrongDecisions == 0 })
        // What is left are the other users, of whom one in twenty has signed out.
        #expect(store.subjects.withLock { $0.count } == 190)
    }

    @Test func `requests of other users are timed from the moment when they were due`() throws {
        for turn in try measure(SharedSessions()) {
            let requests = try #require(turn.requests)
            #expect(requests.openLoop?.targetRate == 2000)
            #expect(requests.operations.allSatisfy { $0.response?.total.count == $0.service.total.count })
        }
    }

    @Test func `a session that is left is seen on both clients`() throws {
        let turns = try measure(SharedSessions(.leavesOne))
        #expect(turns.dropFirst().map(\.check.acceptedAfter) == [12, 12])
    }

    @Test func `an end of other users' sessions is seen`() throws {
        let turns = try measure(SharedSessions(.endsAll), sessions: [1])
        let seen = turns.reduce(0) { $0 + $1.check.othersWrong + $1.check.refusedBefore }
        #expect(seen > 0)
        #expect(turns.last?.requests?.total.falseRejects ?? 0 > 0)
    }

    @Test func `a plain token has a reason instead of figures`() throws {
        let turns = try measure(SharedSessions(promise: .atExpiry))
        #expect(turns.map(\.sessions) == [1, 5])
        #expect(turns.allSatisfy { $0.impossible != nil && $0.requests == nil && $0.logouts.isEmpty })
    }

    @Test func `what the strategy throws at the end of sessions ends the measurement`() {
        #expect(throws: BreakdownError.self) { try measure(SharedSessions(.throwsAtTheEnd)) }
    }

    @Test func `logouts that take longer than their turn are late`() throws {
        let turns = try measure(SharedSessions(.takesAWhile), sessions: [1])
        // Six of 0.5 s each, in a turn of 30 ms, which takes longer on a busy machine.
        #expect(turns.last?.lateLogouts ?? 0 >= 1)
    }
}
