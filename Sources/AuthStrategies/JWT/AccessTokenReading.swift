import AuthCore

/// The parts of checking an access token that need no key, each alone, on tokens as the JWT strategies issue them.
package struct AccessTokenReading {
    private let rules: ClaimRules
    private let header = TokenHeader(algorithm: HS256.algorithm, keyID: TokenDesk<HS256, HS256>.keyID)
    /// One for each subject from 1 on.
    package let headerLines: [[UInt8]]
    package let payloads: [[UInt8]]
    private let now: Instant

    /// Issues tokens, one for each subject from 1 on.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - policy: what the tokens say and what is asked of them.
    ///   - now: when they are issued and read.
    /// - Throws: what OpenSSL reports.
    package init(count: Int, policy: Policy, at now: Instant) throws {
        let lifetime_ms = policy.lifetimes.token_ms
        var desk = try HS256Keys().desk(policy: policy, lifetime_ms: lifetime_ms)
        headerLines = try (0..<count).map { try desk.issue(to: Subject(id: UInt64($0) + 1), at: now) }
        payloads = headerLines.map { line in
            guard let parts = BearerHeader.split(line.span) else { return [] }
            return Base64URL.decode(line.span.extracting(parts.payload)) ?? []
        }
        rules = ClaimRules(policy, lifetime_ms: lifetime_ms)
        self.now = now
    }

    /// Splits one header line and checks the token's JOSE header.
    ///
    /// - Returns: whether it is that of a token of ours.
    package func isHeaderRead(_ line: Span<UInt8>) -> Bool {
        guard let parts = BearerHeader.split(line) else { return false }
        return header.accepts(line.extracting(parts.header))
    }

    /// Reads one payload whole.
    ///
    /// - Returns: whether it says what it was issued with, and is good.
    package func areClaimsRead(_ payload: Span<UInt8>, of subject: Subject) -> Bool {
        do {
            let claims = try AccessTokenClaims(payload, rules: rules, requiring: .read)
            return claims.refusal(at: now, rules: rules) == nil
                && claims.subject == subject
        } catch { return false }
    }
}
