/// The checklist: what a strategy that a security engineer would sign must do.
public struct Requirement: Sendable {
    public var id: String
    public var title: String

    init(_ id: String, _ title: String) {
        self.id = id
        self.title = title
    }

    /// Signed tokens: RFC 7515, 7519, 8725, 9068, 6750.
    public static let tokens = [
        Self("JWT-01", "exactly three parts of base64url, all else refused before decoding"),
        Self("JWT-02", "no padding, white space or trailing bits in base64url"),
        Self("JWT-03", "size limits before decoding"),
        Self("JWT-04", "however many dots arrive, no work for them"),
        Self("JWT-05", "header and payload are UTF-8 JSON objects"),
        Self("JWT-06", "duplicate member names refused, escapes undone first"),
        Self("JWT-07", "limits of JSON depth and members"),
        Self("JWT-08", "the algorithm is the configured one, to the letter"),
        Self("JWT-09", "none, absent and non-string algorithms refused"),
        Self("JWT-10", "one key, one algorithm: no confusion of public keys and secrets"),
        Self("JWT-11", "unknown key identifiers refused"),
        Self("JWT-12", "type and text of kid checked"),
        Self("JWT-13", "keys named by the header never used"),
        Self("JWT-14", "critical extensions refused"),
        Self("JWT-15", "the type is that of an access token"),
        Self("JWT-16", "signed are the octets received"),
        Self("JWT-17", "the whole signature counts"),
        Self("JWT-18", "weak HMAC keys refused at configuration"),
        Self("JWT-19", "RSA signatures have the modulus's length, padding exact"),
        Self("JWT-20", "ES256 signatures raw and in range"),
        Self("JWT-21", "key use respected"),
        Self("JWT-22", "ambiguous key sets refused"),
        Self("JWT-23", "claims decide nothing before the signature"),
        Self("JWT-24", "exp required, finite, and over at equality"),
        Self("JWT-25", "exp no further than the longest lifetime after iat"),
        Self("JWT-26", "nbf honoured, iat not in the future"),
        Self("JWT-27", "dates are numbers, fractions allowed"),
        Self("JWT-28", "our audience, exactly"),
        Self("JWT-29", "our issuer, exactly"),
        Self("JWT-30", "the claims of RFC 9068 present"),
        Self("JWT-31", "refresh and ID tokens are no access tokens"),
        Self("JWT-32", "JSON serialisation, detached, encrypted and nested tokens refused"),
        Self("JWT-33", "one public error for all"),
        Self("JWT-34", "keys rotate without a restart"),
        Self("JWT-35", "bearer transport: the header line only, scheme without case"),
        Self("JWT-36", "auth_time is that of the sign-in, whatever was renewed since"),
    ]

    /// Sessions in a store: OWASP ASVS 5.0, RFC 6265bis, NIST SP 800-63B.
    public static let sessions = [
        Self("SES-01", "identifiers of at least 128 random bits"),
        Self("SES-02", "identifiers minted by the server only, none adopted"),
        Self("SES-03", "a new identifier at login and renewal, the old one dead"),
        Self("SES-04", "the store holds nothing that could be presented"),
        Self("SES-05", "idle timeout without a sweep"),
        Self("SES-06", "absolute timeout, however often it is touched"),
        Self("SES-07", "the cookie's own expiry is not relied on"),
        Self("SES-08", "after logout refused on every connection"),
        Self("SES-09", "logout everywhere, and everywhere else"),
        Self("SES-10", "the sessions of a user can be listed"),
        Self("SES-11", "a touch never brings a deleted session back"),
        Self("SES-12", "concurrent updates lose nothing"),
        Self("SES-13", "space of ended sessions is given back"),
        Self("SES-14", "the cookie is __Host-, Secure, HttpOnly, SameSite, Path=/"),
        Self("SES-15", "name and value within 4096 bytes"),
        Self("SES-16", "malformed identifiers refused without a store command"),
        Self("SES-17", "a store that is down is an error, never a decision"),
        Self("SES-18", "a clock that steps does not extend a session"),
        Self("SES-19", "two cookies of the name refused"),
        Self("SES-20", "logout with the identifier from before a renewal ends the renewed session"),
        Self("SES-21", "a lost index hides no session from logout everywhere"),
    ]

    /// Refresh tokens and revocation: RFC 9700, 7009, OWASP ASVS 5.0.
    public static let refresh = [
        Self("REF-01", "refresh tokens rotate"),
        Self("REF-02", "the old token is unusable after the grace"),
        Self("REF-03", "reuse of a retired token revokes the family"),
        Self("REF-04", "concurrent refreshes leave one live branch"),
        Self("REF-05", "a lost answer can be asked for again within the grace"),
        Self("REF-06", "only the generation before the newest has a grace"),
        Self("REF-07", "absolute lifetime of the family"),
        Self("REF-08", "idle expiry"),
        Self("REF-09", "bound to the client, scope not widened"),
        Self("REF-10", "the store holds a hash only"),
        Self("REF-11", "a crash in a rotation leaves one usable token"),
        Self("REF-12", "refresh and access tokens are not taken for each other"),
        Self("REF-13", "logout revokes the family"),
        Self("REF-14", "the rate of refreshes is limited"),
        Self("REF-15", "a clock that is behind or ahead within the grace is no reuse"),
    ]

    public static let revocation = [
        Self("REV-01", "denylist entries live as long as the token"),
        Self("REV-02", "denylist keyed by issuer and jti"),
        Self("REV-03", "an unreachable denylist does what is configured"),
        Self("REV-04", "tokens from before a user's epoch refused"),
        Self("RVK-01", "revoking an unknown credential succeeds"),
    ]

    public static let all = tokens + sessions + refresh + revocation
}
