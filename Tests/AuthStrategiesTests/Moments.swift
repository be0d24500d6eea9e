import AuthCore

extension Policy {
    static func touching(_ touch: TouchPolicy) -> Policy {
        var policy = Policy()
        policy.touch = touch
        return policy
    }
}

extension Instant {
    static let start = Instant.traceStart

    static func + (instant: Self, milliseconds: Int64) -> Self {
        instant.advanced(byMilliseconds: milliseconds)
    }
}
