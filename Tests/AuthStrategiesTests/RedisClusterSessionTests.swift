import AuthCore
import Backends
import Foundation
import TestStores
import Testing

@testable import AuthStrategies

/// Sessions in a cluster: what one server need not care for.
@Suite("Sessions in a Redis Cluster")
struct RedisClusterSessionTests {
    private typealias Strategy = RedisClusterSessionStrategy
    private let alice = Subject(id: 7)

    private func strategy(_ stores: TestStores) throws -> RedisClusterSessionStrategy {
        try Strategy(sharing: Strategy.prepare(in: stores.environment))
    }

    /// A cluster that no other test asks.
    private struct OwnCluster {
        let stores: TestStores
        let folder: TemporaryFolder
        let cluster: PrivateRedisCluster

        init() throws {
            stores = try TestStores()
            folder = try TemporaryFolder()
            cluster = try PrivateRedisCluster(folder: folder.url)
            stores.environment.redisCluster?.url = cluster.url
        }

        func end() {
            cluster.stop()
            folder.remove()
        }
    }

    private func token(_ credential: Credential) -> String {
        String(decoding: SessionToken.token(of: credential), as: UTF8.self)
    }

    @Test("a credential says in which place its session is, and has as much chance as any other beside")
    func tag() throws {
        let stores = try TestStores()
        var strategy = try strategy(stores)
        let tokens = try (0..<3).map { _ in token(try strategy.login(alice, at: .start)) }
        let other = token(try strategy.login(Subject(id: 8), at: .start))
        #expect(tokens.allSatisfy { $0.utf8.count == 3 + SessionToken.length })
        #expect(Set(tokens.map { $0.prefix(3) }).count == 1 && other.prefix(3) != tokens[0].prefix(3))
        #expect(Set(tokens.map { $0.dropFirst(3) }).count == 3)
    }

    @Test("a credential with another place names no session, wherever it leads")
    func forged() throws {
        let stores = try TestStores()
        var strategy = try strategy(stores)
        let good = token(try strategy.login(alice, at: .start))
        for place in 0..<50 {
            let tag = RedisClusterConnection.tag(of: Subject(id: UInt64(1000 + place)))
            let forged = SessionToken.credential(tag + Array(good.utf8.dropFirst(3)))
            #expect(try strategy.authenticate(forged, at: .start) == .refused(.unknown))
        }
        let own = SessionToken.credential(Array(good.utf8))
        #expect(try strategy.authenticate(own, at: .start) == .accepted(alice))
    }

    @Test("users are spread over the slots, each third of which has a third of them")
    func spread() {
        let count = 30_000
        var shares = [0, 0, 0]
        for id in 0..<count {
            let slot = RedisSlots.slot(of: RedisClusterConnection.tag(of: Subject(id: UInt64(id))).span)
            shares[slot * 3 / RedisSlots.count] += 1
        }
        for share in shares { #expect(abs(share - count / 3) < count / 50, "\(shares)") }
    }

    @Test("all sessions of a user end at once, on whichever nodes others are")
    func everywhere() throws {
        let stores = try TestStores()
        var strategy = try strategy(stores)
        let own = try (0..<5).map { _ in try strategy.login(alice, at: .start) }
        let others = try (100..<130).map { id in
            (Subject(id: id), try strategy.login(Subject(id: id), at: .start))
        }
        #expect(try strategy.sessions(of: alice, at: .start)?.count == 5)
        try strategy.logoutEverywhere(alice, at: .start)
        for credential in own {
            #expect(try strategy.authenticate(credential, at: .start) == .refused(.unknown))
        }
        for (subject, credential) in others {
            #expect(try strategy.authenticate(credential, at: .start) == .accepted(subject))
        }
    }

    @Test("a master that dies takes no sign-in with it that was acknowledged, and brings no sign-out back")
    func failover() throws {
        let own = try OwnCluster()
        defer { own.end() }
        let cluster = own.cluster
        var strategy = try strategy(own.stores)
        let logins = (0..<2000).map { Login(Subject(id: UInt64($0)), at: .start) }
        let credentials = try strategy.load(logins)
        for credential in credentials.prefix(300) { try strategy.logout(credential, at: .start) }
        let late = try (0..<30).map { _ in try strategy.login(alice, at: .start) }
        try cluster.fullestMaster().stop()
        let limit = Date().addingTimeInterval(60)
        /// What cannot be decided is asked again; it must never be decided wrongly.
        func decide(_ credential: Credential) throws -> Decision {
            while true {
                do { return try strategy.authenticate(credential, at: .start) } catch {
                    #expect(isStoreOutage(error), "\(error)")
                    if Date() > limit { throw error }
                }
            }
        }
        for (index, credential) in credentials.enumerated() {
            let expected: Decision = index < 300 ? .refused(.unknown) : .accepted(logins[index].subject)
            #expect(try decide(credential) == expected, "session \(index)")
        }
        for credential in late { #expect(try decide(credential) == .accepted(alice)) }
    }

    @Test("a sign-out that no replica has heard of is told apart from one that is done")
    func alone() throws {
        let own = try OwnCluster()
        defer { own.end() }
        let cluster = own.cluster
        var strategy = try strategy(own.stores)
        let credential = try strategy.login(alice, at: .start)
        // The replicas stand still: nothing fails over, and nothing is acknowledged.
        for replica in cluster.servers[3...] { replica.suspend() }
        let error = #expect(throws: RedisError.self) { try strategy.logout(credential, at: .start) }
        #expect(error?.isOutage == true)
        for replica in cluster.servers[3...] { replica.resume() }
        try strategy.logout(credential, at: .start)
        #expect(try strategy.authenticate(credential, at: .start) == .refused(.unknown))
    }
}
