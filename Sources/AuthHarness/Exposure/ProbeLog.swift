import AuthCore

/// What one client learned by probing: for each credential, the requests that bound its exposure.
struct ProbeLog: Sendable {
    /// Real time, as all moments here.
    struct Entry: Sendable {
        /// When the last accepted request began; 0 for none.
        var lastAccepted_ns: UInt64 = 0
        /// When the first refused one after it began.
        var firstRefused_ns = UInt64.max
        /// Whether the withdrawal was known to be acknowledged before the last accepted request began.
        var isLastAfter = false
        /// Accepted requests of which that was known.
        var acceptedAfter: UInt64 = 0
        /// Whether a request was on its way when the withdrawal was acknowledged.
        var isContested = false
        /// Whether it was accepted as somebody else.
        var isMistaken = false
        var probes: UInt64 = 0
    }

    private(set) var entries: [Entry]
    private(set) var errors = ErrorKinds()

    init(credentials: Int) {
        entries = Array(repeating: Entry(), count: credentials)
    }

    mutating func fail(_ error: any Error) { errors.note("\(error)") }

    /// Whether the last request with a credential was refused.
    @inline(__always)
    func isRefused(_ index: Int) -> Bool { entries[index].firstRefused_ns != .max }

    /// Notes one request: what was decided, when it began, whether the withdrawal was known to be acknowledged
    /// before it began, and whether it was so while it was on its way.
    @inline(__always)
    mutating func note(
        _ index: Int, _ decision: Decision, of subject: Subject, began_ns: UInt64, isAfter: Bool,
        isContested: Bool
    ) {
        entries[index].probes += 1
        if isContested { entries[index].isContested = true }
        guard case .accepted(let accepted) = decision else {
            if !isRefused(index) { entries[index].firstRefused_ns = began_ns }
            return
        }
        if accepted != subject { entries[index].isMistaken = true }
        entries[index].lastAccepted_ns = began_ns
        entries[index].firstRefused_ns = .max
        entries[index].isLastAfter = isAfter
        if isAfter { entries[index].acceptedAfter += 1 }
    }
}
