import AuthCore
import Backends
import Foundation
import Testing

@testable import AuthStrategies

@Suite("Session strategies")
struct SessionStrategyTests {
    static let ids = ["sqlite-session", "redis-session"]
    private let alice = Subject(id: 7)

    private func strategy(_ id: String) throws -> any (AuthStrategy & ~Copyable).Type {
        try #require(builtinStrategies.first { $0.descriptor.id == id })
    }

    private func isAccepted<S: AuthStrategy & ~Copyable>(
        _ strategy: inout S, _ credential: Credential, at now: Instant
    ) throws -> Bool {
        try strategy.authenticate(credential, at: now) == .accepted(alice)
    }

    @Test("never: reading does not push the idle expiry", arguments: ids)
    func neverTouching(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores(.touching(.never))
            let idle_ms = stores.environment.policy.lifetimes.idle_ms
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let credential = try strategy.login(alice, at: .start)
            #expect(try isAccepted(&strategy, credential, at: .start + (idle_ms - 1)))
            #expect(try !isAccepted(&strategy, credential, at: .start + idle_ms))
        }
        try check(try strategy(id))
    }

    @Test("always: each reading pushes the idle expiry, but never past the absolute one", arguments: ids)
    func alwaysTouching(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores(.touching(.always))
            let lifetimes = stores.environment.policy.lifetimes
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let credential = try strategy.login(alice, at: .start)
            var age_ms: Int64 = 0
            while age_ms < lifetimes.absolute_ms {
                #expect(try isAccepted(&strategy, credential, at: .start + age_ms), "at \(age_ms)")
                age_ms += lifetimes.idle_ms - 1
            }
            #expect(try !isAccepted(&strategy, credential, at: .start + lifetimes.absolute_ms))
        }
        try check(try strategy(id))
    }

    @Test("interval: a reading writes only once the interval has passed", arguments: ids)
    func intervalTouching(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores(.touching(.interval(milliseconds: 60_000)))
            let idle_ms = stores.environment.policy.lifetimes.idle_ms
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let early = try strategy.login(alice, at: .start)
            #expect(try isAccepted(&strategy, early, at: .start + 59_999))
            #expect(try !isAccepted(&strategy, early, at: .start + idle_ms))
            let due = try strategy.login(alice, at: .start)
            #expect(try isAccepted(&strategy, due, at: .start + 60_000))
            #expect(try isAccepted(&strategy, due, at: .start + idle_ms))
        }
        try check(try strategy(id))
    }

    @Test("renewal kills the old identifier and keeps the absolute expiry", arguments: ids)
    func rotation(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores(.touching(.always))
            let lifetimes = stores.environment.policy.lifetimes
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            var credential = try strategy.login(alice, at: .start)
            var age_ms: Int64 = 0
            while age_ms + lifetimes.idle_ms <= lifetimes.absolute_ms {
                age_ms += lifetimes.idle_ms - 1
                guard case .renewed(let next) = try strategy.renew(credential, at: .start + age_ms) else {
                    Issue.record("refused at \(age_ms)")
                    return
                }
                #expect(try !isAccepted(&strategy, credential, at: .start + age_ms))
                guard case .refused = try strategy.renew(credential, at: .start + age_ms) else {
                    Issue.record("renewed a dead identifier")
                    return
                }
                credential = next
            }
            #expect(try !isAccepted(&strategy, credential, at: .start + lifetimes.absolute_ms))
        }
        try check(try strategy(id))
    }

    @Test(
        "takes the session cookie out of several, and refuses two of its name or a foreign form",
        arguments: ids)
    func cookies(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let line = String(decoding: try strategy.login(alice, at: .start).headerLine, as: UTF8.self)
            let pair = line.dropFirst("Cookie: ".count)
            let token = pair.dropFirst("__Host-session=".count)
            func accepts(_ text: String) throws -> Bool {
                try isAccepted(&strategy, Credential(headerLine: Array(text.utf8)), at: .start)
            }
            #expect(token.count == 43)
            #expect(try accepts("cookie: theme=dark; \(pair); lang=de"))
            #expect(try accepts("COOKIE:\(pair)"))
            for bad in [
                "Cookie: \(pair); \(pair)", "Cookie: session=\(token)", "Cookie: x__Host-session=\(token)",
                "Cookie: __host-session=\(token)", "Cookie: __Host-session=\"\(token)\"",
                "Cookie: __Host-session=",
                "Cookie: __Host-session=\(token)\r\n", "Authorization: Bearer \(token)", "Cookies: \(pair)",
                "Cookie: \(pair)" + String(repeating: "; a=b", count: 2000),
            ] { #expect(try !accepts(bad), "\(bad.prefix(80))") }
        }
        try check(try strategy(id))
    }

    @Test("the database holds no token, only its hash")
    func hashedInSQLite() throws {
        let stores = try TestStores()
        var strategy = try SQLiteSessionStrategy(
            sharing: SQLiteSessionStrategy.prepare(in: stores.environment))
        let token = try strategy.login(alice, at: .start).headerLine.suffix(43)
        let bytes = try stores.databaseBytes()
        let decoded = Base64URL.decode(Array(token).span)
        let raw = try #require(decoded)
        var hasher = SHA256()
        let hash = hasher.digest(Array(token).span)
        #expect(bytes.range(of: Data(token)) == nil)
        #expect(bytes.range(of: Data(raw)) == nil)
        #expect(bytes.range(of: Data(hash.indices.map { hash[$0] })) != nil)
    }

    @Test("Redis holds no token; sessions and index have a native expiry and go with the sign-out")
    func keysInRedis() throws {
        let stores = try TestStores()
        var strategy = try RedisSessionStrategy(sharing: RedisSessionStrategy.prepare(in: stores.environment))
        let credential = try strategy.login(alice, at: .start)
        var connection = try RedisConnection(stores.server.endpoint)
        let keys = try #require(try connection.execute(RedisCommand("KEYS", "*")).elements)
        #expect(keys.count == 2)
        for key in keys {
            #expect(key.starts(with: Array("test:".utf8)))
            #expect(Data(key).range(of: Data(credential.headerLine.suffix(43))) == nil)
            var command = RedisCommand()
            command.begin(arguments: 2)
            command.append("PTTL")
            command.append(key)
            #expect(try connection.execute(command).integer ?? 0 > 0)
        }
        guard case .renewed(let renewed) = try strategy.renew(credential, at: .start) else {
            Issue.record("refused to renew")
            return
        }
        var index = RedisCommand()
        index.begin(arguments: 2)
        index.append("PTTL")
        index.append(Array("test:u:".utf8), [7, 0, 0, 0, 0, 0, 0, 0].span)
        #expect(try connection.execute(index).integer ?? 0 > 0, "renewing must not take the index's expiry")
        try strategy.logout(renewed, at: .start)
        let left = try #require(try connection.execute(RedisCommand("KEYS", "*")).elements)
        #expect(left.count == 1, "only the way from the old name to the new one")
        index.begin(arguments: 2)
        index.append("PTTL")
        index.append(left[0])
        #expect(1...60_000 ~= (try connection.execute(index).integer ?? 0))
    }

    @Test("touching a session that was deleted meanwhile does not bring it back")
    func touchAfterDelete() throws {
        let stores = try TestStores()
        let settings = try #require(stores.environment.redis)
        let lifetimes = stores.environment.policy.lifetimes
        var store = try RedisSessionStore(settings, lifetimes: lifetimes)
        let id = Digest(repeating: 3)
        let record = SessionRecord(alice, at: .start, lifetimes: lifetimes)
        try store.save([(id, record)], scope: Array("read".utf8))
        try store.remove(id)
        store.touch(id, record)
        let found = try store.read(id, requiring: .read)
        #expect(found == nil)
    }

    @Test("a store that is down is an error, never a decision")
    func storeDown() throws {
        let stores = try TestStores()
        var strategy = try RedisSessionStrategy(sharing: RedisSessionStrategy.prepare(in: stores.environment))
        let credential = try strategy.login(alice, at: .start)
        stores.server.stop()
        #expect(throws: RedisError.self) { _ = try isAccepted(&strategy, credential, at: .start) }
        let malformed = Credential(headerLine: Array("Cookie: __Host-session=short".utf8))
        #expect(try !isAccepted(&strategy, malformed, at: .start), "no store call for what cannot be a token")
    }
}
