import AuthCore
import Backends
import Foundation

/// The stores of one run: opened before anything is written, and gone or cleaned when it ends.
final class Stores {
    let environment: Environment
    let facts: StoreFacts
    /// Of this run alone, and gone with it.
    let folder: URL
    private let server: PrivateRedisServer?
    /// The process of the private server.
    var serverID: Int32? { server?.processID }
    private let foreign: (endpoint: RedisEndpoint, prefix: String)?
    /// How the Redis server was when the run came to it.
    private let health: RedisHealth?
    private let leftovers: Leftovers
    /// Held until all connections are closed: closing a file drops what locks SQLite has on it in this process.
    private let database: SQLiteClaim?

    init(_ plan: RunPlan, leftovers: Leftovers) throws {
        self.leftovers = leftovers
        var held: (endpoint: RedisEndpoint, prefix: String)?
        do {
            let database = try Self.claimDatabase(plan)
            self.database = database
            leftovers.note { $0.newDatabase = database }
            let temporary = try Self.makeTemporaryFolder()
            leftovers.note { $0.temporary = temporary }
            folder = temporary.url
            let redisVersion: String?
            (server, foreign, redisVersion) = try Self.openRedis(plan, folder: temporary.url)
            held = foreign
            // As long as one that is drawn: it is part of what a session takes in the store.
            let prefix = foreign?.prefix ?? "authbench:00000000:"
            let foreignKeys = foreign?.prefix
            leftovers.note { $0.foreignKeys = foreignKeys }
            let url = server?.url ?? plan.redis?.url
            let sqlite = SQLiteSettings(
                path: database?.path ?? temporary.url.appendingPathComponent("authbench.sqlite").path,
                synchronous: plan.synchronous, mmap_bytes: plan.mmap_bytes)
            environment = Environment(
                policy: plan.workload.policy, sqlite: sqlite,
                redis: url.map { RedisSettings(url: $0, keyPrefix: prefix) })
            let endpoint = server?.endpoint ?? foreign?.endpoint
            health = endpoint.flatMap { try? RedisHealth(at: $0) }
            facts = StoreFacts(
                plan, sqlite, redis: endpoint.flatMap { at in redisVersion.map { (at, $0) } })
        } catch {
            if let held { try? RedisKeys.release(held.prefix, at: held.endpoint) }
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
            if !isEmpty { things.newDatabase = nil }
        }
        if let foreign {
            do {
                try RedisKeys.release(foreign.prefix, at: foreign.endpoint)
                leftovers.note { $0.foreignKeys = nil }
            } catch { return "\(leftovers.clear() ?? ""): \(error)" }
        }
        return leftovers.clear()
    }

    /// What the stores have lost since the run came to them, as the end of a sentence; `nil` where nothing shows.
    ///
    /// SQLite's file is the run's alone.
    func loss(of strategy: StrategyDescriptor?) -> String? {
        guard strategy?.stores.contains(.redis) == true, let health,
            let endpoint = server?.endpoint ?? foreign?.endpoint
        else { return nil }
        return (try? RedisHealth(at: endpoint))?.loss(since: health)
    }

    private static func claimDatabase(_ plan: RunPlan) throws -> SQLiteClaim? {
        guard let path = plan.sqlitePath, plan.needsSQLite else { return nil }
        do { return try SQLiteFile.claim(path) } catch { throw Fault.badData("--sqlite \(error)") }
    }

    private static func openRedis(
        _ plan: RunPlan, folder: URL
    ) throws -> (PrivateRedisServer?, (RedisEndpoint, String)?, version: String?) {
        guard plan.needsRedis else { return (nil, nil, nil) }
        if let (url, endpoint) = plan.redis {
            do {
                let information = try RedisInformation(at: endpoint)
                guard !information.isTooOld else {
                    throw Fault.badData("--redis \(url): \(tooOld(information))")
                }
                return (nil, (endpoint, try RedisKeys.claimPrefix(at: endpoint)), information.version)
            } catch let error as RedisError { throw Fault.badData("--redis \(url): \(error.advice)") }
        }
        do {
            let server = try PrivateRedisServer(folder: folder, over: plan.redisTransport)
            let information = try RedisInformation(at: server.endpoint)
            guard !information.isTooOld else { throw Fault.runtime(tooOld(information)) }
            return (server, nil, information.version)
        } catch let fault as Fault {
            throw fault
        } catch { throw Fault.runtime("\(error)") }
    }

    private static func tooOld(_ information: RedisInformation) -> String {
        "it is Redis \(information.version), and authbench needs \(RedisInformation.leastVersion) or later"
    }

    static func makeTemporaryFolder() throws -> TemporaryFolder {
        do { return try TemporaryFolder() } catch {
            throw Fault.runtime("no temporary folder: \(error.reason)")
        }
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
