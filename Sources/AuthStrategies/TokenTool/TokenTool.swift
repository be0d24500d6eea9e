import AuthCore
import AuthText
import Backends

/// Makes and checks single access tokens as the strategies do, outside any run.
package struct TokenTool {
    private let policy: Policy
    private let keyID: String?
    /// How long a token lives, and the longest that one may live to be accepted.
    private let lifetime_ms: Int64
    private let now: Instant
    private let rules: TokenRules
    private let type: String

    /// What a token is made for.
    package enum Request {
        /// An access token of RFC 9068, for a subject below 2^48.
        case access(Subject)
        /// The same for whoever has this name.
        case named(String)
        /// What another issuer writes.
        case sample(ClaimProfile)
    }

    /// Takes what a token says, or must say; `keyID` stands above the `kid` of a key.
    ///
    /// - Parameters:
    ///   - policy: the issuer, the audience and what a made token permits.
    ///   - keyID: the `kid` of tokens; `nil` for that of the key, or else that of the strategies.
    ///   - lifetime_ms: how long a made token lives, and a checked one may live.
    ///   - now: the time to go by.
    ///   - rules: what else a checked token must be.
    ///   - type: the `typ` of a made token.
    /// - Throws: `TokenTextError` for a text that would have to be escaped in JSON.
    package init(
        policy: Policy, keyID: String?, lifetime_ms: Int64, now: Instant, rules: TokenRules = TokenRules(),
        type: String = "at+jwt"
    ) throws(TokenTextError) {
        try PlainText.check(policy.issuer, "issuer")
        try PlainText.check(policy.audience, "audience")
        if let keyID { try PlainText.check(keyID, "key identifier", upTo: PlainText.longestKeyID) }
        for scope in policy.grantedScope.split(separator: " ", omittingEmptySubsequences: false) {
            try PlainText.check(String(scope), "scope")
        }
        try PlainText.check(type, "type", upTo: 64)
        try rules.check()
        (self.policy, self.keyID, self.lifetime_ms, self.now) = (policy, keyID, lifetime_ms, now)
        (self.rules, self.type) = (rules, type)
    }

    /// Makes one compact JWT (RFC 7515 section 7.1).
    package func make(_ request: Request, with key: borrowing TokenKey) throws -> String {
        if case .named(let name) = request { try PlainText.check(name, "subject") }
        let keyID = keyID ?? key.keyID ?? strategyKeyID
        switch key.material {
        case .secret(let secret):
            return try sign(request, keyID, try secret.withBytes { bytes in try HS256(key: bytes) })
        case .pair(let pair):
            switch pair.privateKey {
            case .some(let half):
                return try half.withBytes { bytes in try sign(request, keyID, bytes, key.algorithm) }
            case nil: throw TokenKeyError.publicOnly
            }
        }
    }

    private func sign(
        _ request: Request, _ keyID: String, _ privateKey: Span<UInt8>, _ algorithm: AlgorithmName
    ) throws -> String {
        func signed<Scheme: SignatureScheme>(_: Scheme.Type) throws -> String {
            try sign(request, keyID, try PublicKeyAlgorithm<Scheme>(privateKey: privateKey))
        }
        guard let scheme = algorithm.scheme else { preconditionFailure("a secret has no halves") }
        return try signed(scheme)
    }

    private func sign<Algorithm: TokenAlgorithm & ~Copyable>(
        _ request: Request, _ keyID: String, _ signer: consuming Algorithm
    ) throws -> String {
        var issuer = AccessTokenIssuer(signer, keyID: keyID, policy: policy, type: type)
        let line =
            switch request {
            case .sample(let profile):
                if let text = ClaimProfileText(profile, algorithm: Algorithm.name, at: now) {
                    try issuer.sign(text)
                } else {
                    try issue(to: .sample, &issuer)
                }
            case .access(let subject): try issue(to: subject, &issuer)
            case .named(let name): try issuer.issue(toNamed: name, at: now, lifetime_ms: lifetime_ms)
            }
        return String(decoding: line.dropFirst(BearerHeader.prefix.count), as: UTF8.self)
    }

    private func issue<Algorithm: TokenAlgorithm & ~Copyable>(
        to subject: Subject, _ issuer: inout AccessTokenIssuer<Algorithm>
    ) throws -> [UInt8] {
        try issuer.issue(to: subject, at: now, authenticatedAt: now, lifetime_ms: lifetime_ms)
    }

    /// Decides on a token, or on a whole `Authorization` header line with it, by the key that its `kid` names.
    package func check(_ text: [UInt8], with keys: borrowing TokenKeys) throws -> TokenReport {
        let isLine = HeaderLine.valueStart(text.span, name: "authorization") != nil
        let line = isLine ? text : BearerHeader.prefix + text
        let header = TokenDiagnosis.header(of: line)
        let named = header?["kid"].map { String(decoding: $0.text ?? [], as: UTF8.self) }
        let key: TokenKey
        var isKeyKnown = true
        switch keys.choice(for: named) {
        case .key(let number): key = try keys.key(number)
        case .none(let fault):
            key = try keys.key()
            // What is wrong with the header as a whole, or with its algorithm, says more.
            guard header?["alg"]?.text == Array(key.algorithm.rawValue.utf8) else {
                isKeyKnown = false
                break
            }
            return TokenReport(malformed: fault)
        }
        switch key.material {
        case .secret(let secret):
            return try verify(
                line, key.keyID, isKeyKnown, try secret.withBytes { bytes in try HS256(key: bytes) })
        case .pair(let pair):
            return try verify(line, key.keyID, isKeyKnown, pair.publicKey, key.algorithm)
        }
    }

    private func verify(
        _ line: [UInt8], _ ownKeyID: String?, _ isKeyKnown: Bool, _ publicKey: [UInt8],
        _ algorithm: AlgorithmName
    ) throws -> TokenReport {
        func verified<Scheme: SignatureScheme>(_: Scheme.Type) throws -> TokenReport {
            try verify(line, ownKeyID, isKeyKnown, try PublicKeyAlgorithm<Scheme>(publicKey: publicKey))
        }
        guard let scheme = algorithm.scheme else { preconditionFailure("a secret has no halves") }
        return try verified(scheme)
    }

    private func verify<Algorithm: TokenAlgorithm & ~Copyable>(
        _ line: [UInt8], _ ownKeyID: String?, _ isKeyKnown: Bool, _ verifier: consuming Algorithm
    ) throws -> TokenReport {
        // The strategies' tokens have a name for every key; elsewhere a key without one is any token's.
        let keyID = keyID ?? ownKeyID ?? (rules.shape == .rfc9068 ? strategyKeyID : nil)
        let diagnosis = TokenDiagnosis(
            line: line, algorithm: Algorithm.name, keyID: isKeyKnown ? keyID : nil,
            signature_bytes: verifier.signature_bytes, policy: policy, rules: rules, lifetime_ms: lifetime_ms,
            now: now)
        if rules.areThoseOfStrategies, let keyID, let scope = rules.scope, diagnosis.header?["kid"] != nil {
            var verifier = AccessTokenVerifier(
                verifier, keyID: keyID, rules: ClaimRules(policy, lifetime_ms: lifetime_ms))
            switch verifier.verify(line.span, requiring: Scope(scope), at: now) {
            case .accepted: return TokenReport(nil, by: diagnosis)
            // The strategies know their own users only; whoever checks a token of another issuer has others.
            case .refused(.wrongClaims) where diagnosis.isStranger:
                return TokenReport(diagnosis.claimsRefusal, by: diagnosis)
            case .refused(let reason): return TokenReport(reason, by: diagnosis)
            }
        }
        guard diagnosis.formFault == nil, let parts = diagnosis.parts,
            let signature = Base64URL.decode(line.span.extracting(parts.signature))
        else { return TokenReport(.malformed, by: diagnosis) }
        guard verifier.isValid(signature, for: line.span.extracting(parts.signingInput)) else {
            return TokenReport(.badSignature, by: diagnosis)
        }
        return TokenReport(diagnosis.claimsRefusal, by: diagnosis)
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

    init(_ refusal: Refusal?, by diagnosis: TokenDiagnosis) {
        self.refusal = refusal
        detail = refusal.flatMap { diagnosis.detail(of: $0) }
        subject = refusal == nil ? diagnosis.subject : nil
        claims = refusal?.isSigned ?? true ? diagnosis.claims : nil
    }

    init(malformed detail: String) {
        (refusal, self.detail, subject, claims) = (.malformed, detail, nil, nil)
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
