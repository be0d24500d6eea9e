import AuthCore

/// What an authority has said, kept for a stated time, one cache for each client, as each server has its own.
///
/// Only active tokens are kept, and never beyond their end (RFC 7662 section 4). What this client ends or changes itself, it
/// forgets at once; other clients go by their copies.
struct IntrospectionCache {
    private struct Copy {
        var answer: IntrospectionAnswer
        var asOf: Instant
    }

    /// Beyond so many, all go: it is a cache.
    private static let most = 100_000

    private let lifetime_ms: Int64
    private var copies: [SessionName: Copy] = [:]
    /// From the tokens that renewals here replaced: a sign-out may cross one.
    private var successors: [SessionName: SessionName] = [:]

    init(lifetime_ms: Int64) { self.lifetime_ms = lifetime_ms }

    var isOn: Bool { lifetime_ms > 0 }

    /// What was said of a token that has not come to its end, however long ago.
    func copy(_ name: SessionName, at now: Instant) -> IntrospectionAnswer? {
        guard let copy = copies[name], now < copy.answer.expiry else { return nil }
        return copy.answer
    }

    /// The same where it is not too old.
    func fresh(_ name: SessionName, at now: Instant) -> IntrospectionAnswer? {
        guard let copy = copies[name], now < copy.answer.expiry,
            // A clock that was set back says nothing about its age.
            0..<lifetime_ms ~= now.milliseconds(since: copy.asOf)
        else { return nil }
        return copy.answer
    }

    mutating func keep(_ answer: IntrospectionAnswer, as name: SessionName, at now: Instant) {
        if copies.count >= Self.most { copies.removeAll(keepingCapacity: true) }
        copies[name] = Copy(answer: answer, asOf: now)
    }

    /// Notes that a renewal has put another token in the place of one.
    mutating func note(_ old: SessionName, becomes new: SessionName) {
        guard isOn else { return }
        if successors.count >= Self.most { successors.removeAll(keepingCapacity: true) }
        successors[old] = new
    }

    mutating func forget(_ name: SessionName) {
        guard isOn else { return }
        copies[name] = nil
        if let successor = successors.removeValue(forKey: name) { copies[successor] = nil }
    }

    mutating func forget(_ subject: Subject) {
        copies = copies.filter { $0.value.answer.subject != subject }
    }

    mutating func forgetAll() { copies.removeAll(keepingCapacity: true) }
}
