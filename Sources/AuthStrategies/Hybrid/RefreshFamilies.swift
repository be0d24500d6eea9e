import AuthCore
import AuthText
import Backends

/// Refresh tokens and their families: one family a sign-in, which names its newest generation and the hash of its token.
///
/// A family has one live branch at any moment: an exchange reads and writes it in one step that nobody else sees half
/// of (RFC 9700 section 4.14.2, OWASP ASVS 5.0 section 10.4.5). The rules are here, whatever the store.
struct RefreshFamilies<Store: RefreshStore & ~Copyable>: ~Copyable {
    private var rules: RefreshRules
    private var store: Store

    /// Opens a client's own connection; the key marks the tokens of this server.
    init(_ environment: Environment, key: SharedSecret) throws {
        let store = try Store(environment)
        rules = RefreshRules(environment.policy, key: key)
        self.store = store
    }

    /// Starts a family, and gives the text of its first token.
    mutating func create(for subject: Subject, at now: Instant) throws -> [UInt8] {
        let (family, text) = try rules.make(for: subject, at: now)
        try store.insert(family)
        return text
    }

    /// Starts many before the clock starts.
    mutating func createAll(_ logins: [Login]) throws -> [[UInt8]] {
        var (families, texts) = ([RefreshFamily](), [[UInt8]]())
        for login in logins {
            let (family, text) = try rules.make(for: login.subject, at: login.instant)
            families.append(family)
            texts.append(text)
        }
        try store.insertAll(families)
        return texts
    }

    /// Exchanges a token for its successor; a retired one takes its whole family with it.
    ///
    /// - Parameters:
    ///   - text: the token as received.
    ///   - now: the moment of the exchange.
    ///   - commit: called before the step is final, for tests of a crash there.
    /// - Returns: the successor, or why there is none.
    /// - Throws: what the store throws, `DamagedStoreError`, or what `commit` throws; nothing has happened then.
    mutating func exchange(
        _ text: Span<UInt8>, at now: Instant, beforeCommit commit: () throws -> Void = {}
    ) throws -> RefreshExchange {
        guard let (token, hash) = rules.read(text) else { return .refused(.unknown) }
        var exchange = RefreshExchange.refused(.unknown)
        try store.update(token.family) { family throws -> RefreshChange in
            let step = try rules.step(family, token, hash, at: now)
            try commit()
            exchange = step.exchange
            return step.change
        }
        return exchange
    }

    /// Ends the family of a token.
    mutating func revoke(_ text: Span<UInt8>) throws {
        if let (token, _) = rules.read(text) { try store.removeAll([token.family]) }
    }

    /// Ends many before the clock starts.
    mutating func revokeAll(_ texts: [[UInt8]]) throws {
        try store.removeAll(texts.compactMap { rules.read($0.span)?.token.family })
    }

    mutating func revokeAll(of subject: Subject) throws { try store.removeAll(of: subject) }

    /// Changes what the next access tokens of a user permit.
    mutating func changeGrant(of subject: Subject, to scope: [UInt8]) throws {
        try store.changeGrant(of: subject, to: scope)
    }

    var commandsSent: Int { store.commandsSent }
    var roundTrips: Int { store.roundTrips }
    mutating func usedBytes() throws -> UInt64? { try store.usedBytes() }
    mutating func sweep(at now: Instant) throws -> Int? { try store.sweep(at: now) }
}

/// What an exchange does, whatever the store.
private struct RefreshRules: ~Copyable {
    private let lifetimes: Lifetimes
    private let clientID: [UInt8]
    private let grantedScope: [UInt8]
    private var hasher = SHA256()
    private var mac: HMACSHA256

    init(_ policy: Policy, key: SharedSecret) {
        lifetimes = policy.lifetimes
        clientID = Array(policy.clientID.utf8)
        grantedScope = Array(policy.grantedScope.utf8)
        mac = key.withBytes { bytes in HMACSHA256(key: bytes) }
    }

    /// Reads a token that this server minted; `nil` for any other text.
    mutating func read(_ text: Span<UInt8>) -> (token: RefreshToken, hash: Digest)? {
        RefreshToken.read(text, &mac).map { ($0, hasher.digest(text)) }
    }

    mutating func make(
        for subject: Subject, at now: Instant
    ) throws -> (RefreshFamily, text: [UInt8]) {
        let token = RefreshToken(family: try SecureRandom.bytes(RefreshToken.family_bytes), generation: 0)
        let text = token.text(&mac)
        let absolute = now.advanced(byMilliseconds: lifetimes.absolute_ms)
        let idle = now.advanced(byMilliseconds: lifetimes.refreshIdle_ms)
        let family = RefreshFamily(
            id: token.family, subject: subject, clientID: clientID, scope: grantedScope, generation: 0,
            tokenHash: hasher.digest(text.span), authenticatedAt: now, rotatedAt: now,
            idleExpiry: min(absolute, idle), absoluteExpiry: absolute)
        return (family, text)
    }

    /// What an exchange does to a family, and what it answers.
    mutating func step(
        _ family: RefreshFamily?, _ token: RefreshToken, _ hash: Digest, at now: Instant
    ) throws -> (change: RefreshChange, exchange: RefreshExchange) {
        guard let family else { return (.none, .refused(.unknown)) }
        guard family.clientID == clientID else { return (.none, .refused(.wrongClaims)) }
        guard now < family.idleExpiry, now < family.absoluteExpiry else {
            return (.remove, .refused(.expired))
        }
        let otherScope = try otherScope(family.scope)
        let (next, isOver) = token.generation.addingReportingOverflow(1)
        if family.generation == token.generation {
            guard constantTimeEquals(family.tokenHash.span, hash.span) else {
                return (.none, .refused(.unknown))
            }
            guard !isOver else {
                throw DamagedStoreError(table: "refresh_families", "the last generation there is")
            }
            let text = RefreshToken(family: token.family, generation: next).text(&mac)
            return (
                .advance(advanced(family, to: next, text, at: now)),
                .rotated(
                    family.subject, scope: otherScope, authenticatedAt: family.authenticatedAt, text)
            )
        }
        // The answer with the newest token may have been lost: the one before it gets the same again for a moment.
        if !isOver, next == family.generation, isWithinGrace(family.rotatedAt, at: now) {
            let newest = RefreshToken(family: token.family, generation: family.generation)
            return (
                .none,
                .rotated(
                    family.subject, scope: otherScope, authenticatedAt: family.authenticatedAt,
                    newest.text(&mac))
            )
        }
        return (.remove, .refused(.reused))
    }

    private mutating func advanced(
        _ family: RefreshFamily, to generation: UInt32, _ text: [UInt8], at now: Instant
    ) -> RefreshFamily {
        var next = family
        next.generation = generation
        next.tokenHash = hasher.digest(text.span)
        // A clock that is a little behind takes nothing back; one that was set back begins anew.
        let isBehind = now < family.rotatedAt && isWithinGrace(family.rotatedAt, at: now)
        next.rotatedAt = isBehind ? family.rotatedAt : now
        let idle = now.advanced(byMilliseconds: lifetimes.refreshIdle_ms)
        next.idleExpiry = max(family.idleExpiry, min(family.absoluteExpiry, idle))
        return next
    }

    /// Whether a rotation was a moment ago, or will be in a moment: the clock of the server that rotated may be ahead
    /// of this one's by as much as the grace.
    private func isWithinGrace(_ rotatedAt: Instant, at now: Instant) -> Bool {
        let (age_ms, grace_ms) = (now.milliseconds(since: rotatedAt), lifetimes.refreshGrace_ms)
        return -grace_ms <= age_ms && age_ms < grace_ms
    }

    /// What the user has been granted, where that is not what everybody is.
    private func otherScope(_ scope: [UInt8]) throws -> [UInt8]? {
        guard scope != grantedScope else { return nil }
        // The characters of RFC 6749 section 3.3: none of them needs an escape in a token.
        guard scope.allSatisfy({ 0x20...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        else {
            throw DamagedStoreError(
                table: "refresh_families", "a scope with other characters than RFC 6749 has")
        }
        return scope
    }
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
