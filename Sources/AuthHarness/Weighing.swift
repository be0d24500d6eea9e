import AuthCore

extension Worker where S: ~Copyable {
    /// Weighs a specimen of each claim profile; the sessions that they begin are ended at once.
    mutating func weigh() throws -> [CredentialSize] {
        var sizes: [CredentialSize] = []
        for profile in ClaimProfile.allCases {
            let specimen = try strategy.specimen(of: profile, at: .traceStart)
            try strategy.logout(specimen, at: .traceStart)
            sizes.append(CredentialSize(strategy: S.descriptor, profile: profile, credential: specimen))
        }
        return sizes
    }

    /// Counts the store's commands of each verb, over a few subjects whom no trace knows.
    mutating func countCommands(_ touch: TouchPolicy) throws -> StoreCommands {
        let subjects = (1...32).map { Subject(id: Subject.specimen.id - UInt64($0)) }
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
