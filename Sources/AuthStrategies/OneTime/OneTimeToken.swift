import AuthCore
import Backends

/// An opaque token for one use, as in a link by mail: whoever presents it takes it out of the store, and only the first finds it.
public struct OneTimeToken<Store: OneTimeStore & ~Copyable>: AuthStrategy, ~Copyable {
    public static var descriptor: StrategyDescriptor {
        StrategyDescriptor(
            id: RedisUsedList.strategyID,
            title: "opaque bearer token for one use, taken out of \(Store.title)",
            transport: .bearer, revocation: .immediate, stores: Store.stores, credential: .random,
            keepsSessions: false, endsAllAtOnce: true, isOnCard: false, parameters: OneTimeVariant.parameters)
    }

    public static func upkeep(under policy: Policy) -> CredentialUpkeep { .signInForEachRequest }

    public static func lifetime(under policy: Policy) -> CredentialLifetime {
        CredentialLifetime(policy.lifetimes.token_ms)
    }

    /// A permission that is given back does not come back to a token that it has ended.
    public static func longestExposure_ms(ofLoginAfter revocation: Revocation, under policy: Policy) -> Int64
    {
        revocation == .logout ? 0 : policy.lifetimes.absolute_ms
    }

    public static func prepare(in environment: Environment) throws -> Environment {
        try Store.prepare(in: environment)
        return environment
    }

    private let policy: Policy
    private var hasher: SHA256
    private var store: Store

    public init(sharing environment: Environment) throws {
        // Both first: a noncopyable value cannot be left half made.
        let hasher = SHA256()
        let store = try Store(environment)
        policy = environment.policy
        self.hasher = hasher
        self.store = store
    }

    public mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try load([Login(subject, at: now)])[0]
    }

    public mutating func load(_ logins: [Login]) throws -> [Credential] {
        let scope = Array(policy.grantedScope.utf8)
        var tickets: [(id: Digest, ticket: OneTimeTicket)] = []
        let credentials = try logins.map { login -> Credential in
            let token = try SessionToken.mint()
            let expiry = login.instant.advanced(byMilliseconds: policy.lifetimes.token_ms)
            let ticket = OneTimeTicket(subject: login.subject, expiry: expiry, scope: scope)
            tickets.append((hasher.digest(token.span), ticket))
            return OpaqueBearer.credential(token)
        }
        try store.put(tickets)
        return credentials
    }

    /// A token that is presented where it permits nothing is used up as well: nobody looks at it before it is taken.
    public mutating func authenticate(
        _ line: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        guard let token = OpaqueBearer.find(in: line) else { return .refused(.malformed) }
        guard let ticket = try store.take(hasher.digest(line.extracting(token))) else {
            return .refused(.unknown)
        }
        guard now < ticket.expiry else { return .refused(.expired) }
        guard scope.isGranted(by: ticket.scope.span) else { return .refused(.insufficientScope) }
        return .accepted(ticket.subject)
    }

    /// Exchanges a token that nobody has used for another one.
    public mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        let line = credential.headerLine
        switch try authenticate(line.span, requiring: .read, at: now) {
        case .refused(let reason): return .refused(reason)
        case .accepted(let subject): return .renewed(try login(subject, at: now))
        }
    }

    public mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        let line = credential.headerLine
        guard let token = OpaqueBearer.find(in: line.span) else { return }
        _ = try store.take(hasher.digest(line.span.extracting(token)))
    }

    public mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        try store.removeAll(of: subject, at: now)
    }

    /// Ends the user's tokens: whoever comes back gets others.
    public mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {
        try store.removeAll(of: subject, at: now)
    }

    /// One that was never stored: that is what another service's token is to this server.
    public mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        OpaqueBearer.credential(try SessionToken.mint())
    }

    public var storeCommands: Int { store.commandsSent }
    public var storeRoundTrips: Int { store.roundTrips }
    public mutating func storeBytes() throws -> UInt64? { try store.usedBytes() }
}

/// What a token for one use stands for.
public struct OneTimeTicket: Sendable, Equatable {
    public var subject: Subject
    public var expiry: Instant
    /// Space-delimited (RFC 6749 section 3.3).
    public var scope: [UInt8]
}

/// Where tokens for one use wait, under the SHA-256 of each; one value for each client.
///
/// Every error it throws means that it could not do what it was asked.
public protocol OneTimeStore: ~Copyable, SendableMetatype {
    /// The store in words.
    static var title: String { get }
    static var stores: Set<Store> { get }

    static func prepare(in environment: Environment) throws

    init(_ environment: Environment) throws

    mutating func put(_ tickets: [(id: Digest, ticket: OneTimeTicket)]) throws

    /// Takes a ticket out in one step, so that nobody else finds it; `nil` where there is none.
    mutating func take(_ id: Digest) throws -> OneTimeTicket?

    mutating func removeAll(of subject: Subject, at now: Instant) throws

    var commandsSent: Int { get }
    var roundTrips: Int { get }
    mutating func usedBytes() throws -> UInt64?
}

/// What `one-time` may set.
enum OneTimeVariant {
    static let parameters = [
        StrategyParameter(
            "form", .choice(["jwt", "opaque"]), standard: "jwt",
            "a signed token and a list of those used, or a random one that is taken out of a store"),
        StrategyParameter(
            "store", .choice(["redis", "postgres", "sqlite"]), standard: "redis", "where opaque tokens wait",
            needs: "form=opaque"),
    ]

    /// The type with opaque tokens; `nil` for signed ones.
    static func opaque(_ parameters: StrategyParameters) -> (any (AuthStrategy & ~Copyable).Type)? {
        guard parameters["form"] == "opaque" else { return nil }
        return switch parameters["store"] {
        case "postgres": OneTimeToken<PostgreSQLOneTimeStore>.self
        case "sqlite": OneTimeToken<SQLiteOneTimeStore>.self
        default: OneTimeToken<RedisOneTimeStore>.self
        }
    }
}
