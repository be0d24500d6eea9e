import AuthCore
import Backends

/// A JWT that dies before its expiry, because a list is asked about it: signature first, so that a forged one costs no read.
///
/// The list says which tokens are dead or alive; form, signature and claims are the rules of `Token`.
package struct Revocable<Algorithm: TokenAlgorithm & ~Copyable, List: RevocationList & ~Copyable>:
    AuthStrategy,
    ~Copyable
{
    package static var descriptor: StrategyDescriptor { describe(StrategyParameters()) }

    package static func describe(_ parameters: StrategyParameters) -> StrategyDescriptor {
        var descriptor = StrategyDescriptor(
            id: List.strategyID, title: "\(Algorithm.name) JWT, \(List.title)", transport: .bearer,
            revocation: List.endsSingleTokens ? List.promise : .atExpiry, stores: List.stores,
            credential: .signed, keepsSessions: false, endsAllAtOnce: true, isOnCard: false,
            parameters: List.parameters,
            exemptions: StrategyDescriptor.singleKeyExemptions)
        descriptor.listsEnded = List.listsEnded
        return descriptor
    }

    package static func variant(with parameters: StrategyParameters) -> any (AuthStrategy & ~Copyable).Type {
        List.variant(with: parameters) ?? Self.self
    }

    /// The keys of the run, its environment and what the clients of the list share.
    package struct Shared: Sendable {
        let keys: Algorithm.Keys
        let foreignKeys: Algorithm.Keys
        let environment: Environment
        let common: List.Common
    }

    package static func prepare(in environment: Environment) throws -> Shared {
        Shared(
            keys: try Algorithm.makeKeys(environment.policy.parameters),
            foreignKeys: try Algorithm.makeKeys(environment.policy.parameters), environment: environment,
            common: try List.prepare(in: environment))
    }

    /// Changed permissions end all of a user's tokens, which every list knows how to do.
    package static func promise(after revocation: Revocation, under policy: Policy) -> RevocationPromise {
        switch revocation {
        case .logout where !List.endsSingleTokens: .atExpiry
        case .logout, .permissionChange: List.promise
        }
    }

    package static func upkeep(under policy: Policy) -> CredentialUpkeep {
        List.isForOneUse ? .signInForEachRequest : renewal(under: policy)
    }

    /// What the list knows ends at once.
    ///
    /// A permission that is given back later does not come back to an old token.
    package static func longestExposure_ms(ofLoginAfter revocation: Revocation, under policy: Policy) -> Int64
    {
        switch revocation {
        case .logout where List.endsSingleTokens: staleness_ms(after: .logout, under: policy)
        case .logout: policy.lifetimes.absolute_ms
        case .permissionChange: policy.lifetimes.absolute_ms
        }
    }

    private let lifetimes: Lifetimes
    private let acceptsOnFailure: Bool
    package let verificationKey: [UInt8]
    private var authority: TokenAuthority<Algorithm>
    private var list: List

    package init(sharing shared: Shared) throws {
        let policy = shared.environment.policy
        lifetimes = policy.lifetimes
        acceptsOnFailure = policy.parameters.acceptsOnFailure
        verificationKey = Algorithm.publicKey(of: shared.keys)
        // Both first: a noncopyable value cannot be left half made.
        let authority = try TokenAuthority<Algorithm>(
            policy: policy, lifetime_ms: lifetimes.token_ms, keys: shared.keys,
            foreignKeys: shared.foreignKeys)
        let list = try List(in: shared.environment, sharing: shared.common)
        self.authority = authority
        self.list = list
    }

    package mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        let (credential, entry) = try issue(
            to: subject, at: now, generation: try list.generation(of: subject), authenticatedAt: now,
            lifetime_ms: lifetimes.token_ms)
        try list.admit([entry], at: now)
        return credential
    }

    package mutating func load(_ logins: [Login]) throws -> [Credential] {
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

    @specialized(where Algorithm == HS256, List == PushedList<PushedDenylist>)
    @specialized(where Algorithm == HS256, List == PushedList<PushedEpoch>)
    @specialized(where Algorithm == HS256, List == RedisList<RedisDenylist>)
    package mutating func authenticate(
        _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        let listed = authority.verifyListed(headerLine, requiring: scope, at: now)
        if let refusal = listed.refusal { return .refused(refusal) }
        guard let entry = listed.entry, try isGood(entry, at: now) else { return .refused(.unknown) }
        return .accepted(entry.subject)
    }

    /// What the list says; where it cannot be asked, what the strategy is set to do.
    private mutating func isGood(_ entry: TokenEntry, at now: Instant) throws -> Bool {
        do { return try list.isGood(entry, at: now) } catch {
            guard acceptsOnFailure, isStoreOutage(error) else { throw error }
            return list.isGoodAsFarAsKnown(entry)
        }
    }

    /// Exchanges a token for a fresh one of the same sign-in; the old one dies in the same step.
    package mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
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

    package mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        // What has expired, or was never issued, is dead already.
        let listed = authority.verifyListed(credential.headerLine.span, requiring: .read, at: now)
        if let entry = listed.entry { try list.revoke(entry, at: now) }
    }

    package mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        try list.revokeAll(of: subject, at: now)
    }

    /// Ends the user's tokens, which say themselves what they permit: whoever comes back gets others.
    package mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {
        try list.revokeAll(of: subject, at: now)
    }

    package var storeCommands: Int { list.commandsSent }

    package var storeRoundTrips: Int { list.roundTrips }

    package mutating func storeBytes() throws -> UInt64? { try list.usedBytes() }

    package mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { try authority.sign(octets) }

    package mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        try authority.issueFlawed(flaw, to: subject, at: now)
    }

    package mutating func sample(of profile: ClaimProfile, at now: Instant) throws -> Credential {
        // What it issues itself has a claim more than a plain token.
        guard profile != .rfc9068 else { return try login(.sample, at: now) }
        return Credential(headerLine: try authority.sample(of: profile, at: now))
    }
}
