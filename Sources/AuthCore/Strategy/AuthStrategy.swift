/// A way to authenticate requests: one value per client, never shared between threads.
///
/// The compiler proves that no two threads share a connection or a crypto context, because the type is
/// noncopyable and each verb is `mutating`; so no verb needs a lock. A verb throws only when the strategy
/// could not decide (store down, timeout): an error is counted apart and never counts as accepted.
public protocol AuthStrategy: ~Copyable, SendableMetatype {
    /// What all clients of a run have in common: keys, a path, prepared texts.
    associatedtype Shared: Sendable = Void

    // MARK: What every strategy says and does

    static var descriptor: StrategyDescriptor { get }

    /// What a variant is, but for its identifier.
    static func describe(_ parameters: StrategyParameters) -> StrategyDescriptor

    /// The type that carries a variant out, where that is another one.
    static func variant(with parameters: StrategyParameters) -> any (AuthStrategy & ~Copyable).Type

    /// Makes keys and schema, once per run, before any client exists.
    static func prepare(in environment: Environment) throws -> Shared

    /// Opens a client's own connection, statements and crypto contexts.
    init(sharing shared: Shared) throws

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential

    /// Decides whether a request may pass; parsing its header line is part of the work.
    ///
    /// `headerLine` is what a server receives, as bytes without the final CRLF: `Cookie: …` or
    /// `Authorization: Bearer …`; `scope` is what the requested route demands.
    mutating func authenticate(_ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision

    /// Exchanges a credential for a fresh one; the old one is dead afterwards where the strategy can revoke.
    mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal

    /// Ends the session that the credential stands for; succeeds for an unknown one (RFC 7009 section 2.2).
    mutating func logout(_ credential: borrowing Credential, at now: Instant) throws

    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws

    // MARK: What a strategy can also do

    /// Gives all sessions of a user other permissions (space-delimited, RFC 6749 section 3.3); those that begin later
    /// have what the policy grants.
    mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws

    /// Ends all sessions of the credential's owner but its own.
    ///
    /// - Returns: whether the strategy can do that.
    mutating func logoutOthers(_ credential: borrowing Credential, at now: Instant) throws -> Bool

    /// Lists the sessions of a user that are alive, in no particular order; `nil` for a strategy that keeps none.
    mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]?

    /// Deletes expired sessions from the store, so many that other clients need not wait long.
    ///
    /// - Returns: how many; 0 when none is left, `nil` where a store lets them go by itself or there is none.
    mutating func sweep(at now: Instant) throws -> Int?

    // MARK: For the harness, before and beside the timed work

    /// How long what `authenticate` takes is accepted when nobody revokes it or uses it.
    static func lifetime(under policy: Policy) -> CredentialLifetime

    /// What keeps a user signed in beside its requests.
    static func upkeep(under policy: Policy) -> CredentialUpkeep

    /// When other servers refuse what was revoked.
    static func promise(after revocation: Revocation, under policy: Policy) -> RevocationPromise

    /// How long after a revocation another server may still accept the credential, in milliseconds: in real time where it is
    /// told, else on the strategy's clock.
    static func staleness_ms(after revocation: Revocation, under policy: Policy) -> Int64

    /// How long after a revocation a login may still work for a holder who renews whenever it can, in milliseconds.
    static func longestExposure_ms(ofLoginAfter revocation: Revocation, under policy: Policy) -> Int64

    /// Signs many users in before the clock starts; the same as `login` for each, in order.
    mutating func load(_ logins: [Login]) throws -> [Credential]

    /// Signs many credentials out before the clock starts; the same as `logout` for each.
    mutating func unload(_ credentials: [Credential], at now: Instant) throws

    /// Issues a credential that `authenticate` must refuse, for the probes of a workload.
    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential

    /// Makes a credential that says what the profile says, to be weighed, never to be presented.
    ///
    /// It may have begun a session: `logout` ends that.
    mutating func sample(of profile: ClaimProfile, at now: Instant) throws -> Credential

    /// Commands or statements that this client has sent to its store so far, BEGIN and COMMIT among them.
    var storeCommands: Int { get }

    /// How often this client has waited for a store in another process so far; commands that were sent together, and those
    /// that nobody waits for, make no round trip of their own.
    var storeRoundTrips: Int { get }

    /// How often this client could not write a session's last-seen moment; what was read decided all the same.
    var touchFailures: Int { get }

    /// How many bytes the store holds now, for this strategy and whatever else is in it; `nil` without a store.
    mutating func storeBytes() throws -> UInt64?

    // MARK: For the conformance kit

    /// Signs octets with the key of the run; `nil` where credentials are no signed tokens.
    mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]?

    /// The public key of the run as a SubjectPublicKeyInfo in DER (RFC 5280 section 4.1); empty without one.
    var verificationKey: [UInt8] { get }
}

extension AuthStrategy where Self: ~Copyable {
    public static func describe(_ parameters: StrategyParameters) -> StrategyDescriptor { descriptor }

    public static func variant(with parameters: StrategyParameters) -> any (AuthStrategy & ~Copyable).Type {
        Self.self
    }

    /// Decides on a request that carries a credential.
    public mutating func authenticate(
        _ credential: borrowing Credential, requiring scope: Scope = .read, at now: Instant
    ) throws -> Decision {
        let line = credential.headerLine
        return try authenticate(line.span, requiring: scope, at: now)
    }

    public mutating func logoutOthers(_ credential: borrowing Credential, at now: Instant) throws -> Bool {
        false
    }

    public mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]? { nil }

    public mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { nil }

    public var verificationKey: [UInt8] { [] }

    /// Does nothing: a token says itself what it permits, until it expires.
    public mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {}

    /// The lifetime of a plain token.
    public static func lifetime(under policy: Policy) -> CredentialLifetime {
        .wholeSeconds(policy.lifetimes.token_ms)
    }

    /// A renewal at the end of an average life where the credential says itself when it expires, else nothing.
    public static func upkeep(under policy: Policy) -> CredentialUpkeep {
        descriptor(under: policy).credential == .signed ? renewal(under: policy) : .none
    }

    /// A renewal at the end of an average life.
    package static func renewal(under policy: Policy) -> CredentialUpkeep {
        let lifetime = lifetime(under: policy)
        return .renewal(after_ms: (lifetime.shortest_ms + lifetime.longest_ms) / 2)
    }

    /// Whether a request uses a credential up.
    package static func isForOneUse(under policy: Policy) -> Bool {
        upkeep(under: policy) == .signInForEachRequest
    }

    /// What its descriptor says.
    public static func promise(after revocation: Revocation, under policy: Policy) -> RevocationPromise {
        descriptor(under: policy).revocation
    }

    /// The rest of a life where nothing else ends it, and what is set where a server goes by what it knows.
    public static func staleness_ms(after revocation: Revocation, under policy: Policy) -> Int64 {
        let longest_ms = lifetime(under: policy).longest_ms
        return switch promise(after: revocation, under: policy) {
        case .immediate: 0
        case .pushed: StrategyParameter.staleness_ms(policy.parameters)
        case .cached: min(longest_ms, policy.parameters.time_ms("cache") ?? 0)
        case .atExpiry: longest_ms
        }
    }

    /// As long as one credential is accepted by others: renewal ends with the revocation.
    public static func longestExposure_ms(ofLoginAfter revocation: Revocation, under policy: Policy) -> Int64
    {
        staleness_ms(after: revocation, under: policy)
    }

    public var storeCommands: Int { 0 }

    /// One for each command, where the store is a server.
    public var storeRoundTrips: Int { Self.descriptor.server == nil ? 0 : storeCommands }

    public var touchFailures: Int { 0 }

    public mutating func storeBytes() throws -> UInt64? { nil }

    public mutating func sweep(at now: Instant) throws -> Int? { nil }

    public mutating func load(_ logins: [Login]) throws -> [Credential] {
        var credentials: [Credential] = []
        credentials.reserveCapacity(logins.count)
        for one in logins {
            credentials.append(try login(one.subject, at: one.instant))
        }
        return credentials
    }

    public mutating func unload(_ credentials: [Credential], at now: Instant) throws {
        for credential in credentials { try logout(credential, at: now) }
    }

    /// Signs the user in and changes one character of what comes of it, so that nobody has ever issued it.
    public mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        try login(subject, at: now).tampered(by: subject)
    }

    /// Signs somebody in, because a session's credential is the same whatever is known about its user.
    public mutating func sample(of profile: ClaimProfile, at now: Instant) throws -> Credential {
        try login(.sample, at: now)
    }
}

extension AuthStrategy where Self: ~Copyable, Shared == Void {
    public static func prepare(in environment: Environment) throws {}
}

/// The list of strategies a program knows; the order is that of tables and lists.
public typealias StrategyRegistry = [any (AuthStrategy & ~Copyable).Type]
