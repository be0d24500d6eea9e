/// How long a strategy accepts a credential that nobody withdraws: uniform between two bounds.
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
