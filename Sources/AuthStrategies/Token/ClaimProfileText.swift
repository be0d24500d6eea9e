import AuthCore

/// The header and the claims of a token as the issuers that a profile stands for write them.
///
/// Names and order are theirs; the values are invented and always of the same length, so that a profile has one
/// weight. None of these tokens is for us: other types, issuers and audiences.
struct ClaimProfileText {
    let header: String
    let claims: String

    private static let user = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
    private static let session = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"
    private static let token = "2c1d43b8-e6d7-4a3b-9f5e-0d8c7b6a5f41"
    /// A key identifier of 43 characters, a SHA-256 in base64url.
    private static let thumbprint = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    private static let lifetime_seconds: Int64 = 3600

    /// Writes the text of a profile; `nil` for RFC 9068, whose tokens the issuer makes itself.
    init?(_ profile: ClaimProfile, algorithm: String, at now: Instant) {
        let (issued, expiry) = (now.seconds, now.seconds + Self.lifetime_seconds)
        switch profile {
        case .rfc9068: return nil
        case .tiny, .article: header = #"{"alg":"\#(algorithm)","typ":"JWT"}"#
        case .supabase: header = #"{"alg":"\#(algorithm)","kid":"Hb1xQ7Vd0mZs4TfK","typ":"JWT"}"#
        case .cognito: header = #"{"kid":"\#(Self.thumbprint)=","alg":"\#(algorithm)"}"#
        case .keycloak, .roles4KiB, .roles9KiB:
            // The spaces are Keycloak's.
            header = #"{"alg":"\#(algorithm)","typ" : "JWT","kid" : "\#(Self.thumbprint)"}"#
        }
        claims =
            switch profile {
            case .tiny, .rfc9068: #"{"sub":"1234567890"}"#
            case .article: Self.article(issued, expiry)
            case .supabase: Self.supabase(issued, expiry)
            case .cognito: Self.cognito(issued, expiry)
            case .keycloak: Self.keycloak(issued, expiry)
            case .roles4KiB: Self.keycloak(issued, expiry, tenants: 112)
            case .roles9KiB: Self.keycloak(issued, expiry, tenants: 304)
            }
    }

    private static func article(_ issued: Int64, _ expiry: Int64) -> String {
        #"""
        {"iss":"https://id.example","sub":"1234567890","aud":"https://api.example","exp":\#(expiry),\#
        "iat":\#(issued),"name":"Alice","role":"admin"}
        """#
    }

    /// The claims of https://supabase.com/docs/guides/auth/jwt-fields.
    private static func supabase(_ issued: Int64, _ expiry: Int64) -> String {
        #"""
        {"iss":"https://abcdefghijklmnopqrst.example.com/auth/v1","sub":"\#(user)","aud":"authenticated",\#
        "exp":\#(expiry),"iat":\#(issued),"email":"anna@example.com","phone":"",\#
        "app_metadata":{"provider":"email","providers":["email"]},\#
        "user_metadata":{"email":"anna@example.com","email_verified":true,"phone_verified":false,\#
        "sub":"\#(user)"},"role":"authenticated","aal":"aal1",\#
        "amr":[{"method":"password","timestamp":\#(issued)}],"session_id":"\#(session)","is_anonymous":false}
        """#
    }

    /// The claims of "Understanding the access token" in the developer guide of Amazon Cognito.
    private static func cognito(_ issued: Int64, _ expiry: Int64) -> String {
        #"""
        {"sub":"\#(user)","cognito:groups":["editors","proofreaders"],\#
        "iss":"https://cognito-idp.eu-north-1.example.com/eu-north-1_Example01","version":2,\#
        "client_id":"1example23456789abcdefghij","origin_jti":"\#(session)","event_id":"\#(session)",\#
        "token_use":"access","scope":"openid profile email phone","auth_time":\#(issued),\#
        "exp":\#(expiry),"iat":\#(issued),"jti":"\#(token)","username":"\#(user)"}
        """#
    }

    /// The claims of Keycloak's default client scopes, for a user with a role in each of some tenants.
    private static func keycloak(_ issued: Int64, _ expiry: Int64, tenants: Int = 0) -> String {
        let roles = tenants == 0 ? "" : tenantRoles(tenants)
        return #"""
            {"exp":\#(expiry),"iat":\#(issued),"auth_time":\#(issued),"jti":"\#(token)",\#
            "iss":"https://id.example.com/realms/demo","aud":"account","sub":"\#(user)","typ":"Bearer",\#
            "azp":"demo-app","sid":"\#(session)","acr":"1","allowed-origins":["https://app.example.com"],\#
            "realm_access":{"roles":["default-roles-demo","offline_access","uma_authorization"\#(roles)]},\#
            "resource_access":{"account":{"roles":["manage-account","manage-account-links",\#
            "view-profile"]}},"scope":"openid profile email","email_verified":true,"name":"Alice Example",\#
            "preferred_username":"alice","given_name":"Alice","family_name":"Example",\#
            "email":"alice@example.com"}
            """#
    }

    /// Further members of a list of roles: 20 bytes for each tenant, and 15.
    private static func tenantRoles(_ tenants: Int) -> String {
        (0..<tenants).map { #","tenant-\#(100 + $0)-editor""# }.joined() + #","tenant-admin""#
    }
}

/// A subject as the text of a `sub` claim: 36 characters in the form of a UUID, as identity providers send.
enum SubjectName {
    private static let prefix: StaticString = "6ba7b810-9dad-41d1-80b4-"
    /// The prefix as words, for comparing.
    private static let words: (UInt64, UInt64, UInt64) = (
        0x3031_3862_3761_6236, 0x3134_2D64_6164_392D, 0x2D34_6230_382D_3164
    )
    private static let digits = Array("0123456789abcdef".utf8)

    /// Subjects beyond 48 bits have no name.
    static func append(_ subject: Subject, to text: inout [UInt8]) {
        precondition(subject.id < 1 << 48)
        text.append(contentsOf: String(describing: prefix).utf8)
        for shift in stride(from: 44, through: 0, by: -4) {
            text.append(digits[Int(subject.id >> shift & 15)])
        }
    }

    static func decode(_ text: Span<UInt8>) -> Subject? {
        guard text.count == 36, text.word(at: 0) == words.0, text.word(at: 8) == words.1,
            text.word(at: 16) == words.2, let high = text.word(at: 24).flatMap(hexadecimal),
            let low = text.word(at: 28).flatMap(hexadecimal)
        else { return nil }
        return Subject(id: high << 16 | low & 0xFFFF)
    }

    /// The number that eight hexadecimal digits stand for, the first of them in the lowest byte.
    ///
    /// One subject, one name: capitals are another text. All eight bytes are worked on at once; with the top bit set,
    /// nothing that is taken from one byte borrows from the next.
    private static func hexadecimal(_ word: UInt64) -> UInt64? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let top = ones << 7
        let (above0, above9) = ((word | top) &- ones &* 0x30, (word | top) &- ones &* 0x3A)
        let (aboveA, aboveF) = ((word | top) &- ones &* 0x61, (word | top) &- ones &* 0x67)
        let letters = aboveA & ~aboveF & top
        guard word & top == 0, (above0 & ~above9 & top) | letters == top else { return nil }
        var value = word & (ones &* 0x0F) &+ (letters >> 7) &* 9
        value = (value << 4 | value >> 8) & 0x00FF_00FF_00FF_00FF
        value = (value | value >> 8) & 0x0000_FFFF_0000_FFFF
        value = (value | value >> 16) & 0xFFFF_FFFF
        return value.byteSwapped >> 32
    }
}
