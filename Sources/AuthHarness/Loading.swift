import AuthCore

extension Worker where S: ~Copyable {
    /// Issues the credentials of the slots from where loading stands up to `end`, in portions so that a stop
    /// is noticed soon.
    ///
    /// A portion grows as long as it takes little time: a store is spared most by being told much at once.
    mutating func load(upTo end: Int, isStopped: () -> Bool, progress: (Int) -> Void) throws {
        if desk.wallet.subjects.isEmpty { desk.wallet.reserve(slots.count) }
        while desk.wallet.subjects.count < end {
            if isStopped() { throw Stopped() }
            let first = desk.wallet.subjects.count
            let count = min(portion, end - first)
            let time = try ContinuousClock().measure { try load(slots[first..<first + count]) }
            progress(count)
            if time < .milliseconds(200) { portion = min(2 * portion, largestPortion) }
        }
    }

    /// How many of the slots loaded so far have a session that lives in the store.
    var storedSessions: Int {
        slots.prefix(desk.wallet.subjects.count).count { $0.isStored }
    }

    private mutating func load(_ slots: ArraySlice<Slot>) throws {
        let logins = slots.filter { !$0.isMisissued }.map(\.login)
        var issued = try strategy.load(logins).makeIterator()
        var revoked: [Credential] = []
        for slot in slots {
            let credential =
                switch slot.state {
                case .wrongAudience: try strategy.misissue(.wrongAudience, to: slot.subject, at: .traceStart)
                case .unknown: try strategy.misissue(.unknown, to: slot.subject, at: .traceStart)
                default: issued.next()
                }
            guard let credential else { throw MissingCredentials(strategy: S.descriptor.id) }
            if slot.state == .revoked { revoked.append(credential) }
            desk.wallet.append(prepare(credential, for: slot), of: slot.subject)
        }
        if !revoked.isEmpty { try strategy.unload(revoked, at: .traceStart) }
    }

    /// Makes of a fresh credential what its slot begins with.
    private func prepare(_ credential: Credential, for slot: Slot) -> Credential {
        guard slot.state == .tampered else { return credential }
        return Credential(
            headerLine: hostileLine(slot.subject) ?? tampered(credential.headerLine, by: slot.subject))
    }

    /// A hostile line, another for each subject.
    ///
    /// Every fourth has none, so that bent credentials stay among them.
    private func hostileLine(_ subject: Subject) -> [UInt8]? {
        guard !hostile.isEmpty, subject.id % 4 != 0 else { return nil }
        return hostile[Int(subject.id % UInt64(hostile.count))]
    }

    /// Changes one character in the second half of a header line, where the credential itself stands.
    private func tampered(_ line: [UInt8], by subject: Subject) -> [UInt8] {
        var line = line
        let half = line.count / 2
        let index = half + Int(subject.id % UInt64(line.count - half))
        line[index] = line[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        return line
    }
}

extension Slot {
    /// Whether the slot's credential has its flaw from the start, so that nobody signs in for it.
    fileprivate var isMisissued: Bool { state == .wrongAudience || state == .unknown }

    var login: Login { Login(subject, at: .traceStart.advanced(byMilliseconds: -age_ms)) }

    fileprivate var isStored: Bool { !isMisissued && state != .revoked }
}

/// A strategy whose `load` gave fewer credentials than it was asked for.
struct MissingCredentials: Error, CustomStringConvertible {
    var strategy: String
    var description: String { "\(strategy) issued fewer credentials than there were sign-ins" }
}
