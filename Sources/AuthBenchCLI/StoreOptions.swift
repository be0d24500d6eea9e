import ArgumentParser
import AuthCore
import Backends
import Foundation

/// The arguments that say where the stores are.
struct StoreOptions: ParsableArguments {
    @Option(
        help: "A running server, redis://host:port/db or unix:///path (default: a private one is started).")
    var redis: String?

    @Option(help: "The database file, which must be new or authbench's own (default: a temporary one).")
    var sqlite: String?

    @Option(help: "PRAGMA synchronous: normal or full.")
    var sqliteSynchronous = SQLiteSettings.Synchronous.normal

    /// As an absolute path: SQLite has other meanings for names such as `:memory:`.
    func databasePath() throws -> String? {
        guard let sqlite else { return nil }
        guard !sqlite.isEmpty else { throw Fault.usage("--sqlite is empty: name a file") }
        return URL(fileURLWithPath: sqlite).path
    }

    func endpoint() throws -> (url: String, endpoint: RedisEndpoint)? {
        guard let redis else { return nil }
        guard let endpoint = RedisEndpoint(url: redis) else {
            throw Fault.usage(
                "--redis is no address of a server: write redis://host:port/db or unix:///path, no password"
            )
        }
        return (redis, endpoint)
    }
}

extension SQLiteSettings.Synchronous: ExpressibleByArgument {}
