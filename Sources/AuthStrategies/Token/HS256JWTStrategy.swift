import AuthCore
import Backends

/// A JWT access token signed with a secret that every verifier shares.
public struct HS256JWTStrategy: AuthStrategy, ~Copyable {
    public static let descriptor = StrategyDescriptor(
        id: "hs256-jwt", title: "bearer JWT, HMAC-SHA256", transport: .bearer, revocation: .atExpiry,
        credential: .signed, exemptions: StrategyDescriptor.tokenExemptions)

    /// The key of the run and the policy.
    public struct Shared: Sendable {
        let keys: HS256Keys
        let policy: Policy
    }

    /// Nobody can be kept from renewing a token that is still good, until the sign-in is too old.
    public static func longestExposure_ms(ofLoginAfter revocation: Revocation, under policy: Policy) -> Int64
    {
        policy.lifetimes.absolute_ms
    }

    public static func prepare(in environment: Environment) throws -> Shared {
        Shared(keys: try HS256Keys(), policy: environment.policy)
    }

    private let lifetimes: Lifetimes
    private var authority: TokenAuthority<HS256, HS256>

    public init(sharing shared: Shared) throws {
        lifetimes = shared.policy.lifetimes
        authority = try shared.keys.authority(policy: shared.policy, lifetime_ms: lifetimes.token_ms)
    }

    public mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        Credential(headerLine: try authority.issue(to: subject, at: now))
    }

    public mutating func authenticate(
        _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        authority.authenticate(headerLine, requiring: scope, at: now)
    }

    public mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        try authority.renew(credential, at: now, absolute_ms: lifetimes.absolute_ms)
    }

    /// The client forgets its token; the server keeps nothing it could revoke.
    public mutating func logout(_ credential: borrowing Credential, at now: Instant) {}

    public mutating func logoutEverywhere(_ subject: Subject, at now: Instant) {}

    public mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { try authority.sign(octets) }

    public mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        try authority.issueFlawed(flaw, to: subject, at: now)
    }

    public mutating func sample(of profile: ClaimProfile, at now: Instant) throws -> Credential {
        Credential(headerLine: try authority.sample(of: profile, at: now))
    }
}

extension HS256JWTStrategy.Shared {
    /// Takes a secret of at least 32 bytes that others know too, so that they can check the same tokens.
    package init(secret: [UInt8], policy: Policy) throws {
        self.init(keys: try HS256Keys(secret: secret), policy: policy)
    }
}
