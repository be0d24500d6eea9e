import AuthCore
import AuthStrategies
import Backends
import Foundation
import Glibc

/// One piece of a hot path, to be done again and again on one thread so that it can be timed or counted alone.
public final class HotPath {
    public let name: String
    private let perform: (Range<Int>) throws -> Int
    private var next = 0

    /// Takes what does the operations of a range, whose numbers choose among inputs, and says how many came out right.
    init(_ name: String, _ perform: @escaping (Range<Int>) throws -> Int) {
        self.name = name
        self.perform = perform
    }

    /// The same kernel, which keeps alive what it needs.
    public func keeping(_ owner: AnyObject) -> HotPath {
        HotPath(name) { [perform] range in try withExtendedLifetime(owner) { try perform(range) } }
    }

    /// Does so many operations, each on the next input.
    ///
    /// - Parameter count: how many.
    /// - Throws: `WrongOutcomeError` when one of them was wrong, and what the kernel throws.
    public func run(_ count: Int) throws {
        let range = next..<next + count
        next += count
        let right = try perform(range)
        guard right == count else {
            throw WrongOutcomeError(kernel: name, wrong: count - right, count: count)
        }
    }
}

/// A kernel that did not do what it is timed for.
public struct WrongOutcomeError: Error, CustomStringConvertible {
    var kernel: String
    var wrong: Int
    var count: Int

    public var description: String { "\(kernel): \(wrong) of \(count) operations came out wrong" }
}

/// Byte strings that lie end to end, so that a loop over them counts no references; C takes them as they lie.
public struct Messages {
    public let bytes: [UInt8]
    /// Where each begins, and where the last one ends.
    public let offsets: [Int]

    /// - Parameter messages: at least one.
    public init(_ messages: [[UInt8]]) {
        bytes = Array(messages.joined())
        offsets = messages.reduce(into: [0]) { offsets, message in
            offsets.append((offsets.last ?? 0) + message.count)
        }
    }

    public var count: Int { offsets.count - 1 }

    func range(_ place: Int) -> Range<Int> { offsets[place]..<offsets[place + 1] }

    /// Does something with the messages that the numbers of a range come to, and counts how often it went right.
    @inline(__always)
    func count(_ range: Range<Int>, where isRight: (Int, Span<UInt8>) throws -> Bool) rethrows -> Int {
        let bytes = bytes.span
        var right = 0
        var place = range.lowerBound % count
        for _ in range {
            if try isRight(place, bytes.extracting(self.range(place))) { right += 1 }
            place += 1
            if place == count { place = 0 }
        }
        return right
    }
}

/// A folder of its own with an SQLite file, a private Redis server, and a PostgreSQL one where it is asked for; gone with the value.
public final class HotPathStores {
    public let environment: Environment
    /// The socket on which the Redis server listens.
    public var redisSocket: String { String(server.url.dropFirst("unix://".count)) }
    private let folder: TemporaryFolder
    private let server: PrivateRedisServer
    private let postgres: PrivatePostgreSQLServer?

    /// Where the sessions are in Redis.
    public static let redisPrefix = "authbench:kernels:"

    /// - Parameters:
    ///   - policy: that of the strategies.
    ///   - hasPostgreSQL: whether a server of PostgreSQL is there too, which takes two seconds.
    /// - Throws: what Foundation and the servers report.
    public init(_ policy: Policy, hasPostgreSQL: Bool = false) throws {
        folder = try TemporaryFolder(isSearchable: true)
        do {
            server = try PrivateRedisServer(folder: folder.url)
            postgres =
                hasPostgreSQL ? try PrivatePostgreSQLServer(folder: try folder.makeFolder("postgres")) : nil
        } catch {
            folder.remove()
            throw error
        }
        environment = Environment(
            policy: policy,
            sqlite: SQLiteSettings(path: folder.url.appendingPathComponent("kernels.sqlite").path),
            redis: RedisSettings(url: server.url, keyPrefix: Self.redisPrefix),
            postgres: postgres.map { PostgreSQLSettings(url: $0.endpoint.url, schema: "kernels") })
    }

    deinit {
        server.stop()
        postgres?.stop()
        folder.remove()
    }

    /// Those of PostgreSQL have one for each client.
    private var serverProcesses: [Int32] { [server.processID] + (postgres?.processIDs ?? []) }

    /// Lets the servers run everywhere.
    public func releaseServers() {
        for process in serverProcesses { ProcessorBinding.bind(process, to: Processors.all) }
    }

    /// Binds the servers to one processor, counted as in `Processors`.
    public func bindServers(turn: Int) {
        guard !Processors.all.isEmpty else { return }
        let processor = Processors.all[turn % Processors.all.count]
        for process in serverProcesses { ProcessorBinding.bind(process, to: [processor]) }
    }
}

/// On which processors this process runs: those of a shared machine may run at different speeds, so whatever is held
/// against each other must be on the same one.
public enum Processors {
    /// Those that the process was allowed when it started.
    public static let all = ProcessorBinding.allowed()

    /// Binds all threads of this process, and those that they start later, to one processor.
    ///
    /// - Parameter turn: any number; equal remainders mean the same processor.
    public static func bind(turn: Int) {
        guard !all.isEmpty else { return }
        ProcessorBinding.bind(getpid(), to: [all[turn % all.count]])
    }

    /// Lets this process run everywhere again.
    public static func release() { ProcessorBinding.bind(getpid(), to: all) }
}

/// The keys of the JWT strategies, in the open so that others can check the same tokens.
public struct TokenKeys {
    /// Of HS256.
    public let secret: [UInt8]
    /// RFC 8017 RSAPrivateKey, DER.
    public let privateKey: [UInt8]
    /// RFC 5280 SubjectPublicKeyInfo, DER.
    public let publicKey: [UInt8]
    private let pair: KeyPair

    public init() throws {
        secret = try SecureRandom.bytes(32)
        pair = try KeyPair(for: .rsaPKCS1)
        (privateKey, publicKey) = (pair.privateKey, pair.publicKey)
    }

    /// What `HS256JWTStrategy` shares when this is its secret.
    public func hs256(_ policy: Policy) throws -> HS256JWTStrategy.Shared {
        try HS256JWTStrategy.Shared(keys: SharedSecret(copying: secret.span), policy: policy)
    }

    /// What `RS256JWTStrategy` shares when this is its key.
    public func rs256(_ policy: Policy) throws -> RS256JWTStrategy.Shared {
        try RS256JWTStrategy.Shared(keys: pair, policy: policy)
    }
}
