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
