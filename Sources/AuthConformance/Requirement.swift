import AuthCore

/// The checklist: what a strategy that a security engineer would sign must do.
///
/// A table without default branches: a requirement without a ground or a check does not compile.
public struct Requirement: Sendable {
    public var id: String
    public var title: String
    let ground: Ground
    let check: Check

    /// How a requirement is tried.
    enum Check: Sendable {
        case credential(CredentialCheck)
        case token(TokenCheck)
        case session(SessionCheck)
        case refresh(RefreshCheck)
        case revocation(RevocationCheck)
        case introspection(IntrospectionCheck)
        /// Not by this kit, and why not.
        case untried(String)
    }

    init(_ id: String, _ title: String, _ ground: Ground, _ check: Check) {
        self.id = id
        self.title = title
        self.ground = ground
        self.check = check
    }

    /// Any credential, of whatever kind: what every strategy promises.
    public static let credentials = [
        Self(
            "CRD-01", "good credentials accepted as their owner's, on every connection", .every,
            .credential(.good)),
        Self(
            "CRD-02", "a credential changed, cut, prolonged or misplaced is refused", .every,
            .credential(.bent)),
        Self(
            "CRD-03", "credentials that nobody issued, or for another service, refused", .every,
            .credential(.unknown)),
        Self(
            "CRD-04", "nothing accepted or renewed after its lifetime, all before", .every,
            .credential(.expiry)),
        Self("CRD-05", "after a logout nothing works longer than promised", .every, .credential(.exposure)),
        Self(
            "CRD-06", "a scope not granted is refused, one taken away as promised", .protecting,
            .credential(.permissions)),
        Self("CRD-07", "decisions come in time", .every, .credential(.pace)),
        Self("CRD-09", "a credential for one use is accepted once", .oneUse, .revocation(.oneUse)),
        Self(silence, "nothing is written to stdout", .every, .untried("only a process of its own shows it")),
    ]

    /// What only whoever starts a process for the trial can see.
    package static let silence = "CRD-08"

    /// Signed tokens: RFC 7515, 7519, 8725, 9068, 6750.
    public static let tokens = [
        Self(
            "JWT-01", "exactly three parts of base64url, all else refused before decoding", .signed,
            .token(.corpus)),
        Self("JWT-02", "no padding, white space or trailing bits in base64url", .signed, .token(.corpus)),
        Self("JWT-03", "size limits before decoding", .signed, .token(.corpus)),
        Self("JWT-04", "however many dots arrive, no work for them", .signed, .token(.corpus)),
        Self("JWT-05", "header and payload are UTF-8 JSON objects", .signed, .token(.corpus)),
        Self("JWT-06", "duplicate member names refused, escapes undone first", .signed, .token(.corpus)),
        Self("JWT-07", "limits of JSON depth and members", .signed, .token(.corpus)),
        Self("JWT-08", "the algorithm is the configured one, to the letter", .signed, .token(.corpus)),
        Self("JWT-09", "none, absent and non-string algorithms refused", .signed, .token(.corpus)),
        Self(
            "JWT-10", "one key, one algorithm: no confusion of public keys and secrets", .signed,
            .token(.corpus)),
        Self("JWT-11", "unknown key identifiers refused", .signed, .token(.corpus)),
        Self("JWT-12", "type and text of kid checked", .signed, .token(.corpus)),
        Self("JWT-13", "keys named by the header never used", .signed, .token(.corpus)),
        Self("JWT-14", "critical extensions refused", .signed, .token(.corpus)),
        Self("JWT-15", "the type is that of an access token", .signed, .token(.corpus)),
        Self("JWT-16", "signed are the octets received", .signed, .token(.corpus)),
        Self("JWT-17", "the whole signature counts", .signed, .token(.corpus)),
        Self(
            "JWT-18", "weak HMAC keys refused at configuration", .signed,
            .untried("no verb of AuthStrategy hands a strategy a key")),
        Self("JWT-19", "RSA signatures have the modulus's length, padding exact", .signed, .token(.corpus)),
        Self("JWT-20", "ES256 signatures raw and in range", .signed, .token(.corpus)),
        Self(
            "JWT-21", "key use respected", .signed, .untried("no verb of AuthStrategy hands a strategy a key")
        ),
        Self(
            "JWT-22", "ambiguous key sets refused", .signed,
            .untried("no verb of AuthStrategy hands a strategy a key")),
        Self("JWT-23", "claims decide nothing before the signature", .signed, .token(.corpus)),
        Self("JWT-24", "exp required, finite, and over at equality", .signed, .token(.corpus)),
        Self("JWT-25", "exp no further than the longest lifetime after iat", .signed, .token(.corpus)),
        Self("JWT-26", "nbf honoured, iat not in the future", .signed, .token(.corpus)),
        Self("JWT-27", "dates are numbers, fractions allowed", .signed, .token(.corpus)),
        Self("JWT-28", "our audience, exactly", .signed, .token(.corpus)),
        Self("JWT-29", "our issuer, exactly", .signed, .token(.corpus)),
        Self("JWT-30", "the claims of RFC 9068 present", .signed, .token(.corpus)),
        Self("JWT-31", "refresh and ID tokens are no access tokens", .signed, .token(.corpus)),
        Self(
            "JWT-32", "JSON serialisation, detached, encrypted and nested tokens refused", .signed,
            .token(.corpus)),
        Self(
            "JWT-33", "every refusal is a decision, which a server answers like all others", .signed,
            .token(.decisions)),
        Self(
            "JWT-34", "old keys verify until their last token expires, new ones at once", .signed,
            .token(.keyRotation)),
        Self(
            "JWT-35", "bearer transport: the header line only, scheme without case", .bearer,
            .token(.bearerLines)),
        Self(
            "JWT-36", "auth_time is that of the sign-in, whatever was renewed since", .signed,
            .token(.signInTime)),
        Self(
            "JWT-37", "every legal form accepted: spaces, white space, escaped claims", .bearer,
            .token(.legalForms)),
        Self(
            "JWT-38", "read without a key, a token shows claims, and nothing to present", .signed,
            .token(.readableClaims)),
        Self("JWT-39", "what a verifier holds makes no token", .signed, .token(.verifierPower)),
    ]

    /// Sessions in a store: OWASP ASVS 5.0, RFC 6265bis, NIST SP 800-63B.
    public static let sessions = [
        Self("SES-01", "identifiers of at least 128 random bits", .random, .session(.entropy)),
        Self("SES-02", "identifiers minted by the server only, none adopted", .random, .session(.fixation)),
        Self(
            "SES-03", "a new identifier at login and renewal, the old one dead", .random,
            .session(.freshIdentifiers)),
        Self("SES-04", "the store holds nothing that could be presented", .storedRandom, .session(.dump)),
        Self("SES-05", "idle timeout without a sweep", .sessions, .session(.idleTimeout)),
        Self(
            "SES-06", "absolute timeout, however often it is touched", .sessions, .session(.absoluteTimeout)),
        Self("SES-07", "the cookie's own expiry is not relied on", .sessions, .session(.idleTimeout)),
        Self("SES-08", "after logout refused on every connection", .revocable, .session(.logout)),
        Self("SES-09", "logout everywhere, and everywhere else", .revocable, .session(.logoutElsewhere)),
        Self("SES-10", "the sessions of a user can be listed", .sessions, .session(.listing)),
        Self("SES-11", "a touch never brings a deleted session back", .revocable, .session(.touchRace)),
        Self(
            "SES-12", "concurrent updates lose nothing", .sessions,
            .untried("no verb of AuthStrategy changes a session's attributes")),
        Self("SES-13", "space of ended sessions is given back", .sessions, .session(.reclaimedSpace)),
        Self(
            "SES-14", "the cookie is __Host-, Secure, HttpOnly, SameSite, Path=/", .cookie, .session(.cookie)),
        Self("SES-15", "name and value within 4096 bytes", .cookie, .session(.cookie)),
        Self(
            "SES-16", "malformed identifiers refused without a store command", .storedRandom,
            .session(.malformed)),
        Self(
            "SES-17", "a store that is down is an error, never a decision", .stored,
            .revocation(.storeAway)),
        Self("SES-18", "a clock that steps does not extend a session", .sessions, .session(.steppingClock)),
        Self("SES-19", "two cookies of the name refused", .cookie, .session(.twoCookies)),
        Self(
            "SES-20", "logout with the identifier from before a renewal ends the renewed session", .sessions,
            .session(.crossingLogout)),
        Self(
            "SES-21", "a lost index hides no session from logout everywhere", .evictableSessions,
            .session(.lostIndex)),
    ]

    /// Refresh tokens and revocation: RFC 9700, 7009, OWASP ASVS 5.0.
    public static let refresh = [
        Self("REF-01", "refresh tokens rotate", .refreshable, .refresh(.rotation)),
        Self("REF-02", "the old token is unusable after the grace", .refreshable, .refresh(.retiredToken)),
        Self("REF-03", "reuse of a retired token revokes the family", .refreshable, .refresh(.reuse)),
        Self("REF-04", "concurrent refreshes leave one live branch", .refreshable, .refresh(.concurrency)),
        Self(
            "REF-05", "a lost answer can be asked for again within the grace", .refreshable,
            .refresh(.lostAnswer)),
        Self(
            "REF-06", "only the generation before the newest has a grace", .refreshable,
            .refresh(.twoGenerations)),
        Self("REF-07", "absolute lifetime of the family", .refreshable, .refresh(.familyLifetime)),
        Self("REF-08", "idle expiry", .refreshable, .refresh(.idleness)),
        Self("REF-09", "bound to the client, scope not widened", .refreshable, .refresh(.scope)),
        Self("REF-10", "the store holds a hash only", .refreshable, .session(.dump)),
        Self(
            "REF-11", "a crash in a rotation leaves one usable token", .refreshable,
            .untried("it takes a crash within a transaction, which the kit does not cause")),
        Self(
            "REF-12", "refresh and access tokens are not taken for each other", .refreshable,
            .refresh(.mixUps)),
        Self("REF-13", "logout revokes the family", .refreshable, .refresh(.logout)),
        Self(
            "REF-14", "the rate of refreshes is limited", .refreshable,
            .untried("how many refreshes are too many is said nowhere")),
        Self(
            "REF-15", "a clock that is behind or ahead within the grace is no reuse", .refreshable,
            .refresh(.clocks)),
    ]

    public static let revocation = [
        Self(
            "REV-01", "a revoked token stays refused for as long as it would have lived", .revocableToken,
            .revocation(.lifetime)),
        Self("REV-02", "a list knows tokens by issuer and jti", .revocableToken, .revocation(.names)),
        Self(
            "REV-03", "an unreachable denylist does what is configured", .revocableToken,
            .revocation(.storeAway)),
        Self(
            "REV-04", "tokens from before a user's epoch refused, those after it not", .epoch,
            .revocation(.epoch)),
        Self("INT-01", "of an inactive token no more is said", .introspected, .introspection(.silence)),
        Self("INT-02", "callers authenticate, no copy outlives exp", .introspected, .introspection(.callers)),
        Self("RVK-01", "revoking an unknown credential succeeds", .protecting, .session(.idempotentLogout)),
    ]

    public static let all = credentials + tokens + sessions + refresh + revocation
}
