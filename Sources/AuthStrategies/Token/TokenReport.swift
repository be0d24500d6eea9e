import AuthCore

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

    init<Verifier: TokenVerifier & ~Copyable>(
        _ outcome: AccessTokenVerifier<Verifier>.Outcome, by diagnosis: borrowing TokenDiagnosis
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
