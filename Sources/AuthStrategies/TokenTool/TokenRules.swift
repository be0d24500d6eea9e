/// What a token must be to be accepted, beside the issuer, the audience and the lifetime of a policy.
///
/// As they stand, they are the rules of the strategies: RFC 9068.
package struct TokenRules: Sendable {
    /// Which claims every token must have.
    package enum Shape: String, CaseIterable, Sendable {
        /// Those of RFC 9068 section 2.2: `iss`, `aud`, `sub`, `client_id`, `jti`, `exp` and `iat`.
        case rfc9068
        /// `iss`, `aud` and `exp`: RFC 7519 itself asks for none, and issuers agree on these.
        case jwt
    }

    package var shape = Shape.rfc9068
    package var types = TokenTypes.accessToken
    /// By how much the issuer's clock may differ; at most `longestLeeway_ms`.
    package var leeway_ms: Int64 = 0
    /// Whether `aud` must be there and name the audience.
    package var asksForAudience = true
    /// What the token must permit; `nil` where that is not asked.
    package var scope: String? = "read"
    /// Which claim says what a token permits: a text with spaces between, or with `Shape.jwt` also a list of texts.
    package var scopeClaim = "scope"
    package var required: [RequiredClaim] = []

    /// A minute (JWT-24): more would make a short lifetime a long one.
    package static let longestLeeway_ms: Int64 = 60_000

    package init() {}

    /// Whether the strategies' own verifier holds a token against the same rules.
    var areThoseOfStrategies: Bool {
        shape == .rfc9068 && types == .accessToken && leeway_ms == 0 && asksForAudience && scope != nil
            && scopeClaim == "scope" && required.isEmpty
    }

    func check() throws(TokenTextError) {
        if let scope { try PlainText.check(scope, "scope", upTo: areThoseOfStrategies ? 47 : 1024) }
        try PlainText.check(scopeClaim, "name of the claim with the scopes")
        for claim in required {
            try PlainText.check(claim.name, "name of a required claim")
            if let value = claim.value { try PlainText.check(value, "value of a required claim") }
        }
    }
}

/// A claim that a token must have, and what it must say.
package struct RequiredClaim: Sendable {
    let name: String
    /// `nil` where anything will do.
    let value: String?

    /// Takes `azp`, or `azp=demo-app`.
    package init(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        (name, value) = (parts[0], parts.count == 2 ? parts[1] : nil)
    }

    /// Whether a claim is the text, a list of texts that has it, or the number, `true` or `false` as it is written.
    func isMet(by claim: JSONObject.Value) -> Bool {
        guard let value = value.map({ Array($0.utf8) }) else { return true }
        if let text = claim.text { return text == value }
        return claim.texts?.contains(value) ?? (claim.json == value)
    }
}

/// What the `typ` of a token's header may be (RFC 7515 section 4.1.9), in whatever case.
package struct TokenTypes: Sendable, Equatable, CustomStringConvertible {
    /// In lower case and without `application/`.
    private let names: [String]
    private let allowsAny: Bool
    private let allowsAbsent: Bool
    package let description: String

    /// That of RFC 9068 section 4.
    package static let accessToken = Self(
        names: ["at+jwt"], allowsAny: false, allowsAbsent: false, description: "at+jwt")

    private init(names: [String], allowsAny: Bool, allowsAbsent: Bool, description: String) {
        (self.names, self.allowsAny, self.allowsAbsent) = (names, allowsAny, allowsAbsent)
        self.description = description
    }

    /// Takes types with commas between; `absent` allows a header without one, and `any` alone whatever there is.
    package init?(_ text: String) {
        let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard words.allSatisfy({ PlainText.name($0.utf8, upTo: 64) != nil }),
            words == ["any"] || !words.contains("any")
        else { return nil }
        self.init(
            names: words.filter { $0 != "absent" }.map(Self.plain), allowsAny: words == ["any"],
            allowsAbsent: words.contains("absent"), description: words.joined(separator: " or "))
    }

    func allow(_ type: JSONObject.Value?) -> Bool {
        guard let type else { return allowsAny || allowsAbsent }
        guard let text = type.text else { return false }
        return allowsAny || names.contains(Self.plain(String(decoding: text, as: UTF8.self)))
    }

    /// A media type in lower case, without what RFC 7515 section 4.1.9 lets anybody leave out.
    private static func plain(_ type: String) -> String {
        let folded = String(
            decoding: type.utf8.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 },
            as: UTF8.self)
        let rest = folded.dropFirst("application/".utf8.count)
        return folded.hasPrefix("application/") && !rest.contains("/") ? String(rest) : folded
    }
}
