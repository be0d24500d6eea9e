import AuthCore

/// What is asked of every credential, whatever it is made of and however it travels.
enum CredentialCheck: Sendable {
    case good, bent, unknown, expiry, exposure, permissions, pace
}

extension Trial where S: ~Copyable {
    mutating func check(_ check: CredentialCheck) throws {
        switch check {
        case .good: try checkGoodCredentials()
        case .bent: try checkBentCredentials()
        case .unknown: try checkUnknownCredentials()
        case .expiry: try checkExpiry()
        case .exposure: try checkExposure()
        case .permissions: try checkPermissions()
        case .pace: try require(!watch.isSlow, "")
        }
    }

    private mutating func checkGoodCredentials() throws {
        for subject in [alice, bob, Subject(id: 12)] {
            let first = try here.login(subject, at: start)
            let second = try there.login(subject, at: start)
            for credential in [first, second, first, second] {
                for decision in [
                    try decide(credential.headerLine), try decideThere(credential.headerLine, at: start),
                ] {
                    guard decision == .accepted(subject) else {
                        throw Breach("a good credential of the user \(subject.id): \(decision)")
                    }
                }
            }
        }
    }

    private mutating func checkBentCredentials() throws {
        let credential = CredentialLine(try here.login(alice, at: start).headerLine)
        for (what, line) in credential.bent + credential.misplaced { try mustRefuse(line, what) }
        try mustAccept(credential.line, "the credential itself, after all its changed forms")
    }

    private mutating func checkUnknownCredentials() throws {
        let genuine = try here.login(alice, at: start)
        for flaw in Flaw.allCases {
            let credential = try here.misissue(flaw, to: alice, at: start)
            try mustRefuse(credential.headerLine, "a credential issued as \(flaw)")
            try mustRefuseThere(credential.headerLine, "a credential issued as \(flaw)", at: start)
        }
        for line in CredentialLine(genuine.headerLine).strangers(16) where line != genuine.headerLine {
            try mustRefuse(line, "a credential of the right form that nobody issued")
        }
        try mustAccept(genuine.headerLine, "a good credential among unknown ones")
    }

    /// Nothing is accepted at the end of its lifetime or ever after; a moment before its shortest, it is.
    private mutating func checkExpiry() throws {
        let lifetime = S.lifetime(under: environment.policy)
        guard lifetime.longest_ms < Self.endless_ms else {
            throw NotApplicable("by its lifetime(under:) a credential never expires")
        }
        for issued in [start, start.advanced(byMilliseconds: 999)] {
            let used = try here.login(alice, at: issued)
            if lifetime.shortest_ms > 1 {
                let late = issued.advanced(byMilliseconds: lifetime.shortest_ms - 1)
                try mustAccept(used.headerLine, "a credential just before its expiry", at: late)
            }
            let credential = try here.login(alice, at: issued)
            for more_ms in [0, 1, 1000, lifetime.longest_ms, lifetimes.absolute_ms, 315_360_000_000] {
                let end = issued.advanced(byMilliseconds: lifetime.longest_ms).advanced(
                    byMilliseconds: more_ms)
                try mustRefuse(credential.headerLine, "a credential \(more_ms) ms after its expiry", at: end)
                try mustRefuseThere(
                    credential.headerLine, "a credential \(more_ms) ms after its expiry", at: end)
                guard credential.refreshToken.isEmpty, more_ms > 0 else { continue }
                guard case .refused = try here.renew(credential, at: end) else {
                    throw Breach("a credential was renewed \(more_ms) ms after its expiry")
                }
            }
        }
    }

    /// After a logout even a holder who renews whenever it can gets no further than the strategy promises.
    private mutating func checkExposure() throws {
        let limit_ms = S.longestExposure_ms(ofLoginAfter: .logout, under: environment.policy)
        guard limit_ms < Self.endless_ms else {
            throw NotApplicable("by its longestExposure_ms(ofLoginAfter:under:) a logout ends nothing")
        }
        var held = [try here.login(alice, at: start)]
        try there.logout(held[0], at: start)
        let step_ms = max(limit_ms / 200, lifetimes.shortest_ms / 2, 1)
        var age_ms: Int64 = 0
        while age_ms < limit_ms {
            let now = start.advanced(byMilliseconds: age_ms)
            if case .renewed(let fresh) = try here.renew(held[held.count - 1], at: now) { held.append(fresh) }
            age_ms += step_ms
        }
        let end = start.advanced(byMilliseconds: limit_ms)
        for credential in held {
            try mustRefuse(credential.headerLine, "a login that ended \(limit_ms) ms before", at: end)
            try mustRefuseThere(credential.headerLine, "a login that ended \(limit_ms) ms before", at: end)
            guard case .refused = try here.renew(credential, at: end) else {
                throw Breach("a login that ended \(limit_ms) ms before was renewed")
            }
        }
    }

    private static var endless_ms: Int64 { 100 * 366 * 86_400_000 }

    private mutating func checkPermissions() throws {
        let credential = try here.login(alice, at: start)
        guard case .refused = try decide(credential.headerLine, scope: Scope("admin")) else {
            throw Breach("a scope that nobody granted: accepted")
        }
        try mustAccept(credential.headerLine, "a scope that was granted")
        let exposure_ms = S.longestExposure_ms(ofLoginAfter: .permissionChange, under: environment.policy)
        guard exposure_ms == 0 else { return }
        try there.changeGrant(of: alice, to: "write", at: start)
        try mustRefuse(credential.headerLine, "a scope that was taken away")
        try there.changeGrant(of: alice, to: environment.policy.grantedScope, at: start)
        try mustAccept(credential.headerLine, "a scope that was given back")
    }
}
