import AuthCore
import Backends

/// A JWT that dies before its expiry, because a list is asked about it: signature first, so that a forged one costs no read.
///
/// The list says which tokens are dead or alive; form, signature and claims are the rules of `Token`.
public struct Revocable<Algorithm: TokenAlgorithm & ~Copyable, List: RevocationList & ~Copyable>:
    AuthStrategy,
    ~Copyable
{
    public static var descriptor: StrategyDescriptor {
        StrategyDescriptor(
            id: List.strategyID, title: "\(Algorithm.name) JWT, \(List.title)", transport: .bearer,
            revocation: List.endsSingleTokens ? .immediate : .atExpiry, stores: List.stores,
            credential: .signed, keepsSessions: false, endsAllAtOnce: true, isOnCard: false,
            exemptions: StrategyDescriptor.singleKeyExemptions)
    }

    /// The keys of the run, its environment and what the clients of the list share.
    public struct Shared: Sendable {
        let keys: Algorithm.Keys
        let foreignKeys: Algorithm.Keys
        let environment: Environment
        let common: List.Common
    }

    public static func prepare(in environment: Environment) throws -> Shared {
        Shared(
            keys: try Algorithm.makeKeys(environment.policy.parameters),
            foreignKeys: try Algorithm.makeKeys(environment.policy.parameters), environment: environment,
            common: try List.prepare(in: environment))
    }

    /// What the list knows ends at once.
    ///
    /// A permission that is given back later does not come back to an old token.
    public static func longestExposure_ms(ofLoginAfter revocation: Revocation, under policy: Policy) -> Int64
    {
        switch revocation {
        case .logout: List.endsSingleTokens ? 0 : policy.lifetimes.absolute_ms
        case .permissionChange: policy.lifetimes.absolute_ms
        }
    }

    private let lifetimes: Lifetimes
    public let verificationKey: [UInt8]
    private var authority: TokenAuthority<Algorithm>
    private var list: List

    public init(sharing shared: Shared) throws {
        let policy = shared.environment.policy
        lifetimes = policy.lifetimes
        verificationKey = Algorithm.publicKey(of: shared.keys)
        // Both first: a noncopyable value cannot be left half made.
        let authority = try TokenAuthority<Algorithm>(
            policy: policy, lifetime_ms: lifetimes.token_ms, keys: shared.keys,
            foreignKeys: shared.foreignKeys)
        let list = try List(in: shared.environment, sharing: shared.common)
        self.authority = authority
        self.list = list
    }

    public mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        let (credential, entry) = try issue(
            to: subject, at: now, generation: try list.generation(of: subject), authenticatedAt: now,
            lifetime_ms: lifetimes.token_ms)
        try list.admit([entry], at: now)
        return credential
    }

    public mutating func load(_ logins: [Login]) throws -> [Credential] {
        var credentials: [Credential] = []
        var entries: [TokenEntry] = []
        credentials.reserveCapacity(logins.count)
        let generations = try list.generations(of: logins.map(\.subject))
        for (login, generation) in zip(logins, generations) {
            let (credential, entry) = try issue(
                to: login.subject, at: login.instant, generation: generation, authenticatedAt: login.instant,
                lifetime_ms: lifetimes.token_ms)
            credentials.append(credential)
            entries.append(entry)
        }
        if let first = logins.first { try list.admit(entries, at: first.instant) }
        return credentials
    }

    private mutating func issue(
        to subject: Subject, at now: Instant, generation: Int64, authenticatedAt: Instant, lifetime_ms: Int64
    ) throws -> (Credential, TokenEntry) {
        let (line, entry) = try authority.issueRevocable(
            to: subject, at: now, generation: generation, authenticatedAt: authenticatedAt,
            lifetime_ms: lifetime_ms)
        return (Credential(headerLine: line), entry)
    }

    public mutating func authenticate(
        _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        let listed = authority.verifyListed(headerLine, requiring: scope, at: now)
        if let refusal = listed.refusal { return .refused(refusal) }
        guard let entry = listed.entry, try list.isGood(entry, at: now) else { return .refused(.unknown) }
        return .accepted(entry.subject)
    }

    /// Exchanges a token for a fresh one of the same sign-in; the old one dies in the same step.
    public mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        let listed = authority.verifyListed(credential.headerLine.span, requiring: .read, at: now)
        guard let entry = listed.entry else { return .refused(listed.refusal ?? .unknown) }
        guard try list.isGood(entry, at: now) else { return .refused(.unknown) }
        guard
            let lifetime_ms = authority.renewedLifetime_ms(
                entry.authenticatedAt, at: now, lifetimes.absolute_ms)
        else { return .refused(.expired) }
        // Of the same generation: where all of the user's tokens are revoked meanwhile, this one is too.
        let (fresh, successor) = try issue(
            to: entry.subject, at: now, generation: entry.generation, authenticatedAt: entry.authenticatedAt,
            lifetime_ms: lifetime_ms)
        return try list.replace(entry, by: successor, at: now) ? .renewed(fresh) : .refused(.unknown)
    }

    public mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        // What has expired, or was never issued, is dead already.
        let listed = authority.verifyListed(credential.headerLine.span, requiring: .read, at: now)
        if let entry = listed.entry { try list.revoke(entry, at: now) }
    }

    public mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        try list.revokeAll(of: subject, at: now)
    }

    /// Ends the user's tokens, which say themselves what they permit: whoever comes back gets others.
    public mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {
        try list.revokeAll(of: subject, at: now)
    }

    public var storeCommands: Int { list.commandsSent }

    public var storeRoundTrips: Int { list.roundTrips }

    public mutating func storeBytes() throws -> UInt64? { try list.usedBytes() }

    public mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { try authority.sign(octets) }

    public mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        try authority.issueFlawed(flaw, to: subject, at: now)
    }

    public mutating func sample(of profile: ClaimProfile, at now: Instant) throws -> Credential {
        // What it issues itself has a claim more than a plain token.
        guard profile != .rfc9068 else { return try login(.sample, at: now) }
        return Credential(headerLine: try authority.sample(of: profile, at: now))
    }
}

/// Which tokens are good although they have not expired, as one client asks it.
///
/// Every error it throws means that it could not do what it was asked.
public protocol RevocationList: ~Copyable, SendableMetatype {
    /// What all clients of a run have in common beside a server.
    associatedtype Common: Sendable = Void

    /// The identifier of the strategy with this list, as on the command line and in every CSV row.
    static var strategyID: String { get }
    /// What is asked, in words that follow the kind of token.
    static var title: String { get }
    /// What must be up before the strategy can be prepared.
    static var stores: Set<Store> { get }
    /// Whether a sign-out ends that one token; otherwise only all of a user can be ended at once.
    static var endsSingleTokens: Bool { get }

    static func prepare(in environment: Environment) throws -> Common

    /// Opens a client's own connection.
    init(in environment: Environment, sharing common: Common) throws

    /// How often all tokens of a user have been revoked: what a token issued now says in its claim `gen`.
    mutating func generation(of subject: Subject) throws -> Int64

    /// The same of many, before the clock starts.
    mutating func generations(of subjects: [Subject]) throws -> [Int64]

    /// Hears of tokens that have been issued.
    mutating func admit(_ entries: [TokenEntry], at now: Instant) throws

    mutating func isGood(_ entry: TokenEntry, at now: Instant) throws -> Bool

    /// Ends a token and hears of the one that takes its place.
    ///
    /// - Returns: whether nobody else has ended or replaced it before.
    mutating func replace(_ old: TokenEntry, by new: TokenEntry, at now: Instant) throws -> Bool

    mutating func revoke(_ entry: TokenEntry, at now: Instant) throws

    mutating func revokeAll(of subject: Subject, at now: Instant) throws

    var commandsSent: Int { get }
    /// How often a server was waited for so far.
    var roundTrips: Int { get }
    mutating func usedBytes() throws -> UInt64?
}

extension RevocationList where Self: ~Copyable {
    public static var endsSingleTokens: Bool { true }

    public mutating func generation(of subject: Subject) throws -> Int64 { 0 }

    public mutating func generations(of subjects: [Subject]) throws -> [Int64] {
        try subjects.map { try generation(of: $0) }
    }

    public mutating func admit(_ entries: [TokenEntry], at now: Instant) throws {}
}

extension RevocationList where Self: ~Copyable, Common == Void {
    public static func prepare(in environment: Environment) throws {}
}

/// What a list knows a token by.
public struct TokenEntry: Sendable {
    public var name: TokenName
    public var subject: Subject
    public var generation: Int64
    public var authenticatedAt: Instant
    public var expiry: Instant
}

/// A token's `jti` as 32 bytes: itself and its length, or its SHA-256 where it is longer.
///
/// The issuer is not in it, since tokens of one issuer alone get as far as a list.
public struct TokenName: Sendable, Hashable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    init(_ tokenID: Span<UInt8>) {
        var bytes = Digest(repeating: 0)
        if tokenID.count < bytes.count {
            for index in tokenID.indices { bytes[index] = tokenID[index] }
            bytes[bytes.count - 1] = UInt8(tokenID.count)
        } else {
            var hasher = SHA256()
            bytes = hasher.digest(tokenID)
            // No length, so that it is no other token's.
            bytes[bytes.count - 1] |= 0x80
        }
        let span = bytes.span
        words = (
            span.littleEndian(at: 0), span.littleEndian(at: 8), span.littleEndian(at: 16),
            span.littleEndian(at: 24)
        )
    }

    /// As a store has it.
    var bytes: Digest {
        var bytes = Digest(repeating: 0)
        for (place, word) in [words.0, words.1, words.2, words.3].enumerated() {
            for index in 0..<8 {
                bytes[8 * place + index] = UInt8(truncatingIfNeeded: word >> UInt64(8 * index))
            }
        }
        return bytes
    }

    public static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    public func hash(into hasher: inout Hasher) {
        // Random in its first bytes, as every jti of ours is.
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}
