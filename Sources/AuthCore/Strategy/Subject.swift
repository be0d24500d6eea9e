/// The user on whose behalf a request is made.
public struct Subject: Hashable, Sendable {
    public var id: UInt64

    public init(id: UInt64) {
        self.id = id
    }
}

/// One sign-in to carry out: who, and at which moment of the trace's clock.
public struct Login: Sendable {
    public var subject: Subject
    public var instant: Instant

    public init(_ subject: Subject, at instant: Instant) {
        self.subject = subject
        self.instant = instant
    }
}

/// One session of a user as a list of them shows it (OWASP ASVS 5.0 section 7.5.2); nothing in it can be presented.
public struct SessionSummary: Sendable, Equatable {
    public var createdAt: Instant
    public var lastSeen: Instant
    /// When it ends if nobody uses it again.
    public var expiry: Instant

    public init(createdAt: Instant, lastSeen: Instant, expiry: Instant) {
        self.createdAt = createdAt
        self.lastSeen = lastSeen
        self.expiry = expiry
    }
}

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
    /// The one for whom samples are made; no population is as large as its number.
    public static let sample = Self(id: 0xFFFF_FFFF_FFFF)
}
