import AuthCore
import Backends
import TestStores
import Testing

@testable import AuthStrategies

@Suite("Sweep")
struct SweepTests {
    private func strategy(_ id: String) throws -> any (AuthStrategy & ~Copyable).Type {
        try #require(builtinStrategies.first { $0.descriptor.id == id })
    }

    private func logins(_ ids: Range<UInt64>, at instant: Instant) -> [Login] {
        ids.map { Login(Subject(id: $0), at: instant) }
    }

    @Test(
        "deletes what has expired, no more than 500 at once, and nothing else",
        arguments: ["sqlite-session", "hybrid"])
    func deletes(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            var policy = Policy()
            policy.sweepInterval_ms = 1000
            let stores = try TestStores(policy)
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let longAgo = Instant.start + -policy.lifetimes.absolute_ms
            let old = try strategy.load(logins(1..<1201, at: longAgo))
            let young = try strategy.load(logins(2001..<2101, at: .start + -1000))
            #expect(try strategy.sweep(at: longAgo + 1) == 0)
            #expect(try (0..<4).map { _ in try strategy.sweep(at: .start) } == [500, 500, 200, 0])
            for credential in young {
                guard case .renewed = try strategy.renew(credential, at: .start) else {
                    Issue.record("a session that is alive has gone")
                    return
                }
            }
            guard case .refused(.unknown) = try strategy.renew(old[0], at: .start) else {
                Issue.record("an expired session is still there")
                return
            }
        }
        try check(try strategy(id))
    }

    @Test("is done by a strategy with a defect as well: the defect is all that differs")
    func defective() throws {
        let stores = try TestStores()
        typealias Wrapped = Defective<SQLiteSessionStrategy>
        var strategy = try Wrapped(sharing: Wrapped.prepare(in: stores.environment))
        _ = try strategy.load(logins(1..<4, at: .start + -stores.environment.policy.lifetimes.absolute_ms))
        #expect(try strategy.sweep(at: .start) == 3)
    }

    @Test("goes by the idle expiry, which a touch pushes")
    func idle() throws {
        var policy = Policy.touching(.always)
        policy.sweepInterval_ms = 1000
        let stores = try TestStores(policy)
        var strategy = try SQLiteSessionStrategy(
            sharing: SQLiteSessionStrategy.prepare(in: stores.environment))
        let credentials = try strategy.load(logins(1..<3, at: .start))
        let idle_ms = policy.lifetimes.idle_ms
        _ = try strategy.authenticate(credentials[0], at: .start + 60_000)
        #expect(try strategy.sweep(at: .start + (idle_ms - 1)) == 0)
        #expect(try strategy.sweep(at: .start + idle_ms) == 1)
        #expect(
            try strategy.authenticate(credentials[0], at: .start + idle_ms) == .accepted(Subject(id: 1)))
    }

    @Test("has an index on what it goes by, which is not made for nobody", arguments: [0, 1000])
    func index(sweepInterval_ms: Int64) throws {
        var policy = Policy()
        policy.sweepInterval_ms = sweepInterval_ms
        let stores = try TestStores(policy)
        _ = try SQLiteSessionStrategy.prepare(in: stores.environment)
        _ = try HybridStrategy.prepare(in: stores.environment)
        let connection = try SQLiteConnection(path: stores.environment.sqlite.path)
        let count = try connection.integer(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%idle_expires_at%'")
        #expect(count == (sweepInterval_ms > 0 ? 2 : 0))
        #expect(
            try connection.integer("SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%(abs_expires_at%'")
                == 0)
    }

    @Test(
        "is nothing to Redis, which lets keys go by itself, nor to tokens",
        arguments: ["redis-session", "hs256-jwt"])
    func nothing(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            #expect(try strategy.sweep(at: .start) == nil)
        }
        try check(try strategy(id))
    }
}
