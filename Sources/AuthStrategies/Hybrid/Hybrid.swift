import AuthCore
import AuthText
import Backends

/// The hybrid that is measured unless another one is set.
public typealias HybridStrategy = Hybrid<HS256, SQLiteRefreshStore>

/// A short access token that no store is asked for, and a refresh token whose family is kept in one.
public struct Hybrid<Algorithm: TokenAlgorithm & ~Copyable, Store: RefreshStore & ~Copyable>: AuthStrategy,
    ~Copyable
{
    public static var descriptor: StrategyDescriptor {
        StrategyDescriptor(
            id: "hybrid", title: "short \(Algorithm.name) JWT, and a refresh token in \(Store.title)",
            transport: .bearer, revocation: .atExpiry, stores: Store.stores, credential: .signed,
            parameters: HybridVariant.parameters,
            exemptions: StrategyDescriptor.tokenExemptions.merging([
                "REF-14": "a limit on refreshes would be measured in its place"
            ]) { $1 })
    }

    public static func variant(with parameters: StrategyParameters) -> any (AuthStrategy & ~Copyable).Type {
        HybridVariant.type(parameters)
    }

    /// The lifetime of the access token.
    public static func lifetime(under policy: Policy) -> CredentialLifetime {
        let lifetimes = lifetimes(under: policy)
        return .wholeSeconds(lifetimes.access_ms, jitter_s: lifetimes.accessJitter_s)
    }

    /// The policy's, and that of an access token as it is set.
    private static func lifetimes(under policy: Policy) -> Lifetimes {
        var lifetimes = policy.lifetimes
        guard let access_ms = policy.parameters.time_ms("access") else { return lifetimes }
        lifetimes.access_ms = max(1000, access_ms)
        return lifetimes
    }

    /// The keys of the run and its environment.
    public struct Shared: Sendable {
        let keys: Algorithm.Keys
        let foreignKeys: Algorithm.Keys
        let refreshKey: SharedSecret
        let environment: Environment
    }

    public static func prepare(in environment: Environment) throws -> Shared {
        try Store.prepare(in: environment)
        return Shared(
            keys: try Algorithm.makeKeys(environment.policy.parameters),
            foreignKeys: try Algorithm.makeKeys(environment.policy.parameters),
            refreshKey: try SharedSecret(count: 32), environment: environment)
    }

    private let lifetimes: Lifetimes
    private var authority: TokenAuthority<Algorithm>
    private var families: RefreshFamilies<Store>
    private var jitter = SystemRandomNumberGenerator()

    public init(sharing shared: Shared) throws {
        let policy = shared.environment.policy
        let lifetimes = Self.lifetimes(under: policy)
        // Both first: a noncopyable value cannot be left half made.
        let authority = try TokenAuthority<Algorithm>(
            policy: policy, lifetime_ms: lifetimes.access_ms, keys: shared.keys,
            foreignKeys: shared.foreignKeys)
        let families = try RefreshFamilies<Store>(shared.environment, key: shared.refreshKey)
        self.lifetimes = lifetimes
        self.authority = authority
        self.families = families
    }

    public mutating func load(_ logins: [Login]) throws -> [Credential] {
        let refreshTokens = try families.createAll(logins)
        return try zip(logins, refreshTokens).map { login, token in
            try credential(login.subject, token, authenticatedAt: login.instant, at: login.instant)
        }
    }

    public mutating func unload(_ credentials: [Credential], at now: Instant) throws {
        try families.revokeAll(credentials.map(\.refreshToken))
    }

    @specialized(where Algorithm == HS256, Store == SQLiteRefreshStore)
    public mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try credential(subject, try families.create(for: subject, at: now), authenticatedAt: now, at: now)
    }

    /// Looks at the access token only: no store is asked.
    @specialized(where Algorithm == HS256, Store == SQLiteRefreshStore)
    public mutating func authenticate(
        _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        authority.authenticate(headerLine, requiring: scope, at: now)
    }

    @specialized(where Algorithm == HS256, Store == SQLiteRefreshStore)
    public mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        switch try families.exchange(credential.refreshToken.span, at: now) {
        case .refused(let reason): .refused(reason)
        case .rotated(let subject, let scope, let authenticatedAt, let token):
            .renewed(
                try self.credential(subject, token, scope: scope, authenticatedAt: authenticatedAt, at: now))
        }
    }

    /// Revokes the family; access tokens already issued live on until they expire.
    public mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        try families.revoke(credential.refreshToken.span)
    }

    public mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        try families.revokeAll(of: subject)
    }

    /// Reaches a user with the next refresh; access tokens already issued keep what they say.
    public mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {
        try families.changeGrant(of: subject, to: Array(scope.utf8))
    }

    public var storeCommands: Int { families.commandsSent }

    public var storeRoundTrips: Int { families.roundTrips }

    public mutating func storeBytes() throws -> UInt64? { try families.usedBytes() }

    public mutating func sweep(at now: Instant) throws -> Int? { try families.sweep(at: now) }

    public mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { try authority.sign(octets) }

    public mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        try authority.issueFlawed(flaw, to: subject, at: now)
    }

    /// The refresh token is one of its own kind, whatever the access token says.
    public mutating func sample(of profile: ClaimProfile, at now: Instant) throws -> Credential {
        let refreshToken = try families.create(for: .sample, at: now)
        return Credential(headerLine: try authority.sample(of: profile, at: now), refreshToken: refreshToken)
    }

    /// The lifetime is shortened at random, so that tokens issued together are not renewed together.
    ///
    /// By whole seconds, as `exp` has no others. `auth_time` is that of the sign-in, whichever refresh it is (RFC 9068 section 2.2.1).
    private mutating func credential(
        _ subject: Subject, _ refreshToken: [UInt8], scope: [UInt8]? = nil, authenticatedAt: Instant,
        at now: Instant
    ) throws -> Credential {
        let shorter_s = Int64.random(in: 0...lifetimes.accessJitter_s, using: &jitter)
        let line = try authority.issue(
            to: subject, at: now, scope: scope, authenticatedAt: authenticatedAt,
            lifetime_ms: lifetimes.access_ms - shorter_s * 1000)
        return Credential(headerLine: line, refreshToken: refreshToken)
    }
}

/// What a hybrid may be made of: an algorithm of its access tokens, and a store of its refresh tokens.
private enum HybridVariant {
    static let parameters = [
        StrategyParameter("access", .time, standard: "15m", "how long an access token lives"),
        StrategyParameter(
            "alg", .choice(["hs256", "rs256", "ps256", "es256", "ed25519"]), standard: "hs256",
            "how access tokens are signed"),
        StrategyParameter(
            "store", .choice(["sqlite", "redis", "postgres"]), standard: "sqlite",
            "where refresh tokens are kept"),
    ]

    static func type(_ parameters: StrategyParameters) -> any (AuthStrategy & ~Copyable).Type {
        switch parameters["alg"] {
        case "rs256": type(RS256.self, parameters)
        case "ps256": type(PS256.self, parameters)
        case "es256": type(ES256.self, parameters)
        case "ed25519": type(Ed25519.self, parameters)
        default: type(HS256.self, parameters)
        }
    }

    private static func type<Algorithm: TokenAlgorithm & ~Copyable>(
        _: Algorithm.Type, _ parameters: StrategyParameters
    ) -> any (AuthStrategy & ~Copyable).Type {
        switch parameters["store"] {
        case "redis": Hybrid<Algorithm, RedisRefreshStore>.self
        case "postgres": Hybrid<Algorithm, PostgreSQLRefreshStore>.self
        default: Hybrid<Algorithm, SQLiteRefreshStore>.self
        }
    }
}
