import AuthCore
import AuthText
import Backends
import Foundation
import TestStores
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

    @Test(
        "a clock that is behind takes nothing back from a session, neither by touching nor by renewal",
        arguments: ids)
    func clockBehind(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores(.touching(.always))
            let idle_ms = stores.environment.policy.lifetimes.idle_ms
            let shared = try S.prepare(in: stores.environment)
            var ahead = try S(sharing: shared)
            var behind = try S(sharing: shared)
            var credential = try ahead.login(alice, at: .start + 10_000)
            let expected = SessionSummary(
                createdAt: .start + 10_000, lastSeen: .start + 20_000, expiry: .start + (20_000 + idle_ms))
            #expect(try isAccepted(&ahead, credential, at: .start + 20_000))
            for age_ms in [Int64(0), 10_000, 19_999] {
                #expect(try isAccepted(&behind, credential, at: .start + age_ms), "created in the future")
                #expect(
                    try behind.sessions(of: alice, at: .start) == [expected], "after a touch at \(age_ms)")
            }
            guard case .renewed(let fresh) = try behind.renew(credential, at: .start) else {
                Issue.record("refused to renew")
                return
            }
            credential = fresh
            #expect(try behind.sessions(of: alice, at: .start) == [expected], "after a renewal")
            #expect(try isAccepted(&ahead, credential, at: .start + (20_000 + idle_ms - 1)))
        }
        try check(try strategy(id))
    }

    @Test(
        "a logout by the identifier from before a renewal ends the session, and no other one", arguments: ids)
    func crossingLogout(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            func renewed(_ credential: Credential) throws -> Credential {
                guard case .renewed(let next) = try strategy.renew(credential, at: .start) else {
                    throw RedisError.unexpectedReply(command: "renew")
                }
                return next
            }
            let other = try strategy.login(alice, at: .start)
            let first = try strategy.login(alice, at: .start)
            let second = try renewed(first)
            let third = try renewed(second)
            #expect(try !isAccepted(&strategy, second, at: .start))
            try strategy.logout(second, at: .start)
            #expect(try !isAccepted(&strategy, third, at: .start))
            #expect(try isAccepted(&strategy, other, at: .start))
            #expect(try strategy.sessions(of: alice, at: .start)?.count == 1)
        }
        try check(try strategy(id))
    }

    @Test("impossible times in a row are a decision without a crash")
    func damagedRow() throws {
        let stores = try TestStores(.touching(.always))
        let environment = try SQLiteSessionStrategy.prepare(in: stores.environment)
        var strategy = try SQLiteSessionStrategy(sharing: environment)
        let database = try SQLiteConnection(path: stores.environment.sqlite.path)
        for column in ["user_id", "created_at", "last_seen_at", "idle_expires_at", "abs_expires_at"] {
            for number in [Int64.min, -1, 0, .max] {
                let credential = try strategy.login(alice, at: .start)
                try database.execute("UPDATE sessions SET \(column) = \(number)")
                _ = try strategy.authenticate(credential, at: .start + 1)
                _ = try strategy.sessions(of: alice, at: .start + 1)
                _ = try strategy.logoutOthers(credential, at: .start + 1)
                _ = try strategy.renew(credential, at: .start + 2)
                try database.execute("DELETE FROM sessions")
            }
        }
    }

    @Test("impossible numbers in a record in Redis are a decision without a crash")
    func damagedRecord() throws {
        let stores = try TestStores(.touching(.always))
        let lifetimes = stores.environment.policy.lifetimes
        var store = try RedisSessionStore(in: stores.environment, sharing: ())
        let fields: [WritableKeyPath<SessionRecord, Instant>] = [
            \.createdAt, \.lastSeen, \.idleExpiry, \.absoluteExpiry,
        ]
        for (index, field) in fields.enumerated() {
            for (number, time_ms) in [Int64.min, -1, 0, .max].enumerated() {
                var record = SessionRecord(alice, at: .start, lifetimes: lifetimes)
                record[keyPath: field] = Instant(milliseconds: time_ms)
                let id = Digest(repeating: UInt8(index * 16 + number))
                try store.saveAll([(id, record)], scope: Array("read".utf8))
                guard var found = try store.read(id, requiring: .read, at: .start)?.record else {
                    Issue.record("a record is lost")
                    continue
                }
                #expect(found == record)
                _ = found.isExpired(at: .start)
                _ = TouchPolicy.interval(milliseconds: 60_000).isDue(lastSeen: found.lastSeen, at: .start)
                found.touch(at: .start + 1, lifetimes: lifetimes)
                store.touch(id, found)
                _ = try store.rotate(id, to: Digest(repeating: UInt8(128 + index * 16 + number)), found)
                _ = try store.sessions(of: alice, at: .start)
            }
        }
        #expect(store.touchFailures == 0)
    }

    @Test("a database that is busy, or refuses, when a touch is due leaves the decision, and is counted")
    func failedTouch() throws {
        let stores = try TestStores(.touching(.always))
        let environment = try SQLiteSessionStrategy.prepare(in: stores.environment)
        var strategy = try SQLiteSessionStrategy(sharing: environment)
        strategy.store.connection.setBusyTimeout(milliseconds: 0)
        let credential = try strategy.login(alice, at: .start)
        let database = try SQLiteConnection(path: stores.environment.sqlite.path)
        try database.execute("BEGIN IMMEDIATE")
        #expect(try isAccepted(&strategy, credential, at: .start + 1))
        #expect(strategy.touchFailures == 1)
        try database.execute("ROLLBACK")
        try database.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'full'); END")
        #expect(try isAccepted(&strategy, credential, at: .start + 2))
        #expect(strategy.touchFailures == 2)
        try database.execute("DROP TRIGGER full")
        #expect(try isAccepted(&strategy, credential, at: .start + 3))
        #expect(strategy.touchFailures == 2)
        #expect(try strategy.sessions(of: alice, at: .start)?.first?.lastSeen == .start + 3)
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
                "Cookie: \(pair)" + String(repeating: "; a=b", count: 4000),
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
        index.append(try #require(left.first))
        #expect(1...60_000 ~= (try connection.execute(index).integer ?? 0))
    }

    @Test("touching a session that was deleted meanwhile does not bring it back")
    func touchAfterDelete() throws {
        let stores = try TestStores()
        let lifetimes = stores.environment.policy.lifetimes
        var store = try RedisSessionStore(in: stores.environment, sharing: ())
        let id = Digest(repeating: 3)
        let record = SessionRecord(alice, at: .start, lifetimes: lifetimes)
        try store.saveAll([(id, record)], scope: Array("read".utf8))
        try store.remove(id)
        store.touch(id, record)
        let found = try store.read(id, requiring: .read, at: .start)
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
