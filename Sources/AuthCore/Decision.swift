/// The answer to one request.
///
/// A refused credential is a decision, never an error.
public enum Decision: Equatable, Sendable {
    case accepted(Subject)
    case refused(Refusal)
}

/// Why a credential was refused: for counters only.
///
/// A server answers all of them alike (RFC 6750 section 3.1).
public enum Refusal: UInt8, CaseIterable, Sendable {
    /// Not even the form of a credential.
    case malformed
    /// Well-formed, but never issued here or already revoked.
    case unknown
    case expired
    case badSignature
    /// Signed with a key of ours, but for another issuer, audience, type or moment.
    case wrongClaims
    case insufficientScope
    /// A refresh token that had been exchanged before (RFC 9700 section 4.14.2).
    case reused
}

/// The answer to a renewal.
public enum Renewal: Sendable {
    case renewed(Credential)
    case refused(Refusal)
}

/// A fault with which a strategy issues a credential on request, so that probes can present it.
public enum Flaw: Sendable, CaseIterable {
    /// Good in every respect, but made for another service.
    case wrongAudience
    /// Well-formed, but never issued by this server: a random identifier, or a signature by a foreign key.
    case unknown
}
