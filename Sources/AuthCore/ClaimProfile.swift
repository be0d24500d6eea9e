/// What the claims of a token say, in the shapes that are met in practice; decides how much it weighs.
///
/// The raw value is the name in `size.csv`. The claims differ, the key and its signature do not.
public enum ClaimProfile: String, CaseIterable, Sendable {
    /// A subject and nothing else.
    case tiny
    /// The handful of claims that articles show.
    case article
    /// An access token of RFC 9068: what the strategies issue themselves.
    case rfc9068
    /// A session token of Supabase Auth.
    case supabase
    /// An access token of an Amazon Cognito user pool.
    case cognito
    /// An access token of Keycloak.
    case keycloak
    /// One of Keycloak with so many roles that it is 4 KiB long under HS256: no cookie holds it and its name.
    case roles4KiB = "roles-4kib"
    /// The same, 9 KiB long: more than common servers take as a header line.
    case roles9KiB = "roles-9kib"
}

extension Subject {
    /// The one for whom specimens are made; no population is as large as its number.
    public static let specimen = Self(id: 0xFFFF_FFFF_FFFF)
}
