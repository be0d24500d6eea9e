import AuthCore

/// What is asked of identifiers that are looked up, and of sessions.
enum SessionCheck: Sendable {
    case entropy, fixation, freshIdentifiers, dump, idleTimeout, absoluteTimeout, steppingClock, logout
    case logoutElsewhere, listing, touchRace, reclaimedSpace, cookie, malformed, twoCookies, crossingLogout
    case lostIndex, idempotentLogout
}

extension Trial where S: ~Copyable {
    mutating func check(_ check: SessionCheck) throws {
        switch check {
        case .entropy: try checkEntropy()
        case .fixation: try checkFixation()
        case .freshIdentifiers: try checkFreshIdentifiers()
        case .dump: try checkStoreHoldsNoCredential()
        case .idleTimeout: try checkIdleTimeout()
        case .absoluteTimeout: try checkAbsoluteTimeout(isClockStepping: false)
        case .steppingClock: try checkAbsoluteTimeout(isClockStepping: true)
        case .logout: try checkLogout()
        case .logoutElsewhere: try checkLogoutElsewhere()
        case .listing: try checkListing()
        case .touchRace: try checkTouchRace()
        case .reclaimedSpace: try checkReclaimedSpace()
        case .cookie: try checkCookie()
        case .malformed: try checkMalformed(isDoubled: false)
        case .twoCookies: try checkMalformed(isDoubled: true)
        case .crossingLogout: try checkCrossingLogout()
        case .lostIndex: try checkLostIndex()
        case .idempotentLogout: try checkIdempotentLogout()
        }
    }

    private mutating func checkEntropy() throws {
        var seen: [Set<UInt8>] = []
        var values: Set<[UInt8]> = []
        for _ in 0..<256 {
            let value = CredentialLine(try here.login(alice, at: start).headerLine).secret
            try require(values.insert(value).inserted, "an identifier was given twice")
            for (index, byte) in value.enumerated() {
                if index == seen.count { seen.append([]) }
                seen[index].insert(byte)
            }
        }
        // A place that took n values over 256 logins carries at least the bits below log2 n.
        let bits = seen.reduce(0) { $0 + ($1.count.bitWidth - 1 - $1.count.leadingZeroBitCount) }
        try require(bits >= 128, "identifiers show \(bits) random bits, not 128")
    }

    private mutating func checkFixation() throws {
        let genuine = try here.login(bob, at: start).headerLine
        guard let foreign = CredentialLine(genuine).strangers(1).first, foreign != genuine else {
            throw Breach("the credential has no secret: \(genuine.count) bytes")
        }
        try mustRefuse(foreign, "an identifier never issued")
        let own = try here.login(alice, at: start).headerLine
        try require(own != foreign, "the identifier of a stranger was adopted at login")
        try mustRefuse(foreign, "an identifier never issued, after a login")
    }

    private mutating func checkFreshIdentifiers() throws {
        let first = try here.login(alice, at: start)
        let second = try here.login(alice, at: start)
        try require(first.headerLine != second.headerLine, "two logins got one identifier")
        // What keeps no sessions may have nothing to renew.
        guard case .renewed(let fresh) = try here.renew(first, at: start) else {
            guard promises.descriptor.keepsSessions else { return }
            throw Breach("a good credential was not renewed")
        }
        try require(fresh.headerLine != first.headerLine, "a renewal kept the identifier")
        try mustAccept(fresh.headerLine, "the renewed session")
        guard promises.descriptor.revocation == .immediate else { return }
        try mustRefuse(first.headerLine, "the identifier from before a renewal")
        guard case .refused = try there.authenticate(first, at: start) else {
            throw Breach("the identifier from before a renewal is accepted on another connection")
        }
    }

    private mutating func checkIdleTimeout() throws {
        let line = try here.login(alice, at: start).headerLine
        let end = start.advanced(byMilliseconds: lifetimes.idle_ms)
        try mustRefuse(line, "a session idle for its whole timeout", at: end)
        let other = try here.login(alice, at: start).headerLine
        try mustAccept(
            other, "a session a second before its idle timeout", at: end.advanced(byMilliseconds: -1000))
    }

    /// Read often enough that it never idles, and with a clock that is set back on the way.
    private mutating func checkAbsoluteTimeout(isClockStepping: Bool) throws {
        let line = try here.login(alice, at: start).headerLine
        let step_ms = lifetimes.idle_ms / 2
        var age_ms: Int64 = 0
        while age_ms < lifetimes.absolute_ms {
            _ = try decide(line, at: start.advanced(byMilliseconds: age_ms))
            if isClockStepping {
                _ = try decide(line, at: start.advanced(byMilliseconds: age_ms - 3_600_000))
            }
            age_ms += step_ms
        }
        try mustRefuse(
            line, "a session at its absolute timeout",
            at: start.advanced(byMilliseconds: lifetimes.absolute_ms))
        guard
            case .refused = try here.renew(
                Credential(headerLine: line), at: start.advanced(byMilliseconds: lifetimes.absolute_ms))
        else {
            throw Breach("a session was renewed at its absolute timeout")
        }
    }

    private mutating func checkLogout() throws {
        let credential = try here.login(alice, at: start)
        _ = try there.authenticate(credential, at: start)
        try here.logout(credential, at: start)
        try mustRefuse(credential.headerLine, "a session after logout")
        guard case .refused = try there.authenticate(credential, at: start) else {
            throw Breach("a session after logout is accepted on another connection")
        }
        guard case .refused = try there.renew(credential, at: start) else {
            throw Breach("a session after logout is renewed")
        }
    }

    private mutating func checkCookie() throws {
        let line = String(decoding: try here.login(alice, at: start).headerLine, as: UTF8.self)
        try require(line.hasPrefix("Cookie: __Host-"), "the cookie's name has no __Host- prefix")
        for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite="] {
            try require(Cookie.attributes.contains("; \(attribute)"), "no \(attribute)")
        }
        try require(line.utf8.count - "Cookie: ".utf8.count <= 4096, "name and value exceed 4096 bytes")
    }

    /// NEG-O: none of it may reach the store.
    private mutating func checkMalformed(isDoubled: Bool) throws {
        let credential = try here.login(alice, at: start)
        let cookies = HostileCookies(credential.headerLine)
        let before = here.storeCommands
        for line in isDoubled ? cookies.doubled : cookies.malformed {
            try mustRefuse(line, "a header line of \(line.count) bytes")
        }
        try require(here.storeCommands == before, "the store was asked about a malformed identifier")
        try mustAccept(credential.headerLine, "the session itself")
        if let line = cookies.amongOthers { try mustAccept(line, "the session among other cookies") }
    }
}
