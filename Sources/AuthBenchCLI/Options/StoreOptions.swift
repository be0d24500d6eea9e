import ArgumentParser
import AuthCore
import Backends
import Foundation

/// The arguments that say where the stores are.
struct StoreOptions: ParsableArguments {
    @Option(
        help: "A running server, redis://host:port/db or unix:///path (default: a private one is started).")
    var redis: String?

    @Option(
        help: ArgumentHelp(
            "How the private server is reached: unix, a socket that only this user may open, or tcp, loopback with a password of the run.",
            valueName: "way"))
    var privateRedis = PrivateRedisServer.Transport.unix

    @Option(help: "The database file, which must be new or authbench's own (default: a temporary one).")
    var sqlite: String?

    @Option(help: "PRAGMA synchronous: normal or full.")
    var sqliteSynchronous = SQLiteSettings.Synchronous.normal

    @Option(
        help: ArgumentHelp(
            "PRAGMA mmap_size: how much of the file is mapped into memory, in bytes or as 128MiB; below 2GiB.",
            valueName: "size"))
    var sqliteMmap = MemorySize(bytes: 0)

    /// As an absolute path: SQLite has other meanings for names such as `:memory:`.
    func databasePath() throws -> String? {
        guard let sqlite else { return nil }
        try CommandError.refuseEmpty(sqlite, "--sqlite")
        guard sqlite != ":memory:", !sqlite.hasPrefix("file:") else {
            throw CommandError.usage(
                "--sqlite \(sqlite): clients have connections of their own, which share a file only: name one, in"
                    + " /dev/shm for a database in memory")
        }
        guard !sqlite.hasPrefix("~") else {
            throw CommandError.usage("--sqlite \(sqlite): the shell did not replace ~, write the whole path")
        }
        return URL(fileURLWithPath: sqlite).path
    }

    func endpoint() throws -> (url: String, endpoint: RedisEndpoint)? {
        guard let redis else { return nil }
        guard let endpoint = RedisEndpoint(url: redis), endpoint.password == nil else {
            throw CommandError.usage(
                "--redis \(Self.objection(to: redis)): write redis://host:port/db or unix:///path")
        }
        return (redis, endpoint)
    }

    /// What is wrong with an address, which is not repeated: it may hold a password.
    private static func objection(to url: String) -> String {
        let parts = URLComponents(string: url)
        if url.hasPrefix("rediss:") { return "asks for TLS, which authbench does not speak" }
        if parts?.user != nil || parts?.password != nil {
            return "has a user or a password, which authbench does not send"
        }
        if parts?.query != nil || parts?.fragment != nil {
            return "has parameters, of which authbench knows none"
        }
        return "is no address of a server"
    }
}

extension SQLiteSettings.Synchronous: ExpressibleByArgument {}

extension PrivateRedisServer.Transport: ExpressibleByArgument {}

/// A number of bytes as people write it: 4096, 64KiB, 128MiB or 1GiB.
struct MemorySize: ExpressibleByArgument, CustomStringConvertible {
    let bytes: Int64
    /// The most that SQLite maps unless it is compiled for more (SQLITE_MAX_MMAP_SIZE).
    private static let most_bytes: Int64 = 0x7FFF_0000

    init(bytes: Int64) { self.bytes = bytes }

    init?(argument: String) {
        let units: [(String, Int64)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
        let unit = units.first { argument.hasSuffix($0.0) } ?? ("", 1)
        let digits = argument.dropLast(unit.0.count)
        guard digits.allSatisfy(\.isASCIIDigit), let count = Int64(digits),
            case let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: unit.1), !isTooLarge,
            bytes <= Self.most_bytes
        else { return nil }
        self.bytes = bytes
    }

    var description: String { String(bytes) }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
