import AuthCore
import Backends
import Foundation

/// SES-17 and REV-03: what becomes of requests when the server is gone, on one of the kit's own, which it may end.
extension Trial where S: ~Copyable {
    mutating func checkStoreAway() throws {
        let folder: TemporaryFolder
        do { folder = try TemporaryFolder(isSearchable: true) } catch {
            throw NotTriedError("no folder can be made for a server to end: \(error)")
        }
        defer { folder.remove() }
        var place = environment
        let stop: () -> Void
        switch promises.descriptor.server {
        case .redis:
            let server = try own { try PrivateRedisServer(folder: folder.url) }
            place.redis?.url = server.url
            stop = { server.stop() }
        case .redisCluster:
            let cluster = try own { try PrivateRedisCluster(folder: folder.url) }
            place.redisCluster?.url = cluster.url
            stop = { cluster.stop() }
        case .postgres:
            let server = try own { try PrivatePostgreSQLServer(folder: try folder.makeFolder("postgres")) }
            place.postgres?.url = server.endpoint.url
            let replica =
                try promises.descriptor.readsReplica
                ? own {
                    try PrivatePostgreSQLServer(
                        following: server, folder: try folder.makeFolder("postgres-replica"))
                } : nil
            place.postgres?.replicaURL = replica?.endpoint.url
            stop = {
                replica?.stop()
                server.stop()
            }
        case .authority:
            let server = try own {
                try PrivateAuthorityServer(
                    folder: try folder.makeFolder("authority"),
                    program: URL(fileURLWithPath: environment.authority?.program ?? ""),
                    servers: AuthorityServers(
                        redisURL: environment.redis?.url, postgresURL: environment.postgres?.url))
            }
            place.authority?.url = "\(server.url)/away"
            place.authority?.clientID = server.caller.id
            place.authority?.clientSecret = server.caller.secret
            stop = { server.stop() }
        case .sqlite, nil: throw NotTriedError("its store is a file, which cannot be ended as a server can")
        }
        defer { stop() }
        let shared = Watched<S>.Shared(own: try S.prepare(in: place), watch: watch)
        var client = try Watched<S>(sharing: shared)
        let (good, gone) = (try client.login(alice, at: start), try client.login(alice, at: start))
        let forged = try client.issueFlawed(.unknown, to: alice, at: start)
        try client.logout(gone, at: start)
        let before = client.storeCommands
        guard try client.authenticate(good, at: start) == .accepted(alice) else {
            throw BreachError("a good credential is refused on another server")
        }
        let asks = client.storeCommands > before
        stop()
        let now = outdated()
        try mustNotAccept(forged, by: &client, "a credential that nobody issued", at: now)
        let mayAcceptGone =
            promises.descriptor.acceptsOnFailure
            || S.promise(after: .logout, under: environment.policy) == .atExpiry
        if !mayAcceptGone { try mustNotAccept(gone, by: &client, "an ended credential", at: now) }
        cases += 1
        do {
            let decision = try client.authenticate(good, at: now)
            let isRight = decision == .accepted(alice) && (!asks || promises.descriptor.acceptsOnFailure)
            guard isRight else {
                throw BreachError("a good credential, and nobody can be asked about it: \(decision)")
            }
        } catch let breach as BreachError { throw breach } catch {
            guard asks, !promises.descriptor.acceptsOnFailure else {
                throw BreachError("a good credential that nobody need be asked about: \(error)")
            }
            try mustBeOutage(error)
        }
        cases += 1
        guard promises.descriptor.keepsSessions else { return }
        do { _ = try client.login(alice, at: now) } catch { return try mustBeOutage(error) }
        throw BreachError("a sign-in succeeded without a store")
    }

    /// A moment at which nothing is fresh any more that a client may go by while it hears nothing.
    private func outdated() -> Instant {
        let staleness_ms = S.staleness_ms(after: .logout, under: environment.policy)
        switch S.promise(after: .permissionChange, under: environment.policy) {
        case .cached: return start.advanced(byMilliseconds: staleness_ms)
        case .pushed:
            let told_ms = S.staleness_ms(after: .permissionChange, under: environment.policy)
            Thread.sleep(forTimeInterval: Double(told_ms) / 1000)
            return start
        case .immediate, .atExpiry: return start
        }
    }

    private mutating func mustNotAccept(
        _ credential: Credential, by client: inout Watched<S>, _ what: String, at now: Instant
    ) throws {
        cases += 1
        do {
            guard case .accepted = try client.authenticate(credential, at: now) else { return }
        } catch { return try mustBeOutage(error) }
        throw BreachError("\(what) is accepted while the store is away")
    }

    /// Whoever runs a server must be able to tell "not now" (503) from "no" (401).
    private func mustBeOutage(_ error: any Error) throws {
        guard isOutage(error) else {
            throw BreachError("a store that is away is no error of a store: \(error)")
        }
    }

    private func own<Server>(_ start: () throws -> Server) throws -> Server {
        do { return try start() } catch {
            throw NotTriedError("no server of the kit's own can be started: \(error)")
        }
    }
}
