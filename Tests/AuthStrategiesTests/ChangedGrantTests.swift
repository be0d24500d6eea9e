import AuthCore
import Backends
import TestStores
import Testing

@testable import AuthStrategies

/// A permission that is taken away while sessions go on.
@Suite("Changed grant")
struct ChangedGrantTests {
    private let alice = Subject(id: 7)
    private let bob = Subject(id: 8)
    private let write = Scope("write")

    private func strategy(_ id: String) throws -> any (AuthStrategy & ~Copyable).Type {
        try #require(builtinStrategies.first { $0.descriptor.id == id })
    }

    @Test(
        "holds at once on every client, for all sessions of that user, through touching and renewal",
        arguments: SessionStrategyTests.ids)
    func sessions(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores(.touching(.always))
            let shared = try S.prepare(in: stores.environment)
            var one = try S(sharing: shared)
            var other = try S(sharing: shared)
            let credentials = [try one.login(alice, at: .start), try other.login(alice, at: .start)]
            let bobs = try one.login(bob, at: .start)
            #expect(try other.authenticate(credentials[0], requiring: write, at: .start) == .accepted(alice))
            try one.changeGrant(of: alice, to: "read", at: .start)
            for (index, credential) in credentials.enumerated() {
                let now = Instant.start + Int64(index + 1)
                #expect(
                    try other.authenticate(credential, requiring: write, at: now)
                        == .refused(.insufficientScope))
                // Reading touches, and must not bring the permission back.
                #expect(try other.authenticate(credential, requiring: .read, at: now) == .accepted(alice))
                #expect(
                    try one.authenticate(credential, requiring: write, at: now)
                        == .refused(.insufficientScope))
            }
            #expect(try other.authenticate(bobs, requiring: write, at: .start) == .accepted(bob))
            guard case .renewed(let fresh) = try other.renew(credentials[0], at: .start) else {
                Issue.record("refused to renew")
                return
            }
            #expect(try one.authenticate(fresh, requiring: write, at: .start) == .refused(.insufficientScope))
            try one.changeGrant(of: alice, to: "read write", at: .start)
            #expect(try other.authenticate(fresh, requiring: write, at: .start) == .accepted(alice))
            try one.logoutEverywhere(alice, at: .start)
            try one.changeGrant(of: alice, to: "read", at: .start)
            #expect(try other.authenticate(fresh, requiring: .read, at: .start) == .refused(.unknown))
        }
        try check(try strategy(id))
    }

    @Test("reaches a hybrid's user with the next refresh, on every client, and nobody else")
    func hybrid() throws {
        let stores = try TestStores()
        let shared = try HybridStrategy.prepare(in: stores.environment)
        var one = try HybridStrategy(sharing: shared)
        var other = try HybridStrategy(sharing: shared)
        let (alices, bobs) = (try one.login(alice, at: .start), try one.login(bob, at: .start))
        try one.changeGrant(of: alice, to: "read", at: .start)
        #expect(try other.authenticate(alices, requiring: write, at: .start) == .accepted(alice))
        for (credential, subject) in [(alices, alice), (bobs, bob)] {
            guard case .renewed(let fresh) = try other.renew(credential, at: .start) else {
                Issue.record("refused to renew")
                return
            }
            let decision = try one.authenticate(fresh, requiring: write, at: .start)
            #expect(decision == (subject == alice ? .refused(.insufficientScope) : .accepted(bob)))
            #expect(try one.authenticate(fresh, requiring: .read, at: .start) == .accepted(subject))
        }
    }

    @Test("a touch on its way does not bring back a permission that was taken in Redis meanwhile")
    func lostUpdate() throws {
        let stores = try TestStores()
        let lifetimes = stores.environment.policy.lifetimes
        var store = try RedisSessionStore(in: stores.environment, sharing: ())
        let id = Digest(repeating: 3)
        let record = SessionRecord(alice, at: .start, lifetimes: lifetimes)
        try store.saveAll([(id, record)], scope: Array("read write".utf8))
        let before = try store.read(id, requiring: write, at: .start)
        try store.changeGrant(of: alice, to: Array("read".utf8), at: .start)
        var later = record
        later.touch(at: .start + 1, lifetimes: lifetimes)
        store.touch(id, later)
        let after = try store.read(id, requiring: write, at: .start)
        #expect(before?.isGranted == true && after?.isGranted == false)
    }

    @Test("a token keeps what it says until it expires", arguments: ["hs256-jwt", "rs256-jwt", "hybrid"])
    func tokens(id: String) throws {
        func check<S: AuthStrategy & ~Copyable>(_: S.Type) throws {
            let stores = try TestStores()
            var strategy = try S(sharing: S.prepare(in: stores.environment))
            let credential = try strategy.login(alice, at: .start)
            try strategy.changeGrant(of: alice, to: "read", at: .start)
            let last = Instant.start + (S.lifetime(under: stores.environment.policy).shortest_ms - 1)
            #expect(try strategy.authenticate(credential, requiring: write, at: last) == .accepted(alice))
            let after = Instant.start + S.lifetime(under: stores.environment.policy).longest_ms
            guard case .refused = try strategy.authenticate(credential, requiring: write, at: after) else {
                Issue.record("accepted beyond its longest lifetime")
                return
            }
        }
        try check(try strategy(id))
    }
}
