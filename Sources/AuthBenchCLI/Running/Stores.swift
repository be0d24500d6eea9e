import AuthCore
import Backends
import Foundation

/// The stores of one run: opened before anything is written, and gone or cleaned when it ends.
final class Stores {
    let environment: Environment
    let facts: StoreFacts
    private let server: PrivateRedisServer?
    /// The process of the private server.
    var serverID: Int32? { server?.processID }
    private let foreign: (endpoint: RedisEndpoint, prefix: String)?
    private let leftovers: Leftovers

    init(_ plan: RunPlan, leftovers: Leftovers) throws {
        self.leftovers = leftovers
        do {
            let database = try Self.claimDatabase(plan)
            leftovers.note { $0.newDatabase = database }
            let temporary = try Self.makeTemporaryFolder()
            leftovers.note { $0.temporary = temporary }
            let prefix = "authbench:\(UUID().uuidString.prefix(8).lowercased()):"
            let redisVersion: String?
            (server, foreign, redisVersion) = try Self.openRedis(plan, prefix: prefix, folder: temporary)
            let (serverID, foreignKeys) = (server?.processID, foreign?.prefix)
            leftovers.note { $0.serverID = serverID }
            leftovers.note { $0.foreignKeys = foreignKeys }
            let url = server.map { "redis://127.0.0.1:\($0.port)" } ?? plan.redis?.url
            let sqlite = SQLiteSettings(
                path: plan.sqlitePath ?? temporary.appendingPathComponent("authbench.sqlite").path,
                synchronous: plan.synchronous, mmap_bytes: plan.mmap_bytes)
            environment = Environment(
                policy: plan.workload.policy, sqlite: sqlite,
                redis: url.map { RedisSettings(url: $0, keyPrefix: prefix) })
            let endpoint = server?.endpoint ?? foreign?.endpoint
            facts = StoreFacts(
                plan, sqlite, redis: endpoint.flatMap { at in redisVersion.map { (at, $0) } })
        } catch {
            _ = leftovers.clear()
            throw error
        }
    }

    /// Ends the private server, or removes this run's keys from the foreign one, and clears what else is left
    /// over.
    ///
    /// - Parameter isEmpty: nothing was measured, so that a new database file goes too.
    /// - Returns: what could not be undone, for the user.
    func close(isEmpty: Bool) -> String? {
        server?.stop()
        leftovers.note { things in
            things.serverID = nil
            if !isEmpty { things.newDatabase = nil }
        }
        if let foreign {
            do {
                try RedisKeys.remove(under: foreign.prefix, at: foreign.endpoint)
                leftovers.note { $0.foreignKeys = nil }
            } catch { return "\(leftovers.clear() ?? ""): \(error)" }
        }
        return leftovers.clear()
    }

    private static func claimDatabase(_ plan: RunPlan) throws -> String? {
        guard let path = plan.sqlitePath, plan.needsSQLite else { return nil }
        do { return try SQLiteFile.claim(path) ? path : nil } catch {
            throw Fault.badData("--sqlite \(error)")
        }
    }

    private static func openRedis(
        _ plan: RunPlan, prefix: String, folder: URL
    ) throws -> (PrivateRedisServer?, (RedisEndpoint, String)?, version: String?) {
        guard plan.needsRedis else { return (nil, nil, nil) }
        if let (url, endpoint) = plan.redis {
            do {
                return (nil, (endpoint, prefix), try RedisInformation(at: endpoint).version)
            } catch { throw Fault.badData("--redis \(url): \(error.advice)") }
        }
        do {
            let server = try PrivateRedisServer(folder: folder)
            return (server, nil, try RedisInformation(at: server.endpoint).version)
        } catch { throw Fault.runtime("\(error)") }
    }

    static func makeTemporaryFolder() throws -> URL {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent(
                "authbench-\(UUID().uuidString.prefix(8).lowercased())", isDirectory: true)
        do {
            try FileManager.default.createDirectory(
                at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch { throw Fault.runtime("no temporary folder \(url.path): \(error.reason)") }
        return url
    }
}

extension RedisError {
    /// What to do about an error at the first contact.
    var advice: String {
        switch self {
        case .connection(_, let message) where message.contains("Protocol error"):
            "what listens there is no Redis server (\(message))"
        case .connection: "\(self): is the server up, and the address right?"
        case .server(let message) where message.contains("NOAUTH"):
            "the server wants a password, which authbench does not send: name one without (\(message))"
        default: "\(self)"
        }
    }
}
