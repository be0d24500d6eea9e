import AuthCore
import Dispatch
import Foundation
import Synchronization
import Testing

@testable import AuthHarness

/// A store in memory whose sessions expire after the absolute lifetime, and which lets a few go at once.
private struct SweptStrategy: AuthStrategy, ~Copyable {
    static let descriptor = StrategyDescriptor(
        id: "swept", title: "in memory", transport: .none, revocation: .immediate)
    static let batch = 3

    final class Ledger: Sendable {
        let created = Mutex<[Subject: Instant]>([:])
        /// How many sessions each sweep deleted that deleted any, since a phase was prepared.
        let deleted = Mutex<[Int]>([])
        /// How many sweeps failed, since a phase was prepared.
        let failures = Atomic(0)
        let lifetime_ms: Int64
        let fails: Bool

        init(_ environment: Environment) {
            lifetime_ms = environment.policy.lifetimes.absolute_ms
            fails = environment.policy.issuer == "fails"
        }
    }

    static func prepare(in environment: Environment) -> Ledger { Ledger(environment) }

    private let ledger: Ledger

    init(sharing ledger: Ledger) { self.ledger = ledger }

    mutating func login(_ subject: Subject, at now: Instant) -> Credential {
        ledger.created.withLock { $0[subject] = now }
        ledger.deleted.withLock { $0 = [] }
        ledger.failures.store(0, ordering: .relaxed)
        var line: [UInt8] = []
        line.append(subject.id, count: 8)
        return Credential(headerLine: line)
    }

    /// Waits until a few sweeps have found something, so that no test depends on a clock.
    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        var id: UInt64 = 0
        for index in 0..<8 { id |= UInt64(line[index]) << (8 * index) }
        guard id < Subject.sample.id - 100 else { return .accepted(Subject(id: id)) }
        let limit = ContinuousClock.now.advanced(by: .seconds(20))
        while ledger.fails
            ? ledger.failures.load(ordering: .relaxed) == 0 : ledger.deleted.withLock({ $0.count }) < 4
        {
            if ContinuousClock.now > limit { throw BreakdownError() }
            usleep(1000)
        }
        let isThere = ledger.created.withLock { $0[Subject(id: id)] != nil }
        return isThere ? .accepted(Subject(id: id)) : .refused(.unknown)
    }

    mutating func sweep(at now: Instant) throws -> Int? {
        let expired = ledger.created.withLock { created in
            created.filter { $0.value.advanced(byMilliseconds: ledger.lifetime_ms) <= now }.map(\.key)
        }
        if ledger.fails, !expired.isEmpty {
            ledger.failures.add(1, ordering: .relaxed)
            throw BreakdownError()
        }
        let batch = expired.prefix(Self.batch)
        ledger.created.withLock { created in batch.forEach { created[$0] = nil } }
        if !batch.isEmpty { ledger.deleted.withLock { $0.append(batch.count) } }
        return batch.count
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) -> Renewal {
        .renewed(copy credential)
    }
    mutating func logout(_ credential: borrowing Credential, at now: Instant) {}
    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) {}
    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) -> Credential {
        Credential(headerLine: [])
    }
}

@Suite("Sweeper")
struct SweeperTests {
    private func measure(sweepInterval_ms: Int64, issuer: String = "") throws -> RepeatMeasurement? {
        var policy = Policy()
        policy.sweepInterval_ms = sweepInterval_ms
        policy.issuer = issuer
        // Enough for three batches in a group of the ten.
        let workload = Workload.only(.authenticate, clients: 2, population: 1200, policy: policy)
        let run = Run(
            trace: Trace(workload, lapOperations: 2), schedule: Schedule(strategies: 1, repeats: 1, seed: 1),
            warmUp: .duration(nanoseconds: 0), extent: .operations(8), cores: 2, stop: StopFlag(),
            instruments: .bare)
        var result: RepeatMeasurement?
        let environment = Environment(policy: policy, sqlite: SQLiteSettings(path: ""))
        try run.execute([StrategyChoice(SweptStrategy.self)], in: environment) { event in
            if case .measured(let measurement) = event { result = measurement }
        }
        return result
    }

    @Test("deletes what expires meanwhile batch by batch, nothing that is alive, and is no operation")
    func sweeps() throws {
        let measurement = try #require(try measure(sweepInterval_ms: 1))
        let swept = try #require(measurement.sweptSessions)
        #expect(swept >= 4, "the clients waited for four batches")
        #expect(swept <= 120, "a twentieth of the population, and what the warm-up left")
        #expect(measurement.total.completed == 8)
        #expect(measurement.total.accepted == 8, "no session of the population has gone")
        #expect(measurement.total.errors == 0)
    }

    @Test("that fails ends the run: the store is not what the workload says")
    func failure() {
        #expect(throws: BreakdownError.self) {
            _ = try measure(sweepInterval_ms: 1, issuer: "fails")
        }
    }

    @Test("is there only where it is asked for, and not for a strategy without anything to sweep")
    func absence() throws {
        let script = Script()
        let measurement = try script.measure(
            .closed, .operations(100), by: Instruments.bare.monotonic)
        #expect(measurement.sweptSessions == nil)
    }
}
