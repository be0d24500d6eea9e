import AuthCore

/// Tries how long a login still works after its revocation for a holder of its credential who renews whenever it can.
///
/// A credential that dies in a minute is no use against a thief who may exchange it for a fresh one. Strategies take
/// the time from their caller, so hours pass here in as many calls as the holder makes.
struct HolderTrial {
    /// Logins of each kind of revocation, of ages spread evenly over a credential's lifetime.
    private static let logins = 25
    /// Of all logins of a kind together; the first is followed to its end in any case.
    private static let mostRenewals = 5000
    /// A login that is still good after so many is taken for one without end.
    private static let endless = 200_000

    let revocation: Revocation
    let lifetime: CredentialLifetime
    let stop: StopFlag

    /// Signs in users of its own, revokes each login, and follows it.
    func run<S: AuthStrategy & ~Copyable>(on strategy: inout S) throws -> [LoginExposure] {
        var exposures: [LoginExposure] = []
        for index in 0..<Self.logins {
            if stop.isRaised { throw StoppedError() }
            if exposures.reduce(0, { $0 + $1.renewals }) > Self.mostRenewals { break }
            let share = (Double(index) + 0.5) / Double(Self.logins)
            let age_ms = Int64(share * Double(lifetime.shortest_ms))
            if let exposure = try follow(index, age_ms: age_ms, on: &strategy) { exposures.append(exposure) }
        }
        return exposures
    }

    /// - Returns: `nil` where the credential was not good when it was to be revoked.
    private func follow<S: AuthStrategy & ~Copyable>(
        _ index: Int, age_ms: Int64, on strategy: inout S
    ) throws -> LoginExposure? {
        let kind = Revocation.allCases.firstIndex(of: revocation) ?? 0
        let subject = Subject(id: Subject.sample.id - UInt64(1000 * (kind + 1) + index))
        let revoked = Instant.traceStart.advanced(byMilliseconds: Int64(index * 37))
        var credential = try strategy.login(subject, at: revoked.advanced(byMilliseconds: -age_ms))
        guard try isAccepted(credential, at: revoked, on: &strategy) else { return nil }
        switch revocation {
        case .logout: try strategy.logout(credential, at: revoked)
        case .permissionChange: try strategy.changeGrant(of: subject, to: "read", at: revoked)
        }
        var (now, exposure) = (revoked, LoginExposure())
        while true {
            let last = try lastAccepted(credential, from: now, on: &strategy)
            if let last { exposure.shortest_ms = Double(last.milliseconds - revoked.milliseconds + 1) }
            // As late as the credential allows, the first time else at once; renewing twice at one moment gains nothing.
            let isFirst = exposure.renewals == 0
            let moments = [last, isFirst ? now : nil].compactMap(\.self).filter { isFirst || $0 > now }
            guard let (renewed, moment) = try renew(credential, at: moments, on: &strategy),
                try isAccepted(renewed, at: moment, on: &strategy)
            else { return exposure }
            exposure.renewals += 1
            if exposure.renewals == Self.endless || stop.isRaised {
                exposure.isEndless = true
                return exposure
            }
            (credential, now) = (renewed, moment)
        }
    }

    /// Renews at the first of several moments at which it can.
    private func renew<S: AuthStrategy & ~Copyable>(
        _ credential: Credential, at moments: [Instant], on strategy: inout S
    ) throws -> (Credential, Instant)? {
        for moment in moments {
            if case .renewed(let fresh) = try strategy.renew(credential, at: moment) {
                return (fresh, moment)
            }
        }
        return nil
    }

    /// The last millisecond at which a credential is accepted, looked for by halves; `nil` for one that is not.
    private func lastAccepted<S: AuthStrategy & ~Copyable>(
        _ credential: Credential, from first: Instant, on strategy: inout S
    ) throws -> Instant? {
        guard try isAccepted(credential, at: first, on: &strategy) else { return nil }
        // A session that is used lives on, so the search may not go beyond one lifetime.
        var (good, bad) = (first, first.advanced(byMilliseconds: lifetime.longest_ms + 1000))
        while bad.milliseconds - good.milliseconds > 1 {
            let middle = Instant(milliseconds: (good.milliseconds + bad.milliseconds) / 2)
            if try isAccepted(credential, at: middle, on: &strategy) { good = middle } else { bad = middle }
        }
        return good
    }

    private func isAccepted<S: AuthStrategy & ~Copyable>(
        _ credential: Credential, at now: Instant, on strategy: inout S
    ) throws -> Bool {
        if case .accepted = try strategy.authenticate(credential, requiring: .probed, at: now) {
            true
        } else {
            false
        }
    }
}
