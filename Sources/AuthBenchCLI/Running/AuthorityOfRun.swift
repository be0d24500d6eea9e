import AuthCore
import AuthResults
import Backends
import Foundation

extension PrivateAuthorityServer: PrivateServer {}

/// The authority of a run, which is always one of its own: nobody else's issues the tokens that a run needs.
final class AuthorityOfRun: StoreServer {
    let store = Store.authority
    let settings: AuthoritySettings
    let relay: StoreRelay?
    let version = Version.authbench
    let configuration: [String: String]? = nil
    private let own: PrivateAuthorityServer
    private let address: HTTPAddress

    var privateServer: (any PrivateServer)? { own }

    var processIDs: [Int32] { [own.processID] }

    init(_ plan: RunPlan, in folder: TemporaryFolder) throws {
        let address: HTTPAddress
        do {
            own = try PrivateAuthorityServer(folder: try folder.makeFolder("authority"))
            guard let known = HTTPAddress(url: own.url) else { preconditionFailure("it has such an address") }
            address = known
        } catch { throw CommandError.runtime("\(error)") }
        self.address = address
        relay = try plan.workload.storeRTT.map { try StoreRelay($0, toAuthority: address) }
        var settings = AuthoritySettings(
            url: "\(relay?.url ?? own.url)/run", clientID: own.caller.id, clientSecret: own.caller.secret)
        settings.folder = own.folder.path
        self.settings = settings
    }

    /// Its database has what it has acknowledged, whoever ends it.
    func loss() -> String? { nil }

    func way() throws -> StoreRecord.Server? {
        var connection = try HTTPConnection(address)
        let trips = try StoreRoundTrips(over: &connection)
        return connection.topology.map { .init(topology: $0.rawValue, trips) }
    }

    func close() throws {
        relay?.end()
        own.stop()
    }
}
