import AuthCore
import Backends

/// Makes and checks single access tokens as the strategies do, outside any run.
package struct TokenTool {
    private let policy: Policy
    private let keyID: String
    /// How long a token lives, and the longest that one may live to be accepted.
    private let lifetime_ms: Int64
    private let now: Instant

    /// What a token is made for.
    package enum Request {
        /// An access token of RFC 9068, for a subject below 2^48.
        case access(Subject)
        /// What another issuer writes.
        case sample(ClaimProfile)
    }

    /// Takes what a token says, or must say; a key without a `kid` goes by that of the strategies.
    ///
    /// - Throws: `TokenTextError` for a text that would have to be escaped in JSON.
    package init(policy: Policy, keyID: String?, lifetime_ms: Int64, now: Instant) throws(TokenTextError) {
        let keyID = keyID ?? strategyKeyID
        try PlainText.check(policy.issuer, "issuer")
        try PlainText.check(policy.audience, "audience")
        try PlainText.check(keyID, "key identifier", upTo: PlainText.longestKeyID)
        for scope in policy.grantedScope.split(separator: " ", omittingEmptySubsequences: false) {
            try PlainText.check(String(scope), "scope")
        }
        (self.policy, self.keyID, self.lifetime_ms, self.now) = (policy, keyID, lifetime_ms, now)
    }

    /// Makes one compact JWT (RFC 7515 section 7.1).
    package func make(_ request: Request, with key: borrowing TokenKey) throws -> String {
        switch key.material {
        case .secret(let secret):
            return try sign(request, try secret.withBytes { bytes in try HS256(key: bytes) })
        case .pair(let pair):
            switch pair.privateKey {
            case .some(let half):
                return try half.withBytes { bytes in try sign(request, bytes, key.algorithm) }
            case nil: throw TokenKeyError.publicOnly
            }
        }
    }

    private func sign(
        _ request: Request, _ privateKey: Span<UInt8>, _ algorithm: AlgorithmName
    ) throws -> String {
        func signed<Scheme: SignatureScheme>(_: Scheme.Type) throws -> String {
            try sign(request, try PublicKeyAlgorithm<Scheme>(privateKey: privateKey))
        }
        guard let scheme = algorithm.scheme else { preconditionFailure("a secret has no halves") }
        return try signed(scheme)
    }

    /// Decides on a token, or on a whole `Authorization` header line with it.
    package func check(
        _ text: [UInt8], requiring scope: String, with key: borrowing TokenKey
    ) throws -> TokenReport {
        let scope = Scope(try PlainText.check(scope, "scope", upTo: 47))
        let isLine = HeaderLine.valueStart(text.span, name: "authorization") != nil
        let line = isLine ? text : BearerHeader.prefix + text
        switch key.material {
        case .secret(let secret):
            return try verify(line, scope, try secret.withBytes { bytes in try HS256(key: bytes) })
        case .pair(let pair): return try verify(line, scope, pair.publicKey, key.algorithm)
        }
    }

    private func verify(
        _ line: [UInt8], _ scope: Scope, _ publicKey: [UInt8], _ algorithm: AlgorithmName
    ) throws -> TokenReport {
        func verified<Scheme: SignatureScheme>(_: Scheme.Type) throws -> TokenReport {
            try verify(line, scope, try PublicKeyAlgorithm<Scheme>(publicKey: publicKey))
        }
        guard let scheme = algorithm.scheme else { preconditionFailure("a secret has no halves") }
        return try verified(scheme)
    }

    private func sign<Algorithm: TokenAlgorithm & ~Copyable>(
        _ request: Request, _ signer: consuming Algorithm
    ) throws -> String {
        var issuer = AccessTokenIssuer(signer, keyID: keyID, policy: policy)
        let line =
            switch request {
            case .sample(let profile):
                if let text = ClaimProfileText(profile, algorithm: Algorithm.name, at: now) {
                    try issuer.sign(text)
                } else {
                    try issue(to: .sample, &issuer)
                }
            case .access(let subject): try issue(to: subject, &issuer)
            }
        return String(decoding: line.dropFirst(BearerHeader.prefix.count), as: UTF8.self)
    }

    private func issue<Algorithm: TokenAlgorithm & ~Copyable>(
        to subject: Subject, _ issuer: inout AccessTokenIssuer<Algorithm>
    ) throws -> [UInt8] {
        try issuer.issue(to: subject, at: now, authenticatedAt: now, lifetime_ms: lifetime_ms)
    }

    private func verify<Algorithm: TokenAlgorithm & ~Copyable>(
        _ line: [UInt8], _ scope: Scope, _ verifier: consuming Algorithm
    ) throws -> TokenReport {
        let rules = ClaimRules(policy, lifetime_ms: lifetime_ms)
        let signature_bytes = verifier.signature_bytes
        var verifier = AccessTokenVerifier(verifier, keyID: keyID, rules: rules)
        let outcome = verifier.verify(line.span, requiring: scope, at: now)
        let diagnosis = TokenDiagnosis(
            line: line, algorithm: Algorithm.name, keyID: keyID, signature_bytes: signature_bytes,
            policy: policy, rules: rules, scope: scope, now: now)
        return TokenReport(outcome, by: diagnosis)
    }
}

/// A decision on a token, for whoever holds the key: with the reason and the claims.
package struct TokenReport {
    /// Why it is refused; `nil` for a good one.
    package let refusal: Refusal?
    /// Which header or claim is to blame, where that is the reason.
    package let detail: String?
    /// Whose it is, as JSON: the number of a user of the strategies, or else the text of `sub`; `nil` when refused.
    package let subject: String?
    /// The claims as they stand in the token, strict JSON; `nil` unless the signature is good, because nobody
    /// should read what nobody has signed (RFC 8725 section 3.3).
    package let claims: String?

    init<Algorithm: TokenAlgorithm & ~Copyable>(
        _ outcome: AccessTokenVerifier<Algorithm>.Outcome, by diagnosis: borrowing TokenDiagnosis
    ) {
        switch outcome {
        case .accepted(let subject, _):
            (refusal, detail, self.subject, claims) = (nil, nil, "\(subject.id)", diagnosis.claims)
        case .refused(let reason):
            // The strategies know their own users only; whoever checks a token of another issuer has others.
            let stranger = reason == .wrongClaims ? diagnosis.strangerSubject : nil
            refusal = stranger == nil ? reason : diagnosis.refusalOfStranger
            subject = refusal == nil ? stranger : nil
            detail = refusal.flatMap { diagnosis.detail(of: $0) }
            claims = reason.isSigned ? diagnosis.claims : nil
        }
    }
}

extension Refusal {
    /// Whether the claims have been read, which is done only behind a good signature and in strict JSON.
    fileprivate var isSigned: Bool {
        switch self {
        case .expired, .wrongClaims, .insufficientScope: true
        case .malformed, .unknown, .badSignature, .reused: false
        }
    }
}

/// Texts that go into a token as they are given, without escaping.
enum PlainText {
    static let rule = "only printable ASCII without space, quote and backslash is taken"
    static let longestKeyID = 128

    /// Takes a name of 1 to so many of the characters of scope tokens (RFC 6749 section 3.3).
    ///
    /// None of them has to be escaped in JSON.
    static func name(_ bytes: some Collection<UInt8>, upTo longest: Int = 1024) -> String? {
        guard 1...longest ~= bytes.count, bytes.allSatisfy(isPlain) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes what a user has given as an issuer, audience, scope or key identifier.
    @discardableResult
    static func check(_ text: String, _ role: String, upTo longest: Int = 1024) throws(TokenTextError)
        -> String
    {
        guard let name = name(text.utf8, upTo: longest) else {
            throw TokenTextError(
                description: "the \(role) is empty, longer than \(longest) bytes or unfit: \(rule)")
        }
        return name
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        0x21...0x7E ~= byte && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}

/// A text that cannot stand in a token as it is.
package struct TokenTextError: Error, CustomStringConvertible {
    package var description: String
}
