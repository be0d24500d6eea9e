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
