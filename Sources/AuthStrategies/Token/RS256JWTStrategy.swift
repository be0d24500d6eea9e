import AuthCore
import Backends

/// A JWT access token signed with RSA 2048; who verifies holds the public key only and cannot mint.
public struct RS256JWTStrategy: AuthStrategy, ~Copyable {
    public static let descriptor = StrategyDescriptor(
        id: "rs256-jwt", title: "bearer JWT, RSA 2048 with SHA-256", transport: .bearer,
        revocation: .atExpiry,
        credential: .signed, exemptions: StrategyDescriptor.tokenExemptions)

    /// The key pair of the run and the policy.
    public struct Shared: Sendable {
        let keys: RSAKeyPair
        let foreignKeys: RSAKeyPair
        let policy: Policy

        /// Takes a key pair that others know too, so that they can check the same tokens.
        package init(keys: RSAKeyPair, policy: Policy) throws {
            self.keys = keys
            foreignKeys = try RSAKeyPair()
            self.policy = policy
        }
    }

    /// Nobody can be kept from renewing a token that is still good, until the sign-in is too old.
    public static func longestExposure_ms(ofLoginAfter revocation: Revocation, under policy: Policy) -> Int64
    {
        policy.lifetimes.absolute_ms
    }

    public static func prepare(in environment: Environment) throws -> Shared {
        try Shared(keys: RSAKeyPair(), policy: environment.policy)
    }

    private let lifetimes: Lifetimes
    private let publicKey: [UInt8]
    private var authority: TokenAuthority<RS256Signer, RS256Verifier>

    public init(sharing shared: Shared) throws {
        lifetimes = shared.policy.lifetimes
        publicKey = shared.keys.publicKey
        authority = try TokenAuthority(
            policy: shared.policy, lifetime_ms: lifetimes.token_ms,
            signer: { try RS256Signer(privateKey: shared.keys.privateKey) },
            foreignSigner: { try RS256Signer(privateKey: shared.foreignKeys.privateKey) },
            verifier: { try RS256Verifier(publicKey: shared.keys.publicKey) })
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

    public var verificationKey: [UInt8] { publicKey }

    public mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { try authority.sign(octets) }

    public mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        try authority.issueFlawed(flaw, to: subject, at: now)
    }

    public mutating func sample(of profile: ClaimProfile, at now: Instant) throws -> Credential {
        Credential(headerLine: try authority.sample(of: profile, at: now))
    }
}
