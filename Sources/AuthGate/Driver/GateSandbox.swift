import AuthCore
import Backends
import Foundation

/// How far away the networked stores of a gate are: of both programs alike, because the gate starts them.
package struct GateDistance {
    package var asked: StoreRTT
    /// Starts what stands before a store, with its socket in a folder.
    package var relay: (_ store: GateServer, _ folder: URL) throws -> any GateRelay

    package init(
        asked: StoreRTT, relay: @escaping (_ store: GateServer, _ folder: URL) throws -> any GateRelay
    ) {
        (self.asked, self.relay) = (asked, relay)
    }
}

/// A server that programs ask.
package enum GateServer {
    case redis(RedisEndpoint)
    case postgres(PostgreSQLEndpoint)
    case authority(HTTPAddress)
}

/// What stands before the store of a block and makes it as far away as was asked.
package protocol GateRelay {
    /// Where programs find the store.
    var url: String { get }
    var processID: Int32 { get }
    /// Holds bytes back, or passes them on at once.
    func hold(_ isHolding: Bool) throws
    /// Forgets how late it was so far.
    func begin()
    /// How far away the store was since `begin`.
    func distance() -> StoreDistance
    /// Throws when it is not there any more.
    func check() throws
    func end()
}

/// What the programs of one block find: empty folders of their own, and servers that hold nothing.
///
/// Fresh for each block, so that what one block leaves in a store is no part of the next; of PostgreSQL, whose cluster takes
/// a second to make, the tables are.
final class GateSandbox {
    private let root: TemporaryFolder
    /// The stores that programs ask.
    var needs: Set<Store> = []
    private let cleanup: Cleanup
    private let distance: GateDistance?
    private var folder: URL?
    private var server: PrivateRedisServer?
    private var postgres: PrivatePostgreSQLServer?
    private var authority: PrivateAuthorityServer?
    private var relays: [Store: any GateRelay] = [:]
    /// Those that the gate may use.
    let processors = ProcessorBinding.allowed()

    init(distance: GateDistance?, cleanup: Cleanup) throws {
        self.distance = distance
        self.cleanup = cleanup
        do { root = try TemporaryFolder() } catch {
            throw GateError.failed("the temporary folder cannot be made: \(error.reason)")
        }
        cleanup.note { [root] in $0.temporaries.append(root) }
    }

    /// Makes the stores of a block, near for now.
    ///
    /// - Parameter processors: to which the block will be bound; a relay is calibrated there, by a client that is there too.
    /// - Throws: `GateError` without a folder or a server, else what the relay threw.
    func open(on processors: [Int] = []) throws {
        close()
        let folder = try makeFolder(String(UUID().uuidString.prefix(8)))
        self.folder = folder
        guard needs.contains(where: \.isServer) else { return }
        if distance != nil, !processors.isEmpty { bindDriver(to: processors) }
        defer { if distance != nil { bindDriver(to: self.processors) } }
        guard !needs.contains(.redisCluster) else {
            throw GateError.failed("the gate starts no Redis Cluster: leave out the strategies that ask one")
        }
        do {
            if needs.contains(.redis) { server = try PrivateRedisServer(folder: folder) }
            if needs.contains(.postgres), postgres == nil { postgres = try openPostgreSQL() }
            if needs.contains(.authority) { authority = try PrivateAuthorityServer(folder: folder) }
        } catch { throw GateError.failed("\(error)") }
        guard let distance else { return }
        if let server { relays[.redis] = try distance.relay(.redis(server.endpoint), folder) }
        if let postgres { relays[.postgres] = try distance.relay(.postgres(postgres.endpoint), folder) }
        if let address = authority.flatMap({ HTTPAddress(url: $0.url) }) {
            relays[.authority] = try distance.relay(.authority(address), folder)
        }
        try hold(false)
    }

    private func openPostgreSQL() throws -> PrivatePostgreSQLServer {
        // A user as whom PostgreSQL runs must find its way through the folder's parents.
        let open = try TemporaryFolder(isSearchable: true)
        cleanup.note { $0.temporaries.append(open) }
        return try PrivatePostgreSQLServer(folder: try open.makeFolder("postgres"))
    }

    /// Makes the store as far away as was asked, or near while programs load, which nobody measures.
    func hold(_ isFar: Bool) throws { for relay in relays.values { try relay.hold(isFar) } }

    /// Begins to observe how far away the store is.
    func beginDistance() { for relay in relays.values { relay.begin() } }

    /// How far away the store has been since `beginDistance`; `nil` where it is asked directly, or nothing was sent.
    func distanceSince() throws -> StoreDistance? {
        // One case at a time is measured, so that one server at most has been asked.
        for relay in relays.values {
            let distance = relay.distance()
            guard distance.p50_ns == nil else { return distance }
            try check(relay)
        }
        return nil
    }

    private func check(_ relay: any GateRelay) throws(GateError) {
        do { try relay.check() } catch { throw GateError.failed("--store-rtt: \(error)") }
    }

    /// Carries out what asks the store.
    ///
    /// - Throws: what `body` threw, or that the relay has ended, which a program can only call a connection that failed.
    func watchingRelay<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as GateError {
            for relay in relays.values { try check(relay) }
            throw error
        }
    }

    /// A folder that stays when blocks end.
    func folderForCounting() throws -> URL {
        try makeFolder("instructions")
    }

    private func makeFolder(_ name: String) throws -> URL {
        do { return try root.makeFolder(name) } catch { throw GateError.failed("\(error)") }
    }

    private var storeIDs: [Int32] {
        [server?.processID, authority?.processID].compactMap(\.self) + (postgres?.processIDs ?? [])
    }

    /// CPU time of the stores' processes so far; `nil` without one.
    func storeCPU_ns() -> UInt64? { OtherProcessCPU.used_ns(storeIDs) }

    /// Binds the stores, and what stands before them.
    func bindStore(to processors: [Int]) {
        for process in storeIDs + relays.values.map(\.processID) {
            ProcessorBinding.bind(process, to: processors)
        }
    }

    /// Binds this process.
    func bindDriver(to processors: [Int]) { ProcessorBinding.bind(getpid(), to: processors) }

    func close() {
        // What is started next would inherit the binding.
        ProcessorBinding.bind(getpid(), to: processors)
        for relay in relays.values { relay.end() }
        relays = [:]
        server?.stop()
        server = nil
        authority?.stop()
        authority = nil
        if let folder { root.removeFolder(folder) }
        folder = nil
    }

    /// Ends everything that the gate has made outside its result.
    func clear() {
        close()
        postgres?.stop()
        postgres = nil
        _ = cleanup.clear()
    }

    /// Starts the program of a side, beside a server of its own where servers are compared.
    func start(_ role: GateRole, of plan: GatePlan) throws -> ProgramUnderTest {
        let (program, folder) = (plan.program(role), folder ?? root.url)
        let server = try plan.target.map { try ServerUnderTest($0, role, in: folder) }
        return try ProgramUnderTest(program.url, name: program.name, folder: folder, asking: server)
    }

    func preparation(
        _ cases: [SliceProtocol.Case], _ plan: GatePlan, folder name: String
    ) -> SliceProtocol.Preparation {
        .init(
            cases: cases, clients: plan.clients, population: plan.population, seed: plan.seed,
            sqlite_path: (folder ?? root.url).appendingPathComponent("\(name).sqlite").path,
            redis_url: relays[.redis]?.url ?? server?.url, redis_prefix: "authbench:\(name):",
            postgres_url: relays[.postgres]?.url ?? postgres?.endpoint.url,
            postgres_schema: "authbench_\(name)",
            authority_url: (relays[.authority]?.url ?? authority?.url).map { "\($0)/\(name)" },
            authority_client_id: authority?.caller.id, authority_client_secret: authority?.caller.secret)
    }
}
