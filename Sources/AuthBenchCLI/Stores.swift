import AuthCore
import Backends
import Foundation

/// The stores of one run: opened before anything is written, and gone or cleaned when it ends.
final class Stores {
    let environment: Environment
    let redisVersion: String?
    private let temporary: URL
    /// A database of the user's that did not exist before this run.
    private let newDatabase: String?
    private let server: PrivateRedisServer?
    private let foreign: (endpoint: RedisEndpoint, prefix: String)?

    /// What must be undone even when the run hangs: values only, for another thread to use.
    struct Emergency: Sendable {
        var serverID: Int32?
        var temporary: URL

        func cleanUp() {
            if let serverID { kill(serverID, SIGKILL) }
            try? FileManager.default.removeItem(at: temporary)
        }
    }

    var emergency: Emergency { Emergency(serverID: server?.processID, temporary: temporary) }

    init(_ plan: RunPlan) throws {
        newDatabase = try Self.claimDatabase(plan)
        temporary = try Self.makeTemporaryFolder()
        do {
            let prefix = "authbench:\(UUID().uuidString.prefix(8).lowercased()):"
            (server, foreign, redisVersion) = try Self.openRedis(plan, prefix: prefix, folder: temporary)
            let url = server.map { "redis://127.0.0.1:\($0.port)" } ?? plan.redis?.url
            environment = Environment(
                policy: plan.workload.policy,
                sqlite: SQLiteSettings(
                    path: plan.sqlitePath ?? temporary.appendingPathComponent("authbench.sqlite").path,
                    synchronous: plan.synchronous),
                redis: url.map { RedisSettings(url: $0, keyPrefix: prefix) })
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            if let newDatabase { SQLiteFile.remove(newDatabase) }
            throw error
        }
    }

    /// Ends the private server, or removes this run's keys from the foreign one, and the temporary folder.
    ///
    /// - Parameter isEmpty: nothing was measured, so that a new database file goes too.
    /// - Returns: what could not be undone, for the user.
    func close(isEmpty: Bool) -> String? {
        server?.stop()
        if isEmpty, let newDatabase { SQLiteFile.remove(newDatabase) }
        try? FileManager.default.removeItem(at: temporary)
        guard let foreign else { return nil }
        do { try RedisKeys.remove(under: foreign.prefix, at: foreign.endpoint) } catch {
            return
                "the keys under \(foreign.prefix) could not be removed: \(error); they expire by themselves"
        }
        return nil
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

    private static func makeTemporaryFolder() throws -> URL {
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
