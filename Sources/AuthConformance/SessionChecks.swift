import AuthCore
import Dispatch
import Foundation
import Synchronization

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
            throw BreachError("the credential has no secret: \(genuine.count) bytes")
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
            throw BreachError("a good credential was not renewed")
        }
        try require(fresh.headerLine != first.headerLine, "a renewal kept the identifier")
        try mustAccept(fresh.headerLine, "the renewed session")
        guard promises.descriptor.revocation != .atExpiry else { return }
        try mustRefuseEnded(first.headerLine, "the identifier from before a renewal", by: .here)
    }

    private mutating func checkIdleTimeout() throws {
        let line = try here.login(alice, at: start).headerLine
        let end = start.advanced(byMilliseconds: lifetimes.idle_ms)
        // Whoever keeps a copy has one now.
        try mustAccept(line, "a new session")
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
            throw BreachError("a session was renewed at its absolute timeout")
        }
    }

    private mutating func checkLogout() throws {
        let credential = try here.login(alice, at: start)
        _ = try there.authenticate(credential, at: start)
        try here.logout(credential, at: start)
        try mustRefuseEnded(credential.headerLine, "a session after logout", by: .here)
        guard case .refused = try there.renew(credential, at: start) else {
            throw BreachError("a session after logout is renewed")
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

/// Where sessions and families end for good, also under concurrency.
extension Trial where S: ~Copyable {
    mutating func checkLogoutElsewhere() throws {
        let own = try (0..<3).map { _ in try here.login(alice, at: start) }
        let other = try here.login(bob, at: start)
        if promises.descriptor.keepsSessions {
            guard try here.logoutOthers(own[0], at: start) else {
                throw BreachError("the user's other sessions cannot be ended")
            }
            try mustAccept(own[0].headerLine, "the session from which the others were ended")
            for credential in own.dropFirst() {
                try mustRefuse(credential.headerLine, "a session that another one ended")
            }
        }
        try there.logoutEverywhere(alice, at: start)
        for credential in own {
            try mustRefuseEnded(credential.headerLine, "a session after logout everywhere", by: .there)
        }
        guard try here.authenticate(other, at: start) == .accepted(bob) else {
            throw BreachError("logout everywhere ended another user's session")
        }
    }

    /// SES-20: of two requests that cross, one renews the session and the other one still has the identifier from before.
    mutating func checkCrossingLogout() throws {
        for isLongAfter in [false, true] {
            let first = try here.login(alice, at: start)
            let bystander = try here.login(alice, at: start)
            let moment = start.advanced(byMilliseconds: isLongAfter ? lifetimes.idle_ms / 2 : 0)
            let second = try renewed(first, at: moment)
            try mustRefuse(first.headerLine, "the identifier from before a renewal", at: moment)
            try mustLogOut(first, at: moment)
            try mustRefuseEnded(
                second.headerLine, "a renewed session after a logout with the identifier from before",
                by: .there, at: moment)
            guard case .refused = try there.renew(second, at: moment) else {
                throw BreachError("a session is renewed after a logout with the identifier from before")
            }
            try mustAccept(bystander.headerLine, "another session of the user", at: moment)
            try mustLogOut(first, at: moment)
        }
    }

    mutating func checkListing() throws {
        let carol = Subject(id: 9)
        guard let none = try here.sessions(of: carol, at: start) else {
            throw BreachError("the sessions of a user cannot be listed")
        }
        try require(none.isEmpty, "a user without sessions has \(none.count)")
        let own = try (0..<3).map { _ in try here.login(carol, at: start) }
        let listed = try there.sessions(of: carol, at: start) ?? []
        try require(listed.count == 3, "of three sessions \(listed.count) are listed")
        let end = start.advanced(byMilliseconds: min(lifetimes.idle_ms, lifetimes.absolute_ms))
        let expected = SessionSummary(createdAt: start, lastSeen: start, expiry: end)
        try require(listed.allSatisfy { $0 == expected }, "a session is listed as \(listed)")
        try here.logout(own[0], at: start)
        try require(try there.sessions(of: carol, at: start)?.count == 2, "a session after logout is listed")
        try require(try there.sessions(of: carol, at: end)?.isEmpty == true, "an expired session is listed")
    }

    /// One client reads, which is due to write the last-seen moment, while another one ends the session.
    mutating func checkTouchRace() throws {
        guard let interval_ms = environment.policy.touch.interval_ms else {
            throw NotApplicableError("the policy never touches")
        }
        let reader = Mutexed(try Watched<S>(sharing: shared))
        let ender = Mutexed(try Watched<S>(sharing: shared))
        let later = start.advanced(byMilliseconds: interval_ms)
        let begin = start
        let (reading, ending) = (DispatchQueue(label: "reading"), DispatchQueue(label: "ending"))
        for round in 0..<200 {
            let credential = try here.login(alice, at: start)
            let failure = Mutex<(any Error)?>(nil)
            let group = DispatchGroup()
            reading.async(group: group) {
                do { _ = try reader.value.withLock { try $0.authenticate(credential, at: later) } } catch {
                    failure.withLock { $0 = error }
                }
            }
            ending.async(group: group) {
                // At another point of the reading each time.
                Thread.sleep(forTimeInterval: Double(round % 20) * 100e-6)
                do { try ender.value.withLock { try $0.logout(credential, at: begin) } } catch {
                    failure.withLock { $0 = error }
                }
            }
            group.wait()
            if let error = failure.withLock({ $0 }) { throw fault("an error in the race", error) }
            try mustRefuseEnded(
                credential.headerLine, "a session deleted while it was touched", by: .another, at: later)
        }
    }

    mutating func checkReclaimedSpace() throws {
        guard try here.storeBytes() != nil else {
            throw NotTriedError("storeBytes() does not say what its store holds")
        }
        var sizes: [UInt64] = []
        for _ in 0..<4 {
            let credentials = try here.load((0..<2000).map { _ in Login(alice, at: start) })
            for credential in credentials { try here.logout(credential, at: start) }
            sizes.append(try here.storeBytes() ?? 0)
            cases += 2000
        }
        // Two thousand sessions more would be more than a quarter of a megabyte.
        try require(
            sizes[3] < sizes[1] + 262_144,
            "the store grew from \(sizes[1]) to \(sizes[3]) bytes over sessions that had ended")
    }

    /// RVK-01: ending what is unknown, ended or not even a credential succeeds.
    mutating func checkIdempotentLogout() throws {
        let credential = try here.login(alice, at: start)
        let unknown = try here.issueFlawed(.unknown, to: alice, at: start)
        for one in [
            credential, credential, unknown, Credential(headerLine: []),
            Credential(headerLine: Array("Cookie: x".utf8), refreshToken: [1, 2]),
        ] {
            cases += 1
            try mustLogOut(one, at: start)
        }
    }

    mutating func mustLogOut(_ credential: Credential, at now: Instant) throws {
        do { try there.logout(credential, at: now) } catch {
            throw fault("logging out was an error", error)
        }
    }
}
