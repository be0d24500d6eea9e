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
