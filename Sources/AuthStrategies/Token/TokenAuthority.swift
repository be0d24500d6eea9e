import AuthCore
import Backends

/// Issues and checks the access tokens of one key: what the JWT strategies and the hybrid have in common.
struct TokenAuthority<Algorithm: TokenAlgorithm & ~Copyable>: ~Copyable {
    private var issuer: AccessTokenIssuer<Algorithm>
    private var verifier: AccessTokenVerifier<Algorithm>
    /// The same key, but for another service.
    private var wrongAudience: AccessTokenIssuer<Algorithm>
    /// A key that nobody here knows, under the name of ours.
    private var foreign: AccessTokenIssuer<Algorithm>
    private let lifetime_ms: Int64

    /// Takes the keys of the run and others of the same kind; tokens that live longer than `lifetime_ms` are refused.
    init(
        policy: Policy, lifetime_ms: Int64, keys: Algorithm.Keys, foreignKeys: Algorithm.Keys,
        keyID: String = strategyKeyID
    ) throws {
        // All first: a noncopyable value cannot be left half made.
        let own = try Algorithm(signingWith: keys)
        let other = try Algorithm(signingWith: keys)
        let foreign = try Algorithm(signingWith: foreignKeys)
        let verifier = try Algorithm(verifyingWith: keys)
        issuer = AccessTokenIssuer(own, keyID: keyID, policy: policy)
        wrongAudience = AccessTokenIssuer(
            other, keyID: keyID, policy: policy, audience: "https://other.test")
        self.foreign = AccessTokenIssuer(foreign, keyID: keyID, policy: policy)
        self.verifier = AccessTokenVerifier(
            verifier, keyID: keyID, rules: ClaimRules(policy, lifetime_ms: lifetime_ms))
        self.lifetime_ms = lifetime_ms
    }

    mutating func issue(to subject: Subject, at now: Instant) throws -> [UInt8] {
        try issue(to: subject, at: now, authenticatedAt: now, lifetime_ms: lifetime_ms)
    }

    mutating func issue(
        to subject: Subject, at now: Instant, scope: [UInt8]? = nil, authenticatedAt: Instant,
        lifetime_ms: Int64
    ) throws -> [UInt8] {
        try issuer.issue(
            to: subject, at: now, scope: scope, authenticatedAt: authenticatedAt, lifetime_ms: lifetime_ms)
    }

    /// Issues a token that a list can revoke, with what the list knows it by.
    mutating func issueRevocable(
        to subject: Subject, at now: Instant, generation: Int64, authenticatedAt: Instant,
        lifetime_ms: Int64
    ) throws -> (line: [UInt8], entry: TokenEntry) {
        try issuer.issueRevocable(
            to: subject, at: now, generation: generation, authenticatedAt: authenticatedAt,
            lifetime_ms: lifetime_ms)
    }

    @inline(__always)
    mutating func verifyListed(
        _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) -> AccessTokenVerifier<Algorithm>.Listed {
        verifier.verifyListed(headerLine, requiring: scope, at: now)
    }

    /// Signs what a profile says, as a whole header line; where that is what is issued here, issues it.
    mutating func sample(of profile: ClaimProfile, at now: Instant) throws -> [UInt8] {
        guard let text = ClaimProfileText(profile, algorithm: Algorithm.name, at: now) else {
            return try issue(to: .sample, at: now)
        }
        return try issuer.sign(text)
    }

    mutating func authenticate(
        _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) -> Decision {
        switch verifier.verify(headerLine, requiring: scope, at: now) {
        case .accepted(let subject, _): .accepted(subject)
        case .refused(let reason): .refused(reason)
        }
    }

    /// Exchanges a token that is still good for a fresh one, until the sign-in itself is too old.
    mutating func renew(
        _ credential: borrowing Credential, at now: Instant, absolute_ms: Int64
    ) throws -> Renewal {
        switch renewal(of: credential, at: now, absolute_ms: absolute_ms) {
        case .refused(let reason): return .refused(reason)
        case .granted(let subject, let authenticatedAt, let renewed_ms):
            return .renewed(
                Credential(
                    headerLine: try issue(
                        to: subject, at: now, authenticatedAt: authenticatedAt, lifetime_ms: renewed_ms)))
        }
    }

    /// What a token may be exchanged for.
    enum Entitlement {
        case granted(Subject, authenticatedAt: Instant, lifetime_ms: Int64)
        case refused(Refusal)
    }

    /// Decides on an exchange, whichever key is to sign what comes of it.
    mutating func renewal(
        of credential: borrowing Credential, at now: Instant, absolute_ms: Int64
    ) -> Entitlement {
        switch verifier.verify(credential.headerLine.span, requiring: .read, at: now) {
        case .refused(let reason): return .refused(reason)
        case .accepted(let subject, let authenticatedAt):
            guard let authenticatedAt else { return .refused(.wrongClaims) }
            guard let renewed_ms = renewedLifetime_ms(authenticatedAt, at: now, absolute_ms) else {
                return .refused(.expired)
            }
            return .granted(subject, authenticatedAt: authenticatedAt, lifetime_ms: renewed_ms)
        }
    }

    /// How long a token may live that takes the place of another; `nil` where the sign-in is too old.
    func renewedLifetime_ms(_ authenticatedAt: Instant, at now: Instant, _ absolute_ms: Int64) -> Int64? {
        let remaining_ms = authenticatedAt.advanced(byMilliseconds: absolute_ms).milliseconds(since: now)
        return remaining_ms >= 1000 ? min(lifetime_ms, remaining_ms) : nil
    }

    /// A signature with the key of the run.
    mutating func sign(_ octets: [UInt8]) throws -> [UInt8] { try issuer.sign(octets) }

    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential {
        switch flaw {
        case .wrongAudience:
            Credential(
                headerLine: try wrongAudience.issue(
                    to: subject, at: now, authenticatedAt: now, lifetime_ms: lifetime_ms))
        case .unknown:
            Credential(
                headerLine: try foreign.issue(
                    to: subject, at: now, authenticatedAt: now, lifetime_ms: lifetime_ms))
        }
    }
}

extension StrategyDescriptor {
    /// Why a part of the checklist asks nothing of tokens that are signed with one key of the run.
    static let singleKeyExemptions = [
        "JWT-18": "the strategy makes its key itself and takes none", "JWT-21": "one key of one use",
        "JWT-22": "one key, no key set",
        "JWT-34": "one key for a run",
    ]

    /// The same of those that nothing ends before their expiry.
    static let tokenExemptions = singleKeyExemptions.merging(
        (1...4).map { ("REV-0\($0)", "no denylist and no epoch: a token is good until it expires") }
    ) { $1 }
}

/// The `kid` of the one key that a run has.
let strategyKeyID = "2026-01"
