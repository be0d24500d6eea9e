import AuthCore

extension Worker where S: ~Copyable {
    /// Issues the credential of each slot, in portions so that a stop is noticed soon.
    mutating func load(isStopped: () -> Bool, progress: (Int) -> Void) throws {
        held.removeAll(keepingCapacity: true)
        held.reserveCapacity(trace.slots.count)
        let portion = 512
        for first in stride(from: 0, to: trace.slots.count, by: portion) {
            if isStopped() { throw Stopped() }
            let slots = trace.slots[first..<min(first + portion, trace.slots.count)]
            let logins = slots.map { slot in
                Login(slot.subject, at: .traceStart.advanced(byMilliseconds: -slot.age_ms))
            }
            for (slot, credential) in zip(slots, try strategy.load(logins)) {
                held.append(Held(try prepare(credential, for: slot), slot.subject))
            }
            progress(slots.count)
        }
    }

    /// Brings a fresh credential into the state that its slot begins with.
    private mutating func prepare(_ credential: Credential, for slot: Slot) throws -> Credential {
        switch slot.state {
        case .live, .expired: return credential
        case .revoked:
            try strategy.logout(credential, at: .traceStart)
            return credential
        case .tampered: return Credential(headerLine: tampered(credential.headerLine, by: slot.subject))
        case .wrongAudience:
            return try strategy.misissue(.wrongAudience, to: slot.subject, at: .traceStart)
        case .unknown: return try strategy.misissue(.unknown, to: slot.subject, at: .traceStart)
        }
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
