import AuthCore
import Backends

/// Decides on access tokens of one key; one per client.
///
/// The order is that of RFC 7515 section 5.2 and RFC 8725: form, header, signature over the received octets,
/// and only then the claims.
struct AccessTokenVerifier<Verifier: TokenVerifier & ~Copyable>: ~Copyable {
    private var verifier: Verifier
    private let header: TokenHeader
    private let rules: ClaimRules
    private var payload = [UInt8](repeating: 0, count: HeaderLine.longest_bytes)
    private var signature: [UInt8]

    init(_ verifier: consuming Verifier, keyID: String, rules: ClaimRules) {
        header = TokenHeader(algorithm: Verifier.algorithm, keyID: keyID)
        self.rules = rules
        signature = [UInt8](repeating: 0, count: verifier.signature_bytes)
        self.verifier = verifier
    }

    /// A token found good, or why it was refused.
    enum Outcome {
        case accepted(Subject, authenticatedAt: Instant?)
        case refused(Refusal)
    }

    mutating func verify(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) -> Outcome {
        guard let parts = BearerHeader.split(line), header.accepts(line.extracting(parts.header)),
            parts.signature.count == Base64URL.encodedCount(signature.count),
            Base64URLDecoding.decode(line.extracting(parts.signature), into: &signature) == signature.count
        else { return .refused(.malformed) }
        guard verifier.isValid(signature, for: line.extracting(parts.signingInput)) else {
            return .refused(.badSignature)
        }
        guard let count = Base64URLDecoding.decode(line.extracting(parts.payload), into: &payload) else {
            return .refused(.malformed)
        }
        do {
            let claims = try AccessTokenClaims(
                payload.span.extracting(first: count), rules: rules, requiring: scope)
            if let reason = claims.refusal(at: now, rules: rules) { return .refused(reason) }
            guard let subject = claims.subject else { return .refused(.wrongClaims) }
            return .accepted(subject, authenticatedAt: claims.authenticatedAt)
        } catch { return .refused(.malformed) }
    }
}
