import AuthCore
import AuthText
import Backends

/// An opaque bearer token, about which an authorization server is asked (RFC 7662).
///
/// Each client has one connection to the authority, which it keeps. Where a cache is set, it goes by what it was told for so
/// long, and never beyond the `exp` that it was told.
public struct Introspection: AuthStrategy, ~Copyable {
    public static var descriptor: StrategyDescriptor { describe(StrategyParameters()) }

    public static func describe(_ parameters: StrategyParameters) -> StrategyDescriptor {
        StrategyDescriptor(
            id: "introspection", title: "opaque bearer token, an authority asked over HTTP (RFC 7662)",
            transport: .bearer, revocation: SessionCache.isSet(parameters) ? .cached : .immediate,
            stores: AuthorityStore(parameters).stores, credential: .random, keepsSessions: true,
            endsAllAtOnce: true,
            isOnCard: false,
            parameters: [
                StrategyParameter(
                    "store", .choice(AuthorityStore.allCases.map(\.rawValue)),
                    standard: AuthorityStore.sqlite.rawValue, "where the authority keeps its sessions")
            ] + SessionCache.parameters(canTrack: false, hasNodes: false),
            exemptions: ["SES-12": "its sessions have no attributes that requests change"])
    }

    /// The lifetime of a session that nobody uses: asking about one prolongs it.
    public static func lifetime(under policy: Policy) -> CredentialLifetime {
        CredentialLifetime(policy.lifetimes.idle_ms)
    }

    public struct Shared: Sendable {
        let address: HTTPAddress
        let caller: AuthorityCaller
        let policy: Policy
    }

    /// Makes the realm of the run.
    public static func prepare(in environment: Environment) throws -> Shared {
        guard let settings = environment.authority else {
            throw AuthorityAnswerError("the run has no authority")
        }
        guard let address = HTTPAddress(url: settings.url), !address.path.isEmpty else {
            throw AuthorityAnswerError("the authority's address is not http://host:port/realm")
        }
        let shared = Shared(
            address: address, caller: .init(id: settings.clientID, secret: settings.clientSecret),
            policy: environment.policy)
        var client = try AuthorityClient(shared)
        RealmSettings.write(environment, to: &client.form)
        try client.command(.prepare)
        return shared
    }

    private let policy: Policy
    private var hasher: SHA256
    private var client: AuthorityClient
    private var answer = IntrospectionAnswer()
    private var cache: IntrospectionCache
    private let acceptsOnFailure: Bool
    public private(set) var touchFailures = 0

    public init(sharing shared: Shared) throws {
        // Both first: a noncopyable value cannot be left half made.
        let hasher = SHA256()
        let client = try AuthorityClient(shared)
        self.hasher = hasher
        self.client = client
        policy = shared.policy
        cache = IntrospectionCache(lifetime_ms: SessionCache.lifetime_ms(shared.policy.parameters))
        acceptsOnFailure = shared.policy.parameters.acceptsOnFailure
    }

    public mutating func authenticate(
        _ line: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        guard let token = OpaqueBearer.find(in: line) else { return .refused(.malformed) }
        guard cache.isOn else {
            let isActive = try introspect(line.extracting(token), at: now)
            return isActive ? answer.decision(requiring: scope) : .refused(.unknown)
        }
        let name = SessionName(hasher.digest(line.extracting(token)))
        if let copy = cache.fresh(name, at: now) { return copy.decision(requiring: scope) }
        do {
            guard try introspect(line.extracting(token), at: now) else {
                cache.forget(name)
                return .refused(.unknown)
            }
        } catch {
            guard acceptsOnFailure, isStoreOutage(error), let copy = cache.copy(name, at: now) else {
                throw error
            }
            return copy.decision(requiring: scope)
        }
        cache.keep(answer, as: name, at: now)
        return answer.decision(requiring: scope)
    }

    /// Asks about a token; what is said of an active one is in `answer` then.
    private mutating func introspect(_ token: Span<UInt8>, at now: Instant) throws -> Bool {
        client.form.begin()
        client.form.append("token", plain: token)
        client.form.append("authbench_now", now.milliseconds)
        let status = try client.send(.introspect, isRepeatable: true)
        guard status == 200 else { throw client.failure(status) }
        return try client.withAnswer { message throws in
            if message.withField("authbench-touch-failed", { _ in true }) ?? false { touchFailures += 1 }
            guard message.isOfType("application/json") else {
                throw AuthorityAnswerError("what it says about a token is not JSON")
            }
            return try message.withBody { (body) throws in try answer.read(body, at: now) }
        }
    }

    public mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        client.form.begin()
        client.form.append("sub", subject.id)
        client.form.append("authbench_now", now.milliseconds)
        try client.command(.login)
        return try client.issued()
    }

    public mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        let line = credential.headerLine.span
        guard let token = OpaqueBearer.find(in: line) else { return .refused(.malformed) }
        let old = SessionName(hasher.digest(line.extracting(token)))
        cache.forget(old)
        try fill(line.extracting(token), at: now)
        let status = try client.send(.renew, isRepeatable: false)
        if status == 400 { return .refused(.unknown) }
        guard status == 200 else { throw client.failure(status) }
        let fresh = try client.issued()
        if let token = OpaqueBearer.find(in: fresh.headerLine.span) {
            cache.note(old, becomes: SessionName(hasher.digest(fresh.headerLine.span.extracting(token))))
        }
        return .renewed(fresh)
    }

    private mutating func fill(_ token: Span<UInt8>, at now: Instant) throws {
        client.form.begin()
        client.form.append("token", plain: token)
        client.form.append("authbench_now", now.milliseconds)
    }

    public mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        let line = credential.headerLine.span
        guard let token = OpaqueBearer.find(in: line) else { return }
        cache.forget(SessionName(hasher.digest(line.extracting(token))))
        try fill(line.extracting(token), at: now)
        try client.command(.revoke, isRepeatable: true)
    }

    public mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        cache.forget(subject)
        client.form.begin()
        client.form.append("sub", subject.id)
        client.form.append("authbench_now", now.milliseconds)
        try client.command(.logoutEverywhere, isRepeatable: true)
    }

    public mutating func logoutOthers(_ credential: borrowing Credential, at now: Instant) throws -> Bool {
        let line = credential.headerLine.span
        guard let token = OpaqueBearer.find(in: line) else { return true }
        // Whose it is, only the authority knows.
        cache.forgetAll()
        try fill(line.extracting(token), at: now)
        try client.command(.logoutOthers, isRepeatable: true)
        return true
    }

    public mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]? {
        client.form.begin()
        client.form.append("sub", subject.id)
        client.form.append("authbench_now", now.milliseconds)
        try client.command(.sessions, isRepeatable: true)
        return try client.lines().map { line in
            let numbers = line.split(separator: " ").compactMap { Int64($0) }
            guard numbers.count == 3 else { throw AuthorityAnswerError("a session is listed as \(line)") }
            let instants = numbers.map { Instant(milliseconds: $0) }
            return SessionSummary(createdAt: instants[0], lastSeen: instants[1], expiry: instants[2])
        }
    }

    public mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {
        cache.forget(subject)
        client.form.begin()
        client.form.append("sub", subject.id)
        client.form.append("scope", scope)
        client.form.append("authbench_now", now.milliseconds)
        try client.command(.grant, isRepeatable: true)
    }

    /// How many sign-ins or sign-outs go in one request.
    private static let atOnce = 1000

    public mutating func load(_ logins: [Login]) throws -> [Credential] {
        var credentials: [Credential] = []
        credentials.reserveCapacity(logins.count)
        for start in stride(from: 0, to: logins.count, by: Self.atOnce) {
            let some = logins[start..<min(start + Self.atOnce, logins.count)]
            client.form.begin()
            client.form.append(
                "logins",
                some.map { "\($0.subject.id).\($0.instant.milliseconds)" }.joined(separator: "*"))
            try client.command(.load)
            let tokens = try client.lines()
            guard tokens.count == some.count else {
                throw AuthorityAnswerError("it made \(tokens.count) of \(some.count) sessions")
            }
            credentials += tokens.map { OpaqueBearer.credential(Array($0.utf8)) }
        }
        return credentials
    }

    public mutating func unload(_ credentials: [Credential], at now: Instant) throws {
        cache.forgetAll()
        let tokens = credentials.compactMap { credential in
            OpaqueBearer.find(in: credential.headerLine.span).map { credential.headerLine[$0] }
        }
        for start in stride(from: 0, to: tokens.count, by: Self.atOnce) {
            let some = tokens[start..<min(start + Self.atOnce, tokens.count)]
            client.form.begin()
            client.form.append("tokens", plain: Array(some.joined(separator: [UInt8(ascii: ".")])).span)
            client.form.append("authbench_now", now.milliseconds)
            try client.command(.unload, isRepeatable: true)
        }
    }

    /// Makes a token that the authority has never issued: that is what another service's is to it.
    public mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential
    {
        OpaqueBearer.credential(try SessionToken.mint())
    }

    public var storeCommands: Int { client.exchanges }

    public mutating func storeBytes() throws -> UInt64? {
        client.form.begin()
        try client.command(.size, isRepeatable: true)
        return try client.lines().first.flatMap { UInt64($0) }
    }

    public mutating func sweep(at now: Instant) throws -> Int? {
        client.form.begin()
        client.form.append("authbench_now", now.milliseconds)
        try client.command(.sweep, isRepeatable: true)
        return try client.lines().first.flatMap { Int($0) }
    }
}

/// An opaque token as a bearer token: 43 characters of base64url (RFC 6750 section 2.1).
enum OpaqueBearer {
    static func credential(_ token: [UInt8]) -> Credential {
        Credential(headerLine: BearerHeader.prefix + token)
    }

    /// Finds the token in a header line; `nil` for another field or scheme, or what cannot be a token of the authority's,
    /// about which nobody is asked.
    static func find(in line: Span<UInt8>) -> Range<Int>? {
        guard line.count <= HeaderLine.longest_bytes, let start = BearerHeader.tokenStart(line),
            start <= line.count, SessionToken.isToken(line.extracting(start..<line.count))
        else { return nil }
        return start..<line.count
    }
}
