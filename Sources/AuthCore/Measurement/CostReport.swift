/// What a strategy's credentials weigh, what it asks of its store, and what it promises after a logout.
package struct CostReport: Sendable {
    package var strategy: String
    /// One for each claim profile.
    package var sizes: [CredentialSize]
    /// How the store grew while the population signed in; `nil` where the strategy has none.
    package var growth: StoreGrowth?
    package var commands: StoreCommands
    /// From which theory tells how long a credential still works after a logout; `nil` where it is not known.
    package var revocation: (promise: RevocationPromise, lifetime: CredentialLifetime, staleness_ms: Int64)?

    package init(
        strategy: String, sizes: [CredentialSize], growth: StoreGrowth?, commands: StoreCommands
    ) {
        self.strategy = strategy
        self.sizes = sizes
        self.growth = growth
        self.commands = commands
    }
}

/// The bytes a store holds against the sessions in it.
package struct StoreGrowth: Sendable, Equatable {
    /// Below this many sessions the store's own pages and buffers decide.
    package static let minimumSessions = 10_000

    package private(set) var points: [(sessions: Int, bytes: UInt64)] = []

    package init() {}

    package mutating func add(sessions: Int, bytes: UInt64) { points.append((sessions, bytes)) }

    /// The slope of a straight line through the points by least squares: what one more session costs,
    /// whatever the store takes for itself.
    ///
    /// `nil` with too few sessions to say.
    package var bytesPerSession: Double? {
        guard points.count >= 3, let last = points.last, last.sessions >= Self.minimumSessions else {
            return nil
        }
        let count = Double(points.count)
        let meanSessions = points.reduce(0) { $0 + Double($1.sessions) } / count
        let meanBytes = points.reduce(0) { $0 + Double($1.bytes) } / count
        var (products, squares) = (0.0, 0.0)
        for point in points {
            let distance = Double(point.sessions) - meanSessions
            products += distance * (Double(point.bytes) - meanBytes)
            squares += distance * distance
        }
        return squares > 0 ? products / squares : nil
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.points.elementsEqual(right.points, by: ==)
    }
}

/// How many commands or statements a verb sends to the store, on average over several calls; 0 without a store.
package struct StoreCommands: Sendable, Equatable {
    package var perLogin = 0.0
    package var perAuthenticate = 0.0
    /// When the session's last-seen moment is due to be written as well; `nil` where the policy never touches.
    package var perTouchingAuthenticate: Double?
    package var perRenew = 0.0
    package var perLogout = 0.0

    package init() {}
}
