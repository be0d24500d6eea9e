/// When requests come: as soon as a client is free, or when it is their time.
public enum Arrival: Sendable, Equatable {
    /// Each client sends its next request when the last one is answered.
    case closed
    /// Requests come at moments fixed in advance, `rate` per second over all clients, however long the
    /// answers take; so a stall delays all that were due in it, and is seen (Tene, coordinated omission).
    case open(Process, rate: Double)

    public enum Process: String, Codable, CaseIterable, Sendable {
        /// Independent of each other, as the requests of many people are.
        case poisson
        /// Evenly spaced, the clients taking turns.
        case constant
    }

    public var rate: Double? {
        if case .open(_, let rate) = self { rate } else { nil }
    }

    /// The rates that a schedule in nanoseconds can hold.
    public static let rates = 0.01...1e8
}
