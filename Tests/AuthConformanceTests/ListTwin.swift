import AuthCore
import Backends
import Synchronization

@testable import AuthStrategies

/// What is wrong with a broken twin of the denylist in Redis.
enum ListFlaw: String, CaseIterable {
    /// Entries go before their tokens.
    case expiresEarly = "REV-01"
    /// A sign-out is noted under the user's name.
    case namesUsers = "REV-02"
    /// The user's epoch is a time in whole seconds.
    case epochInSeconds = "REV-04"
    /// Where the list cannot be asked, every token passes, and nobody has said so.
    case failsOpen = "REV-03"
    /// Each connection has a list of its own.
    case ownList = "SES-08"
    /// A token for one use is looked up, and noted as used in a second step.
    case checksThenUses = "CRD-09"

    @TaskLocal static var current = Self.expiresEarly

    var requirement: String { rawValue }
}

/// The denylist in Redis with one flaw.
struct ListTwin: RevocationList, ~Copyable {
    static let strategyID = "list-twin"
    static let title = "and a flawed list"
    static let stores: Set<Store> = [.redis]
    static var isForOneUse: Bool { ListFlaw.current == .checksThenUses }

    final class Common: Sendable {
        let epochs = Mutex<[Subject: Int64]>([:])
        let users = Mutex<Set<Subject>>([])
    }

    static func prepare(in environment: Environment) -> Common { Common() }

    private let flaw = ListFlaw.current
    private let common: Common
    private var real: RedisList<RedisDenylist>
    private var own: Set<TokenName> = []
    private let redis: RedisSettings?

    init(in environment: Environment, sharing common: Common) throws {
        real = try RedisList<RedisDenylist>(in: environment, sharing: ())
        self.common = common
        redis = environment.redis
    }

    mutating func generation(of subject: Subject) throws -> Int64 { try real.generation(of: subject) }

    mutating func isGood(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        switch flaw {
        case .namesUsers where common.users.withLock { $0.contains(entry.subject) }: false
        case .ownList: !own.contains(entry.name)
        case .epochInSeconds:
            entry.authenticatedAt.seconds >= common.epochs.withLock { $0[entry.subject] ?? 0 }
        case .failsOpen: (try? real.isGood(entry, at: now)) ?? true
        case .checksThenUses: try checkThenUse(entry, at: now)
        default: try real.isGood(entry, at: now)
        }
    }

    private mutating func checkThenUse(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        guard try real.isGood(entry, at: now) else { return false }
        try real.revoke(entry, at: now)
        return true
    }

    mutating func replace(_ old: TokenEntry, by new: TokenEntry, at now: Instant) throws -> Bool {
        // What renews a token for one use has used it.
        try flaw == .checksThenUses || real.replace(old, by: new, at: now)
    }

    mutating func revoke(_ entry: TokenEntry, at now: Instant) throws {
        try real.revoke(entry, at: now)
        own.insert(entry.name)
        common.users.withLock { _ = $0.insert(entry.subject) }
        guard flaw == .expiresEarly, let redis, let endpoint = RedisEndpoint(url: redis.url) else { return }
        var connection = try RedisConnection(endpoint)
        for key in try RedisKeys.list(under: redis.keyPrefix, on: &connection) {
            var command = RedisCommand()
            command.begin(arguments: 3)
            command.append("PEXPIRE")
            command.append(key)
            command.append(60_000)
            _ = try connection.execute(command)
        }
    }

    mutating func revokeAll(of subject: Subject, at now: Instant) throws {
        common.epochs.withLock { $0[subject] = now.seconds }
        if flaw != .epochInSeconds { try real.revokeAll(of: subject, at: now) }
    }

    var commandsSent: Int { real.commandsSent }
    var roundTrips: Int { real.roundTrips }
    mutating func usedBytes() throws -> UInt64? { try real.usedBytes() }
}
