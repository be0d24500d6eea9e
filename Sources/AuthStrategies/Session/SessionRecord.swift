import AuthCore

/// What a store holds for one session, beside the hash of its identifier.
struct SessionRecord: Equatable {
    var subject: Subject
    var createdAt: Instant
    var lastSeen: Instant
    /// Pushed by touching.
    var idleExpiry: Instant
    /// Never pushed.
    var absoluteExpiry: Instant

    init(
        subject: Subject, createdAt: Instant, lastSeen: Instant, idleExpiry: Instant, absoluteExpiry: Instant
    ) {
        self.subject = subject
        self.createdAt = createdAt
        self.lastSeen = lastSeen
        self.idleExpiry = idleExpiry
        self.absoluteExpiry = absoluteExpiry
    }

    /// A session that begins now.
    init(_ subject: Subject, at now: Instant, lifetimes: Lifetimes) {
        self.subject = subject
        createdAt = now
        lastSeen = now
        absoluteExpiry = now.advanced(byMilliseconds: lifetimes.absolute_ms)
        idleExpiry = now
        touch(at: now, lifetimes: lifetimes)
    }

    /// Both limits are enforced on reading, whether or not anything ever sweeps the store.
    func isExpired(at now: Instant) -> Bool {
        now >= idleExpiry || now >= absoluteExpiry
    }

    /// Pushes the idle expiry; a clock that is behind another server's takes nothing back.
    mutating func touch(at now: Instant, lifetimes: Lifetimes) {
        lastSeen = max(lastSeen, now)
        idleExpiry = max(idleExpiry, min(absoluteExpiry, now.advanced(byMilliseconds: lifetimes.idle_ms)))
    }
}
