import AuthCore

/// A JWT access token of one algorithm, which says itself whose it is and until when: no store is asked.
///
/// The timed verbs are compiled once for each algorithm named at them: through the table of the protocol alone, a generic
/// verb would ask the algorithm's type for everything it does (4 to 5 % of a sign-in with HS256).
public struct Token<Algorithm: TokenAlgorithm & ~Copyable>: AuthStrategy, ~Copyable {
    public static var descriptor: StrategyDescriptor {
        StrategyDescriptor(
            id: "\(Algorithm.strategyID)-jwt", title: "JWT, signed with \(Algorithm.title)",
            transport: .bearer, revocation: .atExpiry, credential: .signed, isOnCard: Algorithm.isOnCard,
            parameters: Algorithm.parameters + [.rotation()],
            exemptions: StrategyDescriptor.tokenExemptions.merging([
                "JWT-34": "one key for a run, unless @rotate says otherwise"
            ]) { $1 })
    }

    /// Another type, so that a run without rotation pays nothing for it.
    public static func variant(with parameters: StrategyParameters) -> any (AuthStrategy & ~Copyable).Type {
        parameters.rotation_ms == nil ? Self.self : RotatingToken<Algorithm>.self
    }

    /// The keys of the run and the policy.
    public struct Shared: Sendable {
        let keys: Algorithm.Keys
        let foreignKeys: Algorithm.Keys
        let policy: Policy

        /// Takes keys that others know too, so that they can check the same tokens.
        package init(keys: Algorithm.Keys, policy: Policy) throws {
            (self.keys, self.policy) = (keys, policy)
            foreignKeys = try Algorithm.makeKeys(policy.parameters)
        }
    }

    /// Nobody can be kept from renewing a token that is still good, until the sign-in is too old.
    public static func longestExposure_ms(ofLoginAfter revocation: Revocation, under policy: Policy) -> Int64
    {
        policy.lifetimes.absolute_ms
    }

    public static func prepare(in environment: Environment) throws -> Shared {
        try Shared(keys: Algorithm.makeKeys(environment.policy.parameters), policy: environment.policy)
    }

    private let lifetimes: Lifetimes
    public let verificationKey: [UInt8]
    private var authority: TokenAuthority<Algorithm>

    public init(sharing shared: Shared) throws {
        lifetimes = shared.policy.lifetimes
        verificationKey = Algorithm.publicKey(of: shared.keys)
        authority = try TokenAuthority(
            policy: shared.policy, lifetime_ms: lifetimes.token_ms, keys: shared.keys,
            foreignKeys: shared.foreignKeys)
    }

    @specialized(where Algorithm == HS256)
    @specialized(where Algorithm == RS256)
    public mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        Credential(headerLine: try authority.issue(to: subject, at: now))
    }

    @specialized(where Algorithm == HS256)
    @specialized(where Algorithm == RS256)
    public mutating func authenticate(
        _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        authority.authenticate(headerLine, requiring: scope, at: now)
    }

    @specialized(where Algorithm == HS256)
    @specialized(where Algorithm == RS256)
    public mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        try authority.renew(credential, at: now, absolute_ms: lifetimes.absolute_ms)
    }

    /// Does nothing: the client forgets its token, and the server keeps nothing it could revoke.
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

/// A signature algorithm of RFC 7518, as one client uses it; a value either signs or verifies.
public protocol TokenAlgorithm: ~Copyable, SendableMetatype {
    /// What all clients of a run share.
    associatedtype Keys: Sendable

    /// The `alg` value of RFC 7518 section 3.1; a key has exactly one.
    static var name: String { get }
    /// A few words for lists: the primitive and the size of its key.
    static var title: String { get }

    /// The first word of the strategy's identifier, as on the command line.
    static var strategyID: String { get }

    /// Whether the strategy with this algorithm is measured where none is named.
    static var isOnCard: Bool { get }

    /// What a key may differ in.
    static var parameters: [StrategyParameter] { get }

    static func makeKeys(_ parameters: StrategyParameters) throws -> Keys

    /// The public half as a SubjectPublicKeyInfo in DER (RFC 5280 section 4.1); empty where there is none.
    static func publicKey(of keys: Keys) -> [UInt8]

    init(signingWith keys: Keys) throws

    /// Takes only what verifying needs: where there is a public half, such a value cannot sign.
    init(verifyingWith keys: Keys) throws

    /// Signs the signing input of a JWS (RFC 7515 section 5.1).
    mutating func sign(_ input: [UInt8]) throws -> [UInt8]

    var signature_bytes: Int { get }

    mutating func isValid(_ signature: [UInt8], for input: Span<UInt8>) -> Bool
}

extension TokenAlgorithm where Self: ~Copyable {
    public static var strategyID: String { name.lowercased() }

    public static var isOnCard: Bool { true }

    public static var parameters: [StrategyParameter] { [] }

    public static func publicKey(of keys: Keys) -> [UInt8] { [] }
}

/// A key that cannot be used, noticed at configuration.
struct WeakKeyError: Error, CustomStringConvertible {
    var description: String
}
