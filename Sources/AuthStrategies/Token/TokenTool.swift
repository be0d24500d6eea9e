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
        case specimen(ClaimProfile)
    }

    /// Takes what a token says, or must say; a key without a `kid` goes by that of the strategies.
    ///
    /// - Throws: `TokenTextFault` for a text that would have to be escaped in JSON.
    package init(policy: Policy, keyID: String?, lifetime_ms: Int64, now: Instant) throws(TokenTextFault) {
        let keyID = keyID ?? TokenDesk<HS256, HS256>.keyID
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
        case .rsa(let rsa):
            switch rsa.privateKey {
            case .some(let half):
                return try sign(request, try half.withBytes { bytes in try RS256Signer(privateKey: bytes) })
            case nil: throw TokenKeyFault.publicOnly
            }
        }
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
        case .rsa(let rsa): return try verify(line, scope, try RS256Verifier(publicKey: rsa.publicKey))
        }
    }

    private func sign<Signer: TokenSigner & ~Copyable>(
        _ request: Request, _ signer: consuming Signer
    ) throws -> String {
        var issuer = AccessTokenIssuer(signer, keyID: keyID, policy: policy)
        let line =
            switch request {
            case .specimen(let profile):
                if let text = ClaimProfileText(profile, algorithm: Signer.algorithm, at: now) {
                    try issuer.sign(text)
                } else {
                    try issue(to: .specimen, &issuer)
                }
            case .access(let subject): try issue(to: subject, &issuer)
            }
        return String(decoding: line.dropFirst(BearerHeader.prefix.count), as: UTF8.self)
    }

    private func issue<Signer: TokenSigner & ~Copyable>(
        to subject: Subject, _ issuer: inout AccessTokenIssuer<Signer>
    ) throws -> [UInt8] {
        try issuer.issue(to: subject, at: now, authenticatedAt: now, lifetime_ms: lifetime_ms)
    }

    private func verify<Verifier: TokenVerifier & ~Copyable>(
        _ line: [UInt8], _ scope: Scope, _ verifier: consuming Verifier
    ) throws -> TokenReport {
        let rules = ClaimRules(policy, lifetime_ms: lifetime_ms)
        let signature_bytes = verifier.signature_bytes
        var verifier = AccessTokenVerifier(verifier, keyID: keyID, rules: rules)
        let outcome = verifier.verify(line.span, requiring: scope, at: now)
        let diagnosis = TokenDiagnosis(
            line: line, algorithm: Verifier.algorithm, keyID: keyID, signature_bytes: signature_bytes,
            policy: policy, rules: rules, scope: scope, now: now)
        return TokenReport(outcome, by: diagnosis)
    }
}
