import AuthCore
import Backends
import TestStores
import Testing

@testable import AuthStrategies

/// A Redis session strategy whose server forgets scripts, closes connections, runs out of memory or loses an index.
@Suite("Redis that forgets")
final class RedisRecoveryTests {
    private let alice = Subject(id: 7)
    private let stores: TestStores
    private var connection: RedisConnection

    init() throws {
        stores = try TestStores(.touching(.interval(milliseconds: 60_000)))
        connection = try RedisConnection(stores.server.endpoint)
    }

    private func strategy() throws -> RedisSessionStrategy {
        try RedisSessionStrategy(sharing: RedisSessionStrategy.prepare(in: stores.environment))
    }

    private func index(_ name: StaticString, of user: Subject, _ rest: StaticString...) -> RedisCommand {
        var command = RedisCommand()
        var bytes: [UInt8] = []
        bytes.append(user.id, count: 8)
        command.begin(arguments: 2 + rest.count)
        command.append(name)
        command.append(Array("test:u:".utf8), bytes.span)
        for word in rest { command.append(word) }
        return command
    }

    /// Every verb once, each after something has been done to the server.
    private func tryEveryVerb(after harm: RedisCommand) throws {
        var strategy = try strategy()
        func happen(_ connection: inout RedisConnection) throws { _ = try connection.execute(harm) }
        try happen(&connection)
        let loaded = try strategy.load((0..<50).map { Login(Subject(id: $0), at: .start) })
        try happen(&connection)
        #expect(try strategy.authenticate(loaded[49], at: .start) == .accepted(Subject(id: 49)))
        try happen(&connection)
        var credential = try strategy.login(alice, at: .start)
        try happen(&connection)
        #expect(try strategy.authenticate(credential, at: .start + 60_000) == .accepted(alice), "touching")
        try happen(&connection)
        #expect(try strategy.sessions(of: alice, at: .start)?.map(\.lastSeen).max() == .start + 60_000)
        try happen(&connection)
        guard case .renewed(let fresh) = try strategy.renew(credential, at: .start) else {
            Issue.record("refused to renew")
            return
        }
        credential = fresh
        try happen(&connection)
        try strategy.changeGrant(of: alice, to: "read", at: .start)
        #expect(
            try strategy.authenticate(credential, requiring: Scope("write"), at: .start)
                == .refused(.insufficientScope))
        try happen(&connection)
        try strategy.logout(credential, at: .start)
        #expect(try strategy.authenticate(credential, at: .start) == .refused(.unknown))
        try happen(&connection)
        try strategy.logoutEverywhere(Subject(id: 49), at: .start)
        #expect(try strategy.authenticate(loaded[49], at: .start) == .refused(.unknown))
        #expect(strategy.touchFailures == 0)
    }

    @Test("every verb goes on after the server has forgotten the scripts")
    func scriptFlush() throws {
        try tryEveryVerb(after: RedisCommand("SCRIPT", "FLUSH"))
    }

    @Test("every verb goes on after the server has closed the connection")
    func closedConnection() throws {
        try tryEveryVerb(after: RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
    }

    @Test("a pipelined load goes on where scripts are forgotten in its middle")
    func flushWithinLoad() throws {
        let lifetimes = stores.environment.policy.lifetimes
        var store = try RedisSessionStore(in: stores.environment, sharing: ())
        let sessions = (0..<20).map { number in
            (id: Digest(repeating: number), record: SessionRecord(alice, at: .start, lifetimes: lifetimes))
        }
        try store.pipeline(sessions[...], scope: Array("read".utf8)) {
            _ = try connection.execute(RedisCommand("SCRIPT", "FLUSH"))
        }
        for session in sessions {
            let found = try store.read(session.id, requiring: .read, at: .start)
            #expect(found?.record == session.record)
        }
    }

    @Test("replies that were not read answer no other command")
    func outOfStep() throws {
        var strategy = try strategy()
        let credential = try strategy.login(alice, at: .start)
        _ = try connection.execute(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
        #expect(throws: RedisError.self) {
            _ = try strategy.load((0..<50).map { Login(Subject(id: $0), at: .start) })
        }
        for _ in 0..<3 { #expect(try strategy.authenticate(credential, at: .start) == .accepted(alice)) }
    }

    @Test("a touch that the server refuses leaves the decision, and is counted")
    func refusedTouch() throws {
        var strategy = try strategy()
        let credential = try strategy.login(alice, at: .start)
        _ = try connection.execute(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
        #expect(try strategy.authenticate(credential, at: .start + 60_000) == .accepted(alice))
        #expect(try strategy.authenticate(credential, at: .start + 1) == .accepted(alice))
        #expect(strategy.touchFailures == 1)
        _ = try connection.execute(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
        #expect(try strategy.authenticate(credential, at: .start + 60_000) == .accepted(alice))
        #expect(try strategy.sessions(of: alice, at: .start)?.first?.lastSeen == .start + 60_000)
        #expect(strategy.touchFailures == 1)
    }

    @Test("an index that was lost is made anew with an expiry, by a sign-in, a touch and a renewal")
    func indexExpiry() throws {
        var strategy = try strategy()
        var credential = try strategy.login(alice, at: .start)
        func loseAndCheck(_ connection: inout RedisConnection, _ verb: String, _ body: () throws -> Void)
            throws
        {
            _ = try connection.execute(index("DEL", of: alice))
            try body()
            #expect(try connection.execute(index("PTTL", of: alice)).integer ?? 0 > 0, "\(verb)")
            #expect(try connection.execute(index("ZCARD", of: alice)).integer == 2, "\(verb): birth and name")
        }
        try loseAndCheck(&connection, "login") { credential = try strategy.login(alice, at: .start) }
        try loseAndCheck(&connection, "touch") {
            _ = try strategy.authenticate(credential, at: .start + 60_000)
            _ = try strategy.authenticate(credential, at: .start)
        }
        try loseAndCheck(&connection, "renew") {
            if case .renewed(let fresh) = try strategy.renew(credential, at: .start) { credential = fresh }
        }
        _ = try connection.execute(index("DEL", of: alice))
        try strategy.logoutEverywhere(alice, at: .start)
        #expect(try strategy.authenticate(credential, at: .start) == .refused(.unknown))
    }

    @Test("an index lets go of the names of sessions that expired long ago")
    func pruning() throws {
        var strategy = try strategy()
        let lifetimes = stores.environment.policy.lifetimes
        for day in 0..<10 {
            _ = try strategy.login(alice, at: .start + Int64(day) * 86_400_000)
        }
        let names = try #require(try connection.execute(index("ZCARD", of: alice)).integer)
        #expect(lifetimes.absolute_ms <= 86_400_000)
        #expect(names <= 4, "the birth and the sessions of three days, not \(names)")
    }

    @Test("the server is searched only while the index may have lost names, and then once")
    func search() throws {
        var strategy = try strategy()
        let policy = stores.environment.policy
        let old = Instant.start + (policy.lifetimes.idle_ms + 3_600_000)
        _ = try strategy.login(alice, at: .start)
        var before = strategy.storeCommands
        _ = try strategy.sessions(of: alice, at: .start)
        #expect(strategy.storeCommands - before > 3, "a young index")
        before = strategy.storeCommands
        _ = try strategy.sessions(of: alice, at: .start)
        #expect(strategy.storeCommands - before == 1, "one that was completed")
        let bob = Subject(id: 8)
        _ = try strategy.login(bob, at: .start)
        before = strategy.storeCommands
        try strategy.logoutEverywhere(bob, at: old)
        #expect(strategy.storeCommands - before == 1, "one older than any session that nobody used")
    }

    @Test("an exchange done twice is as done once")
    func repeatedRotation() throws {
        let lifetimes = stores.environment.policy.lifetimes
        var store = try RedisSessionStore(in: stores.environment, sharing: ())
        let record = SessionRecord(alice, at: .start, lifetimes: lifetimes)
        let (old, new, third) = (Digest(repeating: 1), Digest(repeating: 2), Digest(repeating: 3))
        try store.saveAll([(old, record)], scope: Array("read".utf8))
        #expect(try store.rotate(old, to: new, record))
        #expect(try store.rotate(old, to: new, record))
        #expect(try !store.rotate(old, to: third, record), "another client's is refused")
        let found = try store.read(new, requiring: .read, at: .start)
        #expect(found?.record == record)
        try store.remove(old)
        #expect(try !store.rotate(old, to: new, record), "and none after a logout")
    }

    @Test("logging the others out keeps a session that is renewed meanwhile")
    func keptThroughRenewal() throws {
        let lifetimes = stores.environment.policy.lifetimes
        var store = try RedisSessionStore(in: stores.environment, sharing: ())
        let record = SessionRecord(alice, at: .start, lifetimes: lifetimes)
        let (old, new, other) = (Digest(repeating: 1), Digest(repeating: 2), Digest(repeating: 3))
        try store.saveAll([(old, record), (other, record)], scope: Array("read".utf8))
        #expect(try store.rotate(old, to: new, record))
        try store.removeAll(of: alice, but: old, at: .start)
        let (kept, gone) = (
            try store.read(new, requiring: .read, at: .start),
            try store.read(other, requiring: .read, at: .start)
        )
        #expect(kept != nil && gone == nil)
    }

    @Test(
        "a damaged value is an error, never a crash and never a decision",
        arguments: [0, 1, 37, 38, 39])
    func damagedValue(count: Int) throws {
        var strategy = try strategy()
        let credential = try strategy.login(alice, at: .start)
        var keys = try connection.execute(RedisCommand("KEYS", "test:s:*")).elements ?? []
        var command = RedisCommand()
        command.begin(arguments: 3)
        command.append("SET")
        command.append(keys.removeFirst())
        command.append([UInt8](repeating: 0x6D, count: count))
        _ = try connection.execute(command)
        #expect(throws: DamagedStoreError.self) { _ = try strategy.authenticate(credential, at: .start) }
        #expect(throws: DamagedStoreError.self) { _ = try strategy.renew(credential, at: .start) }
        #expect(throws: DamagedStoreError.self) { _ = try strategy.sessions(of: alice, at: .start) }
        try strategy.changeGrant(of: alice, to: "read", at: .start)
        try strategy.logout(credential, at: .start)
    }
}
