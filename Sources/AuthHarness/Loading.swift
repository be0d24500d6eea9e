import AuthCore

extension Worker where S: ~Copyable {
    /// Issues the credential of each slot, in portions so that a stop is noticed soon.
    mutating func load(isStopped: () -> Bool, progress: (Int) -> Void) throws {
        desk.wallet = Wallet()
        desk.wallet.reserve(slots.count)
        for first in stride(from: 0, to: slots.count, by: portion) {
            if isStopped() { throw Stopped() }
            try load(slots[first..<min(first + portion, slots.count)])
            progress(min(portion, slots.count - first))
        }
    }

    private mutating func load(_ slots: ArraySlice<Slot>) throws {
        let logins = slots.filter { !$0.isMisissued }.map { slot in
            Login(slot.subject, at: .traceStart.advanced(byMilliseconds: -slot.age_ms))
        }
        var issued = try strategy.load(logins).makeIterator()
        for slot in slots {
            let credential =
                switch slot.state {
                case .wrongAudience: try strategy.misissue(.wrongAudience, to: slot.subject, at: .traceStart)
                case .unknown: try strategy.misissue(.unknown, to: slot.subject, at: .traceStart)
                default: issued.next()
                }
            guard let credential else { throw MissingCredentials(strategy: S.descriptor.id) }
            desk.wallet.append(try prepare(credential, for: slot), of: slot.subject)
        }
    }

    /// Brings a fresh credential into the state that its slot begins with.
    private mutating func prepare(_ credential: Credential, for slot: Slot) throws -> Credential {
        switch slot.state {
        case .revoked: try strategy.logout(credential, at: .traceStart)
        case .tampered: return Credential(headerLine: tampered(credential.headerLine, by: slot.subject))
        case .live, .expired, .wrongAudience, .unknown: break
        }
        return credential
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
}

/// A strategy whose `load` gave fewer credentials than it was asked for.
struct MissingCredentials: Error, CustomStringConvertible {
    var strategy: String
    var description: String { "\(strategy) issued fewer credentials than there were sign-ins" }
}
