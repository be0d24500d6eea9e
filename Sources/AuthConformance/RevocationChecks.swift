import AuthCore
import Dispatch
import Foundation
import Synchronization

/// Where sessions and families end for good, also under concurrency.
extension Trial where S: ~Copyable {
    mutating func checkLogoutElsewhere() throws {
        let own = try (0..<3).map { _ in try here.login(alice, at: start) }
        let other = try here.login(bob, at: start)
        if promises.descriptor.keepsSessions {
            guard try here.logoutOthers(own[0], at: start) else {
                throw Breach("the user's other sessions cannot be ended")
            }
            try mustAccept(own[0].headerLine, "the session from which the others were ended")
            for credential in own.dropFirst() {
                try mustRefuse(credential.headerLine, "a session that another one ended")
            }
        }
        try there.logoutEverywhere(alice, at: start)
        for credential in own { try mustRefuse(credential.headerLine, "a session after logout everywhere") }
        guard try here.authenticate(other, at: start) == .accepted(bob) else {
            throw Breach("logout everywhere ended another user's session")
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
            try mustRefuse(
                second.headerLine, "a renewed session after a logout with the identifier from before",
                at: moment)
            guard case .refused = try there.renew(second, at: moment) else {
                throw Breach("a session is renewed after a logout with the identifier from before")
            }
            try mustAccept(bystander.headerLine, "another session of the user", at: moment)
            try mustLogOut(first, at: moment)
        }
    }

    mutating func checkListing() throws {
        let carol = Subject(id: 9)
        guard let none = try here.sessions(of: carol, at: start) else {
            throw Breach("the sessions of a user cannot be listed")
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
            throw NotApplicable("the policy never touches")
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
            try mustRefuse(credential.headerLine, "a session deleted while it was touched", at: later)
        }
    }

    mutating func checkReclaimedSpace() throws {
        guard try here.storeBytes() != nil else {
            throw NotTried("storeBytes() does not say what its store holds")
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
        let unknown = try here.misissue(.unknown, to: alice, at: start)
        for one in [
            credential, credential, unknown, Credential(headerLine: []),
            Credential(headerLine: Array("Cookie: x".utf8), refreshToken: [1, 2]),
        ] {
            cases += 1
            try mustLogOut(one, at: start)
        }
    }

    private mutating func mustLogOut(_ credential: Credential, at now: Instant) throws {
        do { try there.logout(credential, at: now) } catch {
            throw fault("logging out was an error", error)
        }
    }
}
