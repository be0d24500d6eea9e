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
    private(set) var errors: UInt64 = 0
    private(set) var firstError: String?

    init(credentials: Int) {
        entries = Array(repeating: Entry(), count: credentials)
    }

    mutating func fail(_ error: any Error) {
        errors += 1
        firstError = firstError ?? "\(error)"
    }

    /// Notes one request.
    @inline(__always)
    mutating func note(_ index: Int, isAccepted: Bool, began_ns: UInt64, isAfter: Bool, isContested: Bool) {
        entries[index].probes += 1
        if isContested { entries[index].isContested = true }
        if isAccepted {
            entries[index].lastAccepted_ns = began_ns
            entries[index].firstRefused_ns = .max
            entries[index].isLastAfter = isAfter
            if isAfter { entries[index].acceptedAfter += 1 }
        } else if entries[index].firstRefused_ns == .max {
            entries[index].firstRefused_ns = began_ns
        }
    }

    /// Sends requests until the phase ends: every other one with the credential that is being withdrawn, so that
    /// the withdrawal is raced, the rest with all in turn.
    mutating func probe<S: AuthStrategy & ~Copyable>(
        _ scene: ExposureScene, _ phase: Phase, client: Int, on strategy: inout S
    ) throws {
        let (wallet, timepiece) = (scene.wallet, scene.timepiece)
        let count = wallet.subjects.count
        let scope = Scope.probed
        // So that clients are not all at the same credential.
        var turn = client &* count / 7 % count
        var isFocused = false
        var acknowledged = scene.acknowledged.load(ordering: .acquiring)
        var began_ns = timepiece.now_ns
        while began_ns < phase.end_ns, !scene.stop.isRaised {
            isFocused.toggle()
            let index = isFocused ? min(acknowledged, count - 1) : turn
            if !isFocused { turn = turn + 1 == count ? 0 : turn + 1 }
            let decision = try strategy.authenticate(
                wallet.bytes.span.extracting(wallet.range(index)), requiring: scope,
                at: scene.timetable.instant(at: began_ns, start_ns: phase.start_ns))
            let after = scene.acknowledged.load(ordering: .acquiring)
            let ended_ns = timepiece.now_ns
            var isAccepted = false
            if case .accepted(let subject) = decision {
                isAccepted = true
                if subject != wallet.subjects[index] { entries[index].isMistaken = true }
            }
            note(
                index, isAccepted: isAccepted, began_ns: began_ns, isAfter: index < acknowledged,
                isContested: index >= acknowledged && index < after)
            // What was acknowledged by now was so before the next request begins.
            acknowledged = after
            began_ns = ended_ns
        }
    }
}

extension Scope {
    /// What the probed route requires: granted to everybody at first.
    static let probed = Self("write")
}
