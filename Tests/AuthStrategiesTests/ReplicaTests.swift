import AuthCore
import Backends
import Foundation
import Synchronization
import TestStores
import Testing

@testable import AuthStrategies

/// Sessions that are read from a replica, which a test holds back as long as it likes.
@Suite("Reading a replica", .serialized)
final class ReplicaTests {
    private let (alice, bob) = (Subject(id: 7), Subject(id: 8))
    private let environment: Environment
    private var replica: PostgreSQLConnection
    private var primary: PostgreSQLConnection

    private struct Servers: Sendable {
        let folders: [TemporaryFolder]
        let primary, replica: PrivatePostgreSQLServer
    }

    /// For all tests of the suite, because a replica takes seconds to make.
    private static let servers = Result {
        try LastingThread.make {
            let folders = [try TemporaryFolder(isSearchable: true), try TemporaryFolder(isSearchable: true)]
            let primary = try PrivatePostgreSQLServer(folder: try folders[0].makeFolder("postgres"))
            let replica = try PrivatePostgreSQLServer(
                following: primary, folder: try folders[1].makeFolder("postgres"))
            return Servers(folders: folders, primary: primary, replica: replica)
        }
    }

    init() throws {
        let servers = try Self.servers.get()
        let primary = try PostgreSQLConnection(servers.primary.endpoint)
        var replica = try PostgreSQLConnection(servers.replica.endpoint)
        try replica.execute("SELECT pg_wal_replay_resume()")
        var settings = PostgreSQLSettings(url: servers.primary.endpoint.url, schema: "replica_tests")
        settings.replicaURL = servers.replica.endpoint.url
        environment = Environment(policy: Policy(), sqlite: SQLiteSettings(path: ""), postgres: settings)
        self.primary = primary
        self.replica = replica
    }

    private func pause() throws {
        try replica.execute("SELECT pg_wal_replay_pause()")
        while try replica.execute("SELECT pg_get_wal_replay_pause_state()").text(0, 0) != "paused" {}
    }

    private func resume() throws { try replica.execute("SELECT pg_wal_replay_resume()") }

    /// Waits until something is so, for 10 s at most.
    private func wait(_ isSo: () throws -> Bool) throws -> Bool {
        let limit = Date().addingTimeInterval(10)
        while Date() < limit { if try isSo() { return true } }
        return false
    }

    /// A session that the replica has, and not only the primary.
    private func settled(_ servers: any TwoServers, _ subject: Subject) throws -> Credential {
        let credential = try servers.login(subject, at: .start)
        let written = try primary.execute("SELECT pg_current_wal_flush_lsn()").text(0, 0)
        let hasAll = try wait {
            try replica.execute("SELECT pg_last_wal_replay_lsn() >= '\(written)'").text(0, 0) == "t"
        }
        #expect(hasAll)
        return credential
    }

    @Test("a sign-out that waits is not acknowledged before the replica refuses")
    func waiting() throws {
        let servers = try twoServers("postgres-session@reads=replica", in: environment)
        let credential = try settled(servers, alice)
        try pause()
        let isAcknowledged = Atomic(false)
        let group = DispatchGroup()
        nonisolated(unsafe) let there = servers
        DispatchQueue(label: "sign-out").async(group: group) {
            do {
                try unsafe there.logoutThere(credential, at: .start)
                isAcknowledged.store(true, ordering: .sequentiallyConsistent)
            } catch { Issue.record("\(error)") }
        }
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        #expect(try wait { try primary.execute(waits).text(0, 0) == "1" })
        #expect(try servers.here(credential, at: .start) == .accepted(alice))
        let isEarly = isAcknowledged.load(ordering: .sequentiallyConsistent)
        #expect(!isEarly)
        try resume()
        group.wait()
        let isDone = isAcknowledged.load(ordering: .sequentiallyConsistent)
        #expect(isDone)
        #expect(try servers.here(credential, at: .start) == .refused(.unknown))
    }

    @Test("without waiting a sign-out is acknowledged at once, and the replica lets in until it has it")
    func lag() throws {
        let servers = try twoServers("postgres-session@reads=replica,wait=none,stale=1h", in: environment)
        let (gone, kept) = (try settled(servers, alice), try settled(servers, bob))
        try pause()
        try servers.logoutThere(gone, at: .start)
        #expect(try servers.there(gone, at: .start) == .refused(.unknown), "it ended it itself")
        #expect(try servers.here(gone, at: .start) == .accepted(alice))
        try servers.logoutEverywhereThere(bob, at: .start)
        #expect(try servers.there(kept, at: .start) == .refused(.unknown))
        #expect(try servers.here(kept, at: .start) == .accepted(bob))
        try resume()
        for credential in [gone, kept] {
            #expect(try wait { try servers.here(credential, at: .start) == .refused(.unknown) })
        }
    }

    @Test("what the replica does not have yet is asked of the primary, so that nobody is refused for that")
    func misses() throws {
        let servers = try twoServers("postgres-session@reads=replica,wait=none", in: environment)
        let known = try settled(servers, bob)
        try pause()
        let fresh = try servers.login(alice, at: .start)
        #expect(try servers.here(fresh, at: .start) == .accepted(alice))
        // Another server has prolonged it, of which the replica knows nothing.
        #expect(try servers.there(known, at: .start + (Lifetimes().idle_ms - 1)) == .accepted(bob))
        #expect(try servers.here(known, at: .start + Lifetimes().idle_ms) == .accepted(bob))
        try resume()
    }

    @Test("a replica that is older than it may be is not believed, and one that is idle stays young")
    func staleness() throws {
        let servers = try twoServers("postgres-session@reads=replica,wait=none,stale=300ms", in: environment)
        let (gone, kept) = (try settled(servers, alice), try settled(servers, bob))
        try pause()
        try servers.logoutThere(gone, at: .start)
        #expect(try wait { try servers.here(gone, at: .start) == .refused(.unknown) })
        #expect(try servers.here(kept, at: .start) == .accepted(bob), "the primary says so")
        try resume()
        // Reading makes it young again, although nobody writes anything else.
        let age = "SELECT extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) < 0.3"
        for _ in 0..<3 {
            let isYoung = try wait {
                _ = try servers.here(kept, at: .start)
                return try replica.execute(age).text(0, 0) == "t"
            }
            #expect(isYoung)
            let isOld = try wait { try replica.execute(age).text(0, 0) == "f" }
            #expect(isOld)
        }
    }

    @Test("a server whose commits wait for no replica is refused in words")
    func noStandby() throws {
        let stores = try TestStores()
        var alone = stores.environment
        alone.postgres?.replicaURL = environment.postgres?.replicaURL
        let error = #expect(throws: (any Error).self) {
            _ = try twoServers("postgres-session@reads=replica", in: alone)
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("synchronous_standby_names"))
    }
}
