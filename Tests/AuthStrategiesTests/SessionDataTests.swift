import AuthCore
import TestStores
import Testing

@testable import AuthStrategies

@Suite("What an application keeps with a session")
struct SessionDataTests {
    private let users = (1...3).map { Subject(id: UInt64($0) * 1000) }

    /// Signs users in and looks at what comes with each of their sessions, whatever happens to it.
    private func check<S: AuthStrategy & ~Copyable>(
        _: S.Type, count: Int, data: (borrowing S) -> [UInt8]
    ) throws {
        var policy = Policy.touching(.always)
        policy.session_bytes = count
        let stores = try TestStores(policy)
        var strategy = try S(sharing: S.prepare(in: stores.environment))
        var expected = SessionData(count: count)
        var credentials = try strategy.load(users.map { Login($0, at: .start) })
        func expectAll(_ step: Comment) throws {
            for (user, credential) in zip(users, credentials) {
                #expect(try strategy.authenticate(credential, at: .start + 1) == .accepted(user), step)
                // Not compared in the expectation, which would print both byte by byte.
                let isRight = data(strategy) == expected.make(for: user)
                #expect(isRight, step)
            }
        }
        try expectAll("signed in")
        try expectAll("touched")
        for index in credentials.indices {
            guard case .renewed(let fresh) = try strategy.renew(credentials[index], at: .start + 2) else {
                Issue.record("not renewed")
                return
            }
            credentials[index] = fresh
        }
        try expectAll("renewed")
        for user in users { try strategy.changeGrant(of: user, to: "read", at: .start + 3) }
        try expectAll("granted less")
        let writing = try strategy.authenticate(credentials[0], requiring: Scope("write"), at: .start + 4)
        #expect(writing == .refused(.insufficientScope))
    }

    @Test("comes with each request, in SQLite", arguments: [0, 3, 300, 4096, 65_536])
    func sqlite(count: Int) throws {
        try check(SQLiteSessionStrategy.self, count: count) { $0.data.last }
    }

    @Test("comes with each request, in Redis", arguments: [0, 3, 300, 4096, 65_536])
    func redis(count: Int) throws {
        try check(RedisSessionStrategy.self, count: count) { $0.data.last }
    }

    @Test("takes its place in the store")
    func bytes() throws {
        func perSession<S: AuthStrategy & ~Copyable>(_: S.Type, count: Int) throws -> Double {
            var policy = Policy()
            policy.session_bytes = count
            let stores = try TestStores(policy)
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let before = try #require(try strategy.storeBytes())
            _ = try strategy.load((1...2000).map { Login(Subject(id: $0), at: .start) })
            return Double(try #require(try strategy.storeBytes()) - before) / 2000
        }
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            #expect(try perSession(S.self, count: 4096) - perSession(S.self, count: 0) >= 4000)
        }
        try check(SQLiteSessionStrategy.self)
        try check(RedisSessionStrategy.self)
    }
}
