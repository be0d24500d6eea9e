import AuthCore

extension Worker where S: ~Copyable {
    /// Issues the credentials of the slots from where loading stands up to `end`, in portions so that a stop
    /// is noticed soon.
    ///
    /// A portion grows as long as it takes little time: a store is spared most by being told much at once.
    mutating func load(upTo end: Int, isStopped: () -> Bool, progress: (Int) -> Void) throws {
        if state.wallet.subjects.isEmpty { state.wallet.reserve(slots.count) }
        while state.wallet.subjects.count < end {
            if isStopped() { throw StoppedError() }
            let first = state.wallet.subjects.count
            let count = min(portion, end - first)
            let time = try ContinuousClock().measure { try load(slots[first..<first + count]) }
            progress(count)
            if time < .milliseconds(200) { portion = min(2 * portion, largestPortion) }
        }
    }

    /// How many of the slots loaded so far have a session that lives in the store.
    var storedSessions: Int {
        slots.prefix(state.wallet.subjects.count).count { $0.isStored }
    }

    private mutating func load(_ slots: ArraySlice<Slot>) throws {
        let logins = slots.filter { !$0.isMisissued }.map(\.login)
        var issued = try strategy.load(logins).makeIterator()
        var revoked: [Credential] = []
        for slot in slots {
            let credential =
                switch slot.state {
                case .wrongAudience:
                    try strategy.issueFlawed(.wrongAudience, to: slot.subject, at: .traceStart)
                case .unknown: try strategy.issueFlawed(.unknown, to: slot.subject, at: .traceStart)
                default: issued.next()
                }
            guard let credential else { throw MissingCredentialsError(strategy: S.descriptor.id) }
            if slot.state == .revoked { revoked.append(credential) }
            state.wallet.append(prepare(credential, for: slot), of: slot.subject)
        }
        if !revoked.isEmpty { try strategy.unload(revoked, at: .traceStart) }
    }

    /// Makes of a fresh credential what its slot begins with.
    private func prepare(_ credential: Credential, for slot: Slot) -> Credential {
        guard slot.state == .tampered else { return credential }
        return hostileLine(slot.subject).map { Credential(headerLine: $0) }
            ?? Credential(headerLine: credential.tampered(by: slot.subject).headerLine)
    }

    /// A hostile line, another for each subject.
    ///
    /// Every fourth has none, so that bent credentials stay among them.
    private func hostileLine(_ subject: Subject) -> [UInt8]? {
        guard !hostile.isEmpty, subject.id % 4 != 0 else { return nil }
        return hostile[Int(subject.id % UInt64(hostile.count))]
    }
}

extension Slot {
    /// Whether the slot's credential has its flaw from the start, so that nobody signs in for it.
    fileprivate var isMisissued: Bool { state == .wrongAudience || state == .unknown }

    var login: Login { Login(subject, at: .traceStart.advanced(byMilliseconds: -age_ms)) }

    fileprivate var isStored: Bool { !isMisissued && state != .revoked }
}

/// A strategy whose `load` gave fewer credentials than it was asked for.
struct MissingCredentialsError: Error, CustomStringConvertible {
    var strategy: String
    var description: String { "\(strategy) issued fewer credentials than there were sign-ins" }
}

extension Worker where S: ~Copyable {
    /// Weighs a sample of each claim profile; the sessions that they begin are ended at once.
    mutating func weigh() throws -> [CredentialSize] {
        var sizes: [CredentialSize] = []
        for profile in ClaimProfile.allCases {
            let sample = try strategy.sample(of: profile, at: .traceStart)
            try strategy.logout(sample, at: .traceStart)
            sizes.append(CredentialSize(strategy: descriptor, profile: profile, credential: sample))
        }
        return sizes
    }

    /// Counts the store's commands of each verb, over a few subjects whom no trace knows.
    mutating func countCommands(_ touch: TouchPolicy) throws -> StoreCommands {
        let subjects = (1...32).map { Subject(id: Subject.sample.id - UInt64($0)) }
        var credentials: [Credential] = []
        var counts = StoreCommands()
        let now = Instant.traceStart
        func average(_ before: Int, _ after: Int) -> Double { Double(after - before) / 32 }

        var before = strategy.storeCommands
        for subject in subjects { credentials.append(try strategy.login(subject, at: now)) }
        counts.perLogin = average(before, strategy.storeCommands)

        before = strategy.storeCommands
        for credential in credentials { _ = try strategy.authenticate(credential, at: now) }
        counts.perAuthenticate = average(before, strategy.storeCommands)

        if let interval_ms = touch.interval_ms {
            before = strategy.storeCommands
            let later = now.advanced(byMilliseconds: interval_ms)
            for credential in credentials { _ = try strategy.authenticate(credential, at: later) }
            counts.perTouchingAuthenticate = average(before, strategy.storeCommands)
        }

        before = strategy.storeCommands
        for index in credentials.indices {
            if case .renewed(let fresh) = try strategy.renew(credentials[index], at: now) {
                credentials[index] = fresh
            }
        }
        counts.perRenew = average(before, strategy.storeCommands)

        before = strategy.storeCommands
        for credential in credentials { try strategy.logout(credential, at: now) }
        counts.perLogout = average(before, strategy.storeCommands)
        return counts
    }
}
