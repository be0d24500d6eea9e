import AuthCore
import Backends
import Foundation
import TestStores
import Testing

@testable import AuthStrategies

/// Strategies between the two ends: each client is a server that goes by a copy, or by what it has been told.
@Suite("What a server knows")
final class StalenessTests {
    private let (alice, bob) = (Subject(id: 7), Subject(id: 8))
    private let stores: TestStores

    init() throws { stores = try TestStores() }

    /// Two clients of a variant, and what both accept.
    private func withVariant(
        _ name: String, _ body: (any TwoServers) throws -> Void
    ) throws { try body(twoServers(name, in: stores.environment)) }

    /// Does something to the server.
    private func tell(_ words: RedisCommand) throws -> RedisReply {
        var connection = try RedisConnection(stores.server.endpoint)
        return try connection.execute(words)
    }

    @Test("a copy is used for its time, to the millisecond, and then the store is asked")
    func copyLife() throws {
        for name in ["redis-session@cache=5s", "postgres-session@cache=5s", "introspection@cache=5s"] {
            try withVariant(name) { servers in
                let credential = try servers.login(alice, at: .start)
                #expect(try servers.here(credential, at: .start) == .accepted(alice))
                try servers.logoutThere(credential, at: .start)
                #expect(try servers.there(credential, at: .start) == .refused(.unknown), "it ended it itself")
                #expect(try servers.here(credential, at: .start + 4999) == .accepted(alice))
                #expect(try servers.here(credential, at: .start + 5000) == .refused(.unknown))
                #expect(try servers.here(credential, at: .start + 4999) == .refused(.unknown), "it is gone")
            }
        }
    }

    @Test("a copy never outlives its session, and never hides that others have used it")
    func copyAndExpiry() throws {
        try withVariant("redis-session@cache=1h") { servers in
            let credential = try servers.login(alice, at: .start)
            let idle_ms = Lifetimes().idle_ms
            #expect(try servers.here(credential, at: .start) == .accepted(alice))
            #expect(try servers.here(credential, at: .start + idle_ms) == .refused(.expired))
            let other = try servers.login(bob, at: .start)
            #expect(try servers.here(other, at: .start) == .accepted(bob))
            // Another server sees it used, so that it lives on.
            #expect(try servers.there(other, at: .start + (idle_ms - 1)) == .accepted(bob))
            #expect(try servers.here(other, at: .start + idle_ms) == .accepted(bob))
        }
    }

    @Test("a copy has each scope's own answer, and a clock that was set back does not make it young")
    func copyScopes() throws {
        try withVariant("redis-session@cache=5s") { servers in
            let credential = try servers.login(alice, at: .start + 10_000)
            let (write, admin) = (Scope("write"), Scope("admin"))
            for _ in 0..<2 {
                #expect(
                    try servers.here(credential, requiring: write, at: .start + 10_000) == .accepted(alice))
                #expect(
                    try servers.here(credential, requiring: admin, at: .start + 10_000)
                        == .refused(.insufficientScope))
            }
            try servers.logoutThere(credential, at: .start + 10_000)
            #expect(try servers.here(credential, requiring: write, at: .start + 9000) == .refused(.unknown))
        }
    }

    /// What hears of changes, each with what its feed is.
    private static let told = [
        "redis-session@cache=tracking", "denylist-pushed", "denylist-pushed@filter=bloom",
    ]

    private func refusedInTime(
        _ servers: any TwoServers, _ credential: Credential, within_ms: Double = 5000
    ) throws -> Bool {
        let begin = Date()
        while Date().timeIntervalSince(begin) * 1000 < within_ms {
            if case .refused = try servers.here(credential, at: .start) { return true }
        }
        return false
    }

    @Test("another server hears of a sign-out", arguments: told)
    func told(name: String) throws {
        try withVariant(name) { servers in
            let (gone, kept) = (try servers.login(alice, at: .start), try servers.login(alice, at: .start))
            for credential in [gone, kept] {
                #expect(try servers.here(credential, at: .start) == .accepted(alice))
            }
            try servers.logoutThere(gone, at: .start)
            #expect(try refusedInTime(servers, gone))
            #expect(try servers.here(kept, at: .start) == .accepted(alice))
            try servers.logoutEverywhereThere(alice, at: .start)
            #expect(try refusedInTime(servers, kept))
        }
    }

    @Test("what a lost connection did not bring is read anew", arguments: told)
    func resync(name: String) throws {
        try withVariant(name) { servers in
            let credential = try servers.login(alice, at: .start)
            #expect(try servers.here(credential, at: .start) == .accepted(alice))
            // Between the two lines nobody listens: the message is lost.
            #expect(try tell(RedisCommand("CLIENT", "KILL", "TYPE", "pubsub")).integer ?? 0 > 0)
            try servers.logoutThere(credential, at: .start)
            var decision = Decision.accepted(alice)
            let begin = Date()
            while decision == .accepted(alice), Date().timeIntervalSince(begin) < 5 {
                // The request that finds the connection closed is undecided.
                if let next = try? servers.here(credential, at: .start) { decision = next }
            }
            #expect(decision == .refused(.unknown))
        }
    }

    @Test("a Redis that was emptied takes nothing from those who know what was ended")
    func emptied() throws {
        for name in ["denylist-pushed", "epoch-pushed"] {
            try withVariant(name) { servers in
                let credential = try servers.login(alice, at: .start)
                #expect(try servers.here(credential, at: .start) == .accepted(alice))
                try servers.logoutEverywhereThere(alice, at: .start)
                #expect(try refusedInTime(servers, credential))
                _ = try tell(RedisCommand("FLUSHALL"))
                _ = try tell(RedisCommand("CLIENT", "KILL", "TYPE", "pubsub"))
                for _ in 0..<50 {
                    Thread.sleep(forTimeInterval: 0.001)
                    if let decision = try? servers.here(credential, at: .start) {
                        #expect(decision == .refused(.unknown))
                    }
                }
            }
        }
    }

    @Test("a server that hears nothing goes by what it knows no longer than it may", arguments: told)
    func silence(name: String) throws {
        let separator = name.contains("@") ? "," : "@"
        try withVariant("\(name)\(separator)stale=200ms") { servers in
            let credential = try servers.login(alice, at: .start)
            #expect(try servers.here(credential, at: .start) == .accepted(alice))
            _ = try tell(RedisCommand("CLIENT", "PAUSE", "1500", "ALL"))
            let begin = Date()
            var waited_ms = 0.0
            while Date().timeIntervalSince(begin) < 1 {
                let asked = Date()
                #expect(try servers.here(credential, at: .start) == .accepted(alice))
                waited_ms = max(waited_ms, Date().timeIntervalSince(asked) * 1000)
            }
            // By then it had to wait for the server, which answers nobody for a second and a half.
            #expect(waited_ms > 500)
        }
    }

    @Test("while the store is away, what is known is gone by where that is set")
    func onFailure() throws {
        for name in [
            "redis-session@cache=5s,on-failure=accept", "redis-session@cache=tracking,on-failure=accept",
            "denylist-redis@on-failure=accept", "denylist-pushed@stale=1ms,on-failure=accept",
        ] {
            let stores = try TestStores()
            let choice = try #require(try StrategyChoice.named([name], among: builtinStrategies).first)
            #expect(choice.descriptor.acceptsOnFailure)
            func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
                var strategy = try S(sharing: S.prepare(in: choice.environment(stores.environment)))
                let (known, gone) = (
                    try strategy.login(alice, at: .start), try strategy.login(alice, at: .start)
                )
                #expect(try strategy.authenticate(known, at: .start) == .accepted(alice))
                try strategy.logout(gone, at: .start)
                stores.server.stop()
                let later = Instant.start + 10_000
                #expect(try strategy.authenticate(known, at: later) == .accepted(alice), "\(name)")
                // A list that is asked knows nothing then; what is known here is not forgotten.
                let isBlind = name.hasPrefix("denylist-redis")
                let decision = Result { try strategy.authenticate(gone, at: later) }
                #expect(((try? decision.get()) == .accepted(alice)) == isBlind, "\(name)")
                #expect(throws: (any Error).self) { _ = try strategy.login(bob, at: later) }
            }
            try check(choice.type)
        }
    }

    @Test("by default nothing passes about which nobody can be asked")
    func refusesByDefault() throws {
        for name in [
            "redis-session@cache=5s", "redis-session@cache=tracking", "denylist-redis", "allowlist-redis",
            "epoch-redis", "denylist-pushed@stale=1ms", "epoch-pushed@stale=1ms", "bound-jwt",
        ] {
            let stores = try TestStores()
            let choice = try #require(try StrategyChoice.named([name], among: builtinStrategies).first)
            func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
                let environment = choice.environment(stores.environment)
                var strategy = try S(sharing: S.prepare(in: environment))
                let credential = try strategy.login(alice, at: .start)
                #expect(try strategy.authenticate(credential, at: .start) == .accepted(alice))
                stores.server.stop()
                Thread.sleep(forTimeInterval: 0.01)
                for _ in 0..<3 {
                    #expect(throws: (any Error).self, "\(name)") {
                        _ = try strategy.authenticate(credential, at: .start + 10_000)
                    }
                }
            }
            try check(choice.type)
        }
    }

    @Test("a sticky request finds the server that ended its session, a random one any of them")
    func routing() throws {
        for routing in ["sticky", "random"] {
            try withVariant("redis-session@cache=5s,nodes=16,routing=\(routing)") { servers in
                var wasAccepted = false
                for _ in 0..<8 {
                    let credential = try servers.login(alice, at: .start)
                    for _ in 0..<100 {
                        #expect(try servers.here(credential, at: .start) == .accepted(alice))
                    }
                    try servers.logoutThere(credential, at: .start)
                    for _ in 0..<100 where try servers.here(credential, at: .start + 4999) == .accepted(alice)
                    {
                        wasAccepted = true
                    }
                    for _ in 0..<100 {
                        #expect(try servers.here(credential, at: .start + 5000) == .refused(.unknown))
                    }
                }
                #expect(wasAccepted == (routing == "random"))
            }
        }
    }

    @Test("clients share the copies of their servers, and a client that stands for one shares none")
    func sharedCopies() throws {
        func commands(_ routing: String) throws -> Int {
            var count = 0
            try withVariant("redis-session@cache=5s,nodes=\(routing)") { servers in
                for _ in 0..<50 {
                    let credential = try servers.login(alice, at: .start)
                    let before = servers.storeCommands
                    _ = try servers.here(credential, at: .start)
                    _ = try servers.there(credential, at: .start)
                    count += servers.storeCommands - before
                }
            }
            return count
        }
        #expect(try commands("client") == 100)
        #expect(try commands("4,routing=sticky") == 50)
        // The second request meets the server of the first one once in four times.
        #expect(75..<100 ~= (try commands("4,routing=random")))
    }

    @Test("what was read before a sign-out is not kept after it")
    func crossing() {
        var hasher = SHA256()
        let (name, now) = (SessionName(hasher.digest([1, 2, 3].span)), Instant.start)
        let record = SessionRecord(alice, at: now, lifetimes: Lifetimes())
        let copy = SessionCopies.Copy(record: record, data: [], isGranted: true)
        var copies = SessionCopies()
        func keep(_ losses: UInt64) {
            copies.keep(copy, as: name, requiring: .read, at: now, losses: losses, addsGrants: false)
        }
        func has() -> Bool { copies.copy(name, requiring: .read, at: now, lifetime_ms: 5000) != nil }
        let before = copies.losses
        copies.end(name)
        keep(before)
        #expect(!has())
        keep(copies.losses)
        #expect(has())
        // By the old name of a session that was renewed here, it ends under the new one.
        let old = SessionName(hasher.digest([4].span))
        copies.rename(old, to: name)
        keep(copies.losses)
        copies.end(old)
        #expect(!has())
    }

    @Test("what sets nothing is refused in words")
    func uselessParameters() {
        for (name, word) in [
            ("redis-session@stale=1s", "cache"), ("redis-session@on-failure=accept", "cache"),
            ("redis-session@cache=soon", "tracking"), ("postgres-session@wait=none", "reads=replica"),
            ("postgres-session@reads=replica,stale=1s", "wait=none"),
            ("postgres-session@reads=replica,cache=5s", "does not go with cache"),
            ("postgres-session@reads=replica,durability=unlogged", "does not go with durability=unlogged"),
            ("redis-session@nodes=4", "cache"), ("redis-session@cache=5s,routing=random", "nodes"),
            ("redis-session@cache=tracking,nodes=4", "does not go with cache=tracking"),
            ("introspection@cache=5s,nodes=4", "its parameters are"),
            ("denylist-redis@on-failure=maybe", "refuse, accept"),
        ] {
            do {
                _ = try StrategyChoice.named([name], among: builtinStrategies)
                Issue.record("\(name) was taken")
            } catch { #expect("\(error)".contains(word), "\(error)") }
        }
    }
}

/// Makes two clients of a variant.
func twoServers(_ name: String, in environment: Environment) throws -> any TwoServers {
    let choice = try #require(try StrategyChoice.named([name], among: builtinStrategies).first)
    func make<S: AuthStrategy & ~Copyable>(_: S.Type) throws -> any TwoServers {
        let shared = try S.prepare(in: choice.environment(environment))
        return try Pair<S>(S(sharing: shared), S(sharing: shared))
    }
    return try make(choice.type)
}

/// Two clients of one strategy, whichever it is.
protocol TwoServers {
    func login(_ subject: Subject, at now: Instant) throws -> Credential
    func here(_ credential: Credential, requiring scope: Scope, at now: Instant) throws -> Decision
    func there(_ credential: Credential, at now: Instant) throws -> Decision
    func logoutThere(_ credential: Credential, at now: Instant) throws
    func logoutEverywhereThere(_ subject: Subject, at now: Instant) throws
    /// Of both.
    var storeCommands: Int { get }
}

extension TwoServers {
    func here(_ credential: Credential, at now: Instant) throws -> Decision {
        try here(credential, requiring: .read, at: now)
    }
}

final class Pair<S: AuthStrategy & ~Copyable>: TwoServers {
    private var first: S
    private var second: S

    init(_ first: consuming S, _ second: consuming S) {
        self.first = first
        self.second = second
    }

    func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try second.login(subject, at: now)
    }

    func here(_ credential: Credential, requiring scope: Scope, at now: Instant) throws -> Decision {
        try first.authenticate(credential, requiring: scope, at: now)
    }

    func there(_ credential: Credential, at now: Instant) throws -> Decision {
        try second.authenticate(credential, at: now)
    }

    func logoutThere(_ credential: Credential, at now: Instant) throws {
        try second.logout(credential, at: now)
    }

    func logoutEverywhereThere(_ subject: Subject, at now: Instant) throws {
        try second.logoutEverywhere(subject, at: now)
    }

    var storeCommands: Int { first.storeCommands + second.storeCommands }
}
