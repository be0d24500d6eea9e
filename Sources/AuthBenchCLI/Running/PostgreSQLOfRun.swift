import AuthCore
import AuthResults
import Backends
import Foundation

/// The PostgreSQL server of a run, and its replica where a strategy reads one.
final class PostgreSQLOfRun: StoreServer {
    let store = Store.postgres
    let settings: PostgreSQLSettings
    let own: PrivatePostgreSQLServer?
    let relay: StoreRelay?
    let version: String
    let configuration: [String: String]?
    /// Where it listens, the relay left aside.
    let endpoint: PostgreSQLEndpoint
    /// A private one.
    private let replica: PrivatePostgreSQLServer?
    /// The schema on the user's own server, held while the run lives.
    private let foreign: PostgreSQLSchemaClaim?
    private let cleanup: Cleanup

    var privateServer: (any PrivateServer)? { own }

    var processIDs: [Int32] { [own, replica].compactMap { $0?.processIDs }.flatMap { $0 } }

    init(_ plan: RunPlan, in folder: TemporaryFolder, cleanup: Cleanup) throws {
        self.cleanup = cleanup
        let (servers, readsReplica) = (plan.stores.postgres, plan.needsReplica)
        let replicaEndpoint: PostgreSQLEndpoint?
        do {
            if let (_, given) = servers.own {
                (own, endpoint) = (nil, given)
            } else {
                let server = try PrivatePostgreSQLServer(folder: Self.folder(cleanup))
                (own, endpoint) = (server, server.endpoint)
            }
            replica = try own.flatMap { [readsReplica] own in
                readsReplica
                    ? try PrivatePostgreSQLServer(
                        following: own, folder: Self.folder(cleanup), delay_ms: servers.lag_ms) : nil
            }
            replicaEndpoint = readsReplica ? replica?.endpoint ?? servers.replica?.endpoint : nil
            var facts = try PostgreSQLFacts.of(endpoint)
            if let replicaEndpoint {
                let more = try Self.facts(replicaEndpoint, of: endpoint, servers)
                facts.configuration.merge(more) { first, _ in first }
            }
            (version, configuration) = facts
            relay = try plan.workload.storeRTT.map { [endpoint] asked in
                try StoreRelay(asked, toPostgreSQL: endpoint, in: try folder.makeFolder("postgres-relay"))
            }
            // Last, so that nothing that fails leaves a schema behind.
            foreign = try servers.own.map { try PostgreSQLSchemaClaim(at: $0.endpoint) }
        } catch let fault as PostgreSQLError {
            guard let (url, _) = servers.own else { throw CommandError.runtime("\(fault)") }
            throw CommandError.badData("--postgres \(url): \(fault.advice)")
        } catch let fault as CommandError { throw fault } catch { throw CommandError.runtime("\(error)") }
        if let foreign { cleanup.note { $0.foreignSchema = foreign.name } }
        var settings = PostgreSQLSettings(
            url: relay?.url ?? endpoint.url, schema: foreign?.name ?? "authbench")
        settings.replicaURL = replicaEndpoint?.url
        self.settings = settings
    }

    /// A folder for a private server: a user as whom PostgreSQL runs must find its way through the parents.
    private static func folder(_ cleanup: Cleanup) throws -> URL {
        let open = try TemporaryFolder(isSearchable: true)
        cleanup.note { $0.temporaries.append(open) }
        return try open.makeFolder("postgres")
    }

    private static func facts(
        _ replica: PostgreSQLEndpoint, of primary: PostgreSQLEndpoint, _ servers: PostgreSQLServers
    ) throws -> [String: String] {
        do { return try PostgreSQLFacts.ofReplica(replica, of: primary) } catch {
            guard let (url, _) = servers.replica else { throw error }
            throw CommandError.badData("--postgres-replica \(url): \(error.advice)")
        }
    }

    /// A server that lost what it had acknowledged is one that was started anew: nothing else empties its tables.
    func loss() -> String? { nil }

    func way() throws -> StoreRecord.Server? {
        var connection = try PostgreSQLConnection(endpoint)
        let trips = try StoreRoundTrips(over: &connection)
        return endpoint.topology(of: connection).map { .init(topology: $0, trips) }
    }

    func close() throws {
        relay?.end()
        replica?.stop()
        own?.stop()
        guard let foreign else { return }
        try foreign.drop()
        cleanup.note { $0.foreignSchema = nil }
    }
}

extension PostgreSQLError {
    /// The error at the first contact, with what the user can do about it.
    fileprivate var advice: String {
        switch self {
        case .connection: "\(self): start the server, or correct the address"
        case .server: "\(self)"
        }
    }
}

extension RunPlan {
    /// Refuses a replica that nobody reads, and a server of the user's whose replica is not named, before anything is started.
    func checkReplica() throws {
        let postgres = stores.postgres
        let isGiven = postgres.replica != nil || postgres.lag_ms > 0
        guard needsReplica else {
            guard !isGiven else {
                throw CommandError.usage(
                    "\(postgres.replica == nil ? "--replica-lag" : "--postgres-replica"): no strategy here reads a replica: choose postgres-session@reads=replica"
                )
            }
            return
        }
        if let (url, _) = postgres.own, postgres.replica == nil {
            throw CommandError.usage(
                "--postgres \(url): a strategy reads its replica: name that with --postgres-replica")
        }
    }
}
