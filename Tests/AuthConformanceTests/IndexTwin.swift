import AuthCore
import AuthStrategies
import Backends

/// The Redis session strategy, whose *log out everywhere* goes by a list of its own and by nothing else.
struct IndexTwin: AuthStrategy, ~Copyable {
    static let descriptor = StrategyDescriptor(
        id: "index-twin", title: "broken", transport: .cookie, revocation: .immediate, stores: [.redis])

    struct Shared: Sendable {
        var inner: RedisSessionStrategy.Shared
        var environment: Environment
    }

    static func prepare(in environment: Environment) throws -> Shared {
        Shared(inner: try RedisSessionStrategy.prepare(in: environment), environment: environment)
    }

    private var inner: RedisSessionStrategy
    private var connection: RedisConnection
    private let prefix: String

    init(sharing shared: Shared) throws {
        let inner = try RedisSessionStrategy(sharing: shared.inner)
        guard let redis = shared.environment.redis, let endpoint = RedisEndpoint(url: redis.url) else {
            throw RedisError.connection(operation: "connect", message: "no server")
        }
        let connection = try RedisConnection(endpoint)
        self.inner = inner
        self.connection = connection
        prefix = redis.keyPrefix + "twin:"
    }

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        let credential = try inner.login(subject, at: now)
        let line = String(decoding: credential.headerLine, as: UTF8.self)
        _ = try connection.execute(RedisCommand("SADD", prefix + String(subject.id), line))
        return credential
    }

    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        let list = try connection.execute(RedisCommand("SMEMBERS", prefix + String(subject.id)))
        for line in list.elements ?? [] { try inner.logout(Credential(headerLine: line), at: now) }
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        try inner.authenticate(line, requiring: scope, at: now)
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        try inner.renew(credential, at: now)
    }

    mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        try inner.logout(credential, at: now)
    }

    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential {
        try inner.issueFlawed(flaw, to: subject, at: now)
    }
}
