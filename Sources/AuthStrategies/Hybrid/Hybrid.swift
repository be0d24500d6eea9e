import AuthCore
import AuthText
import Backends

/// The hybrid that comes with authbench.
public typealias HybridStrategy = Hybrid<HS256, SQLiteRefreshStore>

/// A short access token that no store is asked for, and a refresh token whose family is kept in one.
public struct Hybrid<Algorithm: TokenAlgorithm & ~Copyable, Store: RefreshStore & ~Copyable>: AuthStrategy,
    ~Copyable
{
    public static var descriptor: StrategyDescriptor {
        StrategyDescriptor(
            id: "hybrid", title: "short \(Algorithm.name) JWT, and a refresh token in \(Store.title)",
            transport: .bearer, revocation: .atExpiry, stores: Store.stores, credential: .signed,
            parameters: [
                StrategyParameter("access", .time, standard: "15m", "how long an access token lives")
            ],
            exemptions: StrategyDescriptor.tokenExemptions.merging([
                "REF-14": "a limit on refreshes would be measured in its place"
            ]) { $1 })
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
    private var families: Store
    private var jitter = SystemRandomNumberGenerator()

    public init(sharing shared: Shared) throws {
        let policy = shared.environment.policy
        let lifetimes = Self.lifetimes(under: policy)
        // Both first: a noncopyable value cannot be left half made.
        let authority = try TokenAuthority<Algorithm>(
            policy: policy, lifetime_ms: lifetimes.access_ms, keys: shared.keys,
            foreignKeys: shared.foreignKeys)
        let families = try Store(shared.environment, key: shared.refreshKey)
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
        try families.changeGrant(of: subject, to: scope)
    }

    public var storeCommands: Int { families.commandsSent }

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

/// Where the families of refresh tokens are kept; one value for each client.
///
/// A family has one live branch at any moment: an exchange reads and writes it in one step that nobody else sees half
/// of (RFC 9700 section 4.14.2, OWASP ASVS 5.0 section 10.4.5).
public protocol RefreshStore: ~Copyable, SendableMetatype {
    /// A word for lists.
    static var title: String { get }
    /// What must be up before the strategy can be prepared.
    static var stores: Set<AuthCore.Store> { get }

    /// Makes what the families of a run need, once, before any client exists.
    static func prepare(in environment: Environment) throws

    /// Opens a client's own connection; the key marks the tokens of this server.
    init(_ environment: Environment, key: SharedSecret) throws

    /// Starts a family, and gives the text of its first token.
    mutating func create(for subject: Subject, at now: Instant) throws -> [UInt8]

    /// Starts many before the clock starts.
    mutating func createAll(_ logins: [Login]) throws -> [[UInt8]]

    /// Exchanges a token for its successor; a retired one takes its whole family with it.
    mutating func exchange(_ text: Span<UInt8>, at now: Instant) throws -> RefreshExchange

    /// Ends the family of a token.
    mutating func revoke(_ text: Span<UInt8>) throws

    /// Ends many before the clock starts.
    mutating func revokeAll(_ texts: [[UInt8]]) throws

    mutating func revokeAll(of subject: Subject) throws

    /// Changes what the next access tokens of a user permit.
    mutating func changeGrant(of subject: Subject, to scope: String) throws

    var commandsSent: Int { get }
    mutating func usedBytes() throws -> UInt64?

    /// Deletes expired families, a few milliseconds' worth; `nil` where the store lets them go by itself.
    mutating func sweep(at now: Instant) throws -> Int?
}

/// What an exchange of a refresh token came to.
public enum RefreshExchange {
    /// Whose family it is, what they have been granted where that is not what everybody is, when they signed in, and
    /// the successor's text.
    case rotated(Subject, scope: [UInt8]?, authenticatedAt: Instant, [UInt8])
    case refused(Refusal)
}

/// A refresh token, opaque to the client: family, generation and a code over both, in base64url.
///
/// The code is HMAC-SHA256 under a key of the server. So a forged token is refused without a look into the
/// store, a retired one is told from a forged one with certainty, and the successor of a token can be made
/// again for a client that lost the answer, although the store holds only its hash.
struct RefreshToken {
    static let family_bytes = 16
    private static let generation_bytes = 4
    private static let body_bytes = family_bytes + generation_bytes
    private static let token_bytes = body_bytes + 32
    static let length = Base64URL.encodedCount(token_bytes)
    /// Keeps the codes of refresh tokens apart from any other use of the key.
    private static let purpose = Array("authbench refresh token".utf8)

    var family: [UInt8]
    var generation: UInt32

    /// The token's text.
    func text(_ mac: inout HMACSHA256) -> [UInt8] {
        var bytes = body
        let code = mac.code(for: (Self.purpose + bytes).span)
        for index in code.indices { bytes.append(code[index]) }
        return Base64URL.encode(bytes)
    }

    /// Reads a token that this server minted; `nil` for any other text.
    static func read(_ text: Span<UInt8>, _ mac: inout HMACSHA256) -> RefreshToken? {
        guard text.count == length, let bytes = Base64URL.decode(text) else { return nil }
        var generation: UInt32 = 0
        for byte in bytes[family_bytes..<body_bytes] { generation = generation << 8 | UInt32(byte) }
        let token = RefreshToken(family: Array(bytes[..<family_bytes]), generation: generation)
        let code = mac.code(for: (purpose + token.body).span)
        return constantTimeEquals(code.span, bytes.span.extracting(last: 32)) ? token : nil
    }

    private var body: [UInt8] {
        var bytes = family
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: generation >> UInt32(shift))) }
        return bytes
    }
}
