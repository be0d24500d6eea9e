/// What a strategy's credentials weigh, and what it asks of its store.
public struct CostReport: Sendable {
    public var strategy: String
    /// One for each claim profile.
    public var sizes: [CredentialSize]
    /// How the store grew while the population signed in; `nil` where the strategy has none.
    public var growth: StoreGrowth?
    public var commands: StoreCommands

    public init(
        strategy: String, sizes: [CredentialSize], growth: StoreGrowth?, commands: StoreCommands
    ) {
        self.strategy = strategy
        self.sizes = sizes
        self.growth = growth
        self.commands = commands
    }
}

/// The bytes a store holds against the sessions in it.
public struct StoreGrowth: Sendable, Equatable {
    /// Below this many sessions the store's own pages and buffers decide.
    public static let minimumSessions = 10_000

    public private(set) var points: [(sessions: Int, bytes: UInt64)] = []

    public init() {}

    public mutating func add(sessions: Int, bytes: UInt64) { points.append((sessions, bytes)) }

    /// The slope of a straight line through the points by least squares: what one more session costs,
    /// whatever the store takes for itself.
    ///
    /// `nil` with too few sessions to say.
    public var bytesPerSession: Double? {
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

    public static func == (left: Self, right: Self) -> Bool {
        left.points.elementsEqual(right.points, by: ==)
    }
}

/// How many commands or statements a verb sends to the store, on average over several calls; 0 without a store.
public struct StoreCommands: Sendable, Equatable {
    public var perLogin = 0.0
    public var perAuthenticate = 0.0
    /// When the session's last-seen moment is due to be written as well; `nil` where the policy never touches.
    public var perTouchingAuthenticate: Double?
    public var perRenew = 0.0
    public var perLogout = 0.0

    public init() {}
}
