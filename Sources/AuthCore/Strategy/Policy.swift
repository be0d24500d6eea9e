/// The lifetimes, names and touch policy that every strategy of a run follows alike.
public struct Policy: Sendable, Equatable {
    public var issuer = "https://id.test"
    public var audience = "https://api.test"
    public var clientID = "web-app"
    /// Granted to every user, space-delimited (RFC 6749 section 3.3).
    public var grantedScope = "read write"
    public var touch = TouchPolicy.interval(milliseconds: 60_000)
    public var lifetimes = Lifetimes()
    /// What an application keeps with each session and reads with it; a token strategy has no place for it.
    public var session_bytes = 0
    /// What every access token says besides; a session has no place for it.
    public var claims = OwnClaims()
    /// How often expired sessions are deleted from the store, in real time; 0 for never.
    public var sweepInterval_ms: Int64 = 0
    /// What the strategy that follows it sets for itself.
    public var parameters = StrategyParameters()

    public init() {}

    /// So many old keys verify beside the one that signs, at most.
    private static let mostOldKeys: Int64 = 64

    /// Why keys cannot rotate as often as they are set to; `nil` where they can, or do not.
    package var rotationFault: String? {
        guard let interval_ms = parameters.rotation_ms else { return nil }
        let least_ms = max(1000, (lifetimes.token_ms + Self.mostOldKeys - 1) / Self.mostOldKeys)
        guard interval_ms < least_ms else { return nil }
        return
            "keys rotate every \(interval_ms) ms: give at least \(least_ms) ms, because each is kept for the \(lifetimes.token_ms / 1000) s that"
            + " a token lives"
    }

    /// All of it as one line, the same for the same policy.
    var canonicalText: String {
        let times = [
            lifetimes.idle_ms, lifetimes.absolute_ms, lifetimes.token_ms, lifetimes.access_ms,
            lifetimes.refreshIdle_ms, lifetimes.refreshGrace_ms,
        ]
        // What was not there before has no part in the text where it is not asked for.
        let data = session_bytes > 0 ? " session_bytes=\(session_bytes)" : ""
        let sweep = sweepInterval_ms > 0 ? " sweep_interval_ms=\(sweepInterval_ms)" : ""
        let own = claims.isEmpty ? "" : " claims={\(claims.members)}"
        return "\(issuer) \(audience) \(clientID) \(grantedScope) \(touch) \(times)\(data)\(sweep)\(own)\n"
    }
}

/// When reading a session also writes its last-seen moment, which pushes the idle expiry.
public enum TouchPolicy: Sendable, Equatable {
    case never
    /// At most once per interval for one session.
    case interval(milliseconds: Int64)
    case always

    /// How long after the last write a request makes another one due; `nil` for never.
    public var interval_ms: Int64? {
        switch self {
        case .never: nil
        case .interval(let milliseconds): milliseconds
        case .always: 0
        }
    }

    /// Whether a session last written at `lastSeen` is written again at `now`.
    public func isDue(lastSeen: Instant, at now: Instant) -> Bool {
        switch self {
        case .never: false
        case .interval(let milliseconds): now.milliseconds(since: lastSeen) >= milliseconds
        case .always: true
        }
    }
}

/// How long credentials live, in milliseconds; the defaults are those of common systems.
public struct Lifetimes: Sendable, Equatable {
    /// A session without a request.
    public var idle_ms: Int64 = 30 * 60_000
    /// A session or a refresh family, whatever it does.
    public var absolute_ms: Int64 = 12 * 3_600_000
    /// A plain JWT.
    public var token_ms: Int64 = 60 * 60_000
    /// The access token of the hybrid, before jitter.
    public var access_ms: Int64 = 15 * 60_000
    /// A refresh token that nobody exchanges.
    public var refreshIdle_ms: Int64 = 8 * 3_600_000
    /// How long the previous refresh token still answers a client that lost the response.
    public var refreshGrace_ms: Int64 = 10_000

    public init() {}

    /// The part of an access token's lifetime that jitter may take away, so that tokens issued together do
    /// not expire together (SuperTokens takes 5 %).
    private static let jitterShare = 0.05

    /// The same in whole seconds, rounded down: a lifetime below 20 s has no jitter.
    public var accessJitter_s: Int64 { Int64(Double(access_ms) * Self.jitterShare) / 1000 }

    /// How old a credential may become before the first of any strategy's expires.
    public var shortest_ms: Int64 {
        min(idle_ms, absolute_ms, token_ms, access_ms - accessJitter_s * 1000, refreshIdle_ms)
    }
}

/// How long a strategy accepts a credential that nobody revokes: uniform between two bounds.
///
/// What `authbench exposure` holds its measurements against, so it is what the strategy promises, never measured.
public struct CredentialLifetime: Sendable, Equatable {
    public var shortest_ms: Int64
    public var longest_ms: Int64

    public init(shortest_ms: Int64, longest_ms: Int64) {
        self.shortest_ms = shortest_ms
        self.longest_ms = longest_ms
    }

    /// Exactly so long.
    public init(_ lifetime_ms: Int64) {
        self.init(shortest_ms: lifetime_ms, longest_ms: lifetime_ms)
    }

    /// The life of a token whose `exp` is in whole seconds (NumericDate, RFC 7519 section 2), of which jitter takes
    /// up to `jitter_s` whole seconds away.
    ///
    /// The moment of issue is rounded down, which takes up to a second more; so lives are uniform up to the longest.
    public static func wholeSeconds(_ lifetime_ms: Int64, jitter_s: Int64 = 0) -> Self {
        let longest_ms = lifetime_ms / 1000 * 1000
        return Self(shortest_ms: max(0, longest_ms - (jitter_s + 1) * 1000), longest_ms: longest_ms)
    }
}
