import AuthCore
import Backends

/// A short HS256 access token, and a refresh token whose family is kept in SQLite.
public struct HybridStrategy: AuthStrategy, ~Copyable {
    public static let descriptor = StrategyDescriptor(
        id: "hybrid", title: "short HS256 JWT, refresh token in SQLite", transport: .bearer,
        revocation: .atExpiry, stores: [.sqlite], credential: .signed,
        exemptions: StrategyDescriptor.tokenExemptions.merging([
            "REF-14": "a limit on refreshes would be measured in its place"
        ]) { $1 })

    /// Of the access token.
    public static func lifetime(under policy: Policy) -> CredentialLifetime {
        .wholeSeconds(policy.lifetimes.access_ms, jitter_s: policy.lifetimes.accessJitter_s)
    }

    /// The keys of the run and its environment.
    public struct Shared: Sendable {
        let keys: HS256Keys
        let refreshKey: SharedSecret
        let environment: Environment
    }

    public static func prepare(in environment: Environment) throws -> Shared {
        try SQLiteSchema.refreshFamilies.create(in: environment)
        return Shared(
            keys: try HS256Keys(), refreshKey: try SharedSecret(count: 32), environment: environment)
    }

    private let lifetimes: Lifetimes
    private var authority: TokenAuthority<HS256, HS256>
    private var families: RefreshFamilyStore
    private var jitter = SystemRandomNumberGenerator()

    public init(sharing shared: Shared) throws {
        let policy = shared.environment.policy
        lifetimes = policy.lifetimes
        // Both first: a noncopyable value cannot be left half made.
        let authority = try shared.keys.authority(policy: policy, lifetime_ms: policy.lifetimes.access_ms)
        let families = try RefreshFamilyStore(shared.environment, key: shared.refreshKey)
        self.authority = authority
        self.families = families
    }

    public mutating func load(_ logins: [Login]) throws -> [Credential] {
        let refreshTokens = try families.inBulk { store in
            try logins.map { try store.create(for: $0.subject, at: $0.instant) }
        }
        return try zip(logins, refreshTokens).map { login, token in
            try credential(login.subject, token, authenticatedAt: login.instant, at: login.instant)
        }
    }

    public mutating func unload(_ credentials: [Credential], at now: Instant) throws {
        try families.inBulk { store in
            for credential in credentials { try store.revoke(credential.refreshToken.span) }
        }
    }

    public mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try credential(subject, try families.create(for: subject, at: now), authenticatedAt: now, at: now)
    }

    /// Looks at the access token only: no store is asked.
    public mutating func authenticate(
        _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        authority.authenticate(headerLine, requiring: scope, at: now)
    }

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
        try families.changeGrant(of: subject, to: scope)
    }

    public var storeCommands: Int { families.statementsRun }

    public mutating func storeBytes() throws -> UInt64? { try families.bytes() }

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
