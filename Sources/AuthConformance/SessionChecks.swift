import AuthCore

extension Trial where S: ~Copyable {
    /// Tries one requirement of sessions; throws `Breach` or `NotApplicable`.
    mutating func checkSession(_ requirement: String) throws {
        switch requirement {
        case "SES-01": try checkEntropy()
        case "SES-02": try checkFixation()
        case "SES-03": try checkFreshIdentifiers()
        case "SES-04": try checkStoreHoldsNoCredential(S.self)
        case "SES-05", "SES-07": try checkIdleTimeout()
        case "SES-06", "SES-18": try checkAbsoluteTimeout(requirement)
        case "SES-08": try checkLogout()
        case "SES-09": try checkLogoutElsewhere()
        case "SES-10": try checkListing()
        case "SES-11": try checkTouchRace()
        case "SES-12": throw NotApplicable("sessions have no attributes that requests change")
        case "SES-13": try checkReclaimedSpace()
        case "SES-14", "SES-15": try checkCookie()
        case "SES-16", "SES-19": try checkMalformed(requirement)
        case "SES-20": try checkCrossingLogout()
        case "SES-21": try checkLostIndex()
        default: throw NotApplicable("needs a store that is stopped, which the kit does not do to a server")
        }
    }

    private func value(_ line: [UInt8]) -> ArraySlice<UInt8> {
        line.firstIndex(of: UInt8(ascii: "=")).map { line[($0 + 1)...] } ?? []
    }

    private mutating func checkEntropy() throws {
        var seen: [Set<UInt8>] = []
        var values: Set<[UInt8]> = []
        for _ in 0..<256 {
            let value = Array(value(try here.login(alice, at: start).headerLine))
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
        var foreign = genuine
        foreign[foreign.count - 5] =
            foreign[foreign.count - 5] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        try mustRefuse(foreign, "an identifier never issued")
        let own = try here.login(alice, at: start).headerLine
        try require(own != foreign, "the identifier of a stranger was adopted at login")
        try mustRefuse(foreign, "an identifier never issued, after a login")
    }

    private mutating func checkFreshIdentifiers() throws {
        let first = try here.login(alice, at: start)
        let second = try here.login(alice, at: start)
        try require(first.headerLine != second.headerLine, "two logins got one identifier")
        let fresh = try renewed(first, at: start)
        try require(fresh.headerLine != first.headerLine, "a renewal kept the identifier")
        try mustAccept(fresh.headerLine, "the renewed session")
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
    private mutating func checkAbsoluteTimeout(_ requirement: String) throws {
        let line = try here.login(alice, at: start).headerLine
        let step_ms = lifetimes.idle_ms / 2
        var age_ms: Int64 = 0
        while age_ms < lifetimes.absolute_ms {
            _ = try decide(line, at: start.advanced(byMilliseconds: age_ms))
            if requirement == "SES-18" {
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
    private mutating func checkMalformed(_ requirement: String) throws {
        let credential = try here.login(alice, at: start)
        guard let cookies = HostileCookies(credential.headerLine) else {
            throw Breach("the credential is no cookie of the name \(Cookie.name)")
        }
        let before = here.storeCommands
        for line in requirement == "SES-19" ? cookies.doubled : cookies.malformed {
            try mustRefuse(line, "a cookie line of \(line.count) bytes")
        }
        try require(here.storeCommands == before, "the store was asked about a malformed identifier")
        try mustAccept(credential.headerLine, "the session itself")
        try mustAccept(cookies.amongOthers, "the session among other cookies")
    }
}
