import AuthCore

/// The claims reader alone, on payloads of tokens as the JWT strategies issue them, so that its cost can be counted.
package struct ClaimsReading {
    private let rules: ClaimRules
    private let payloads: [[UInt8]]
    private let now: Instant

    /// Issues tokens, one for each subject from 1 on, and keeps their payloads.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - policy: what the tokens say and what is asked of them.
    ///   - now: when they are issued and read.
    /// - Throws: what OpenSSL reports.
    package init(count: Int, policy: Policy, at now: Instant) throws {
        let lifetime_ms = policy.lifetimes.token_ms
        var desk = try HS256Keys().desk(policy: policy, lifetime_ms: lifetime_ms)
        payloads = try (0..<count).map { index in
            let line = try desk.issue(to: Subject(id: UInt64(index) + 1), at: now)
            guard let parts = BearerHeader.split(line.span) else { return [] }
            return Base64URL.decode(line.span.extracting(parts.payload)) ?? []
        }
        rules = ClaimRules(policy, lifetime_ms: lifetime_ms)
        self.now = now
    }

    /// Reads one payload whole.
    ///
    /// - Returns: whether it says what it was issued with, and is good.
    package func isRead(_ index: Int) -> Bool {
        let payload = payloads[index]
        do {
            let claims = try AccessTokenClaims(payload.span, rules: rules, requiring: .read)
            return claims.refusal(at: now, rules: rules) == nil
                && claims.subject == Subject(id: UInt64(index) + 1)
        } catch { return false }
    }
}
