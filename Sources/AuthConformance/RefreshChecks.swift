import AuthCore
import Dispatch
import Synchronization

/// What is asked of refresh tokens.
enum RefreshCheck: Sendable {
    case rotation, retiredToken, reuse, concurrency, lostAnswer, twoGenerations, familyLifetime, idleness,
        scope
    case mixUps, logout, clocks
}

extension Trial where S: ~Copyable {
    mutating func check(_ check: RefreshCheck) throws {
        let first = try here.login(alice, at: start)
        switch check {
        case .rotation:
            let second = try renewed(first, at: start)
            try require(second.refreshToken != first.refreshToken, "the refresh token did not rotate")
            try mustAccept(second.headerLine, "the renewed access token")
        case .retiredToken:
            _ = try renewed(first, at: start)
            try mustNotRenew(first, "a retired token after the grace", at: afterGrace)
        case .reuse:
            let second = try renewed(first, at: start)
            try mustNotRenew(first, "a retired token after the grace", at: afterGrace)
            try mustNotRenew(second, "the newest token of a family whose old one was reused", at: afterGrace)
        case .concurrency: try checkConcurrentRefreshes(first, clocks_ms: [0])
        case .lostAnswer: try checkLostAnswer(first)
        case .twoGenerations:
            _ = try renewed(try renewed(first, at: start), at: start)
            try mustNotRenew(first, "the token two generations back, within the grace", at: start)
        case .familyLifetime: try checkFamilyLifetime(first)
        case .idleness:
            let end = start.advanced(byMilliseconds: lifetimes.refreshIdle_ms)
            try mustNotRenew(first, "a token idle for its whole timeout", at: end)
        case .scope:
            guard case .refused = try decide(try renewed(first, at: start).headerLine, scope: Scope("admin"))
            else { throw BreachError("a renewal widened the scope") }
        case .mixUps: try checkMixUps(first)
        case .logout:
            try there.logout(first, at: start)
            try mustNotRenew(first, "a token after logout", at: start)
        case .clocks: try checkClocks(first)
        }
    }

    private var afterGrace: Instant { start.advanced(byMilliseconds: lifetimes.refreshGrace_ms + 1000) }

    private mutating func checkLostAnswer(_ first: Credential) throws {
        let within = start.advanced(byMilliseconds: lifetimes.refreshGrace_ms / 2)
        let second = try renewed(first, at: start)
        let again = try renewed(first, at: within)
        try require(
            again.refreshToken == second.refreshToken, "a lost answer was made good by a second branch")
        _ = try renewed(second, at: within)
    }

    private mutating func mustNotRenew(_ credential: Credential, _ what: String, at now: Instant) throws {
        cases += 1
        guard case .refused = try here.renew(credential, at: now) else {
            throw BreachError("\(what): renewed")
        }
    }

    private mutating func checkFamilyLifetime(_ first: Credential) throws {
        var credential = first
        let step_ms = lifetimes.refreshIdle_ms / 2
        var age_ms = step_ms
        while age_ms < lifetimes.absolute_ms {
            credential = try renewed(credential, at: start.advanced(byMilliseconds: age_ms))
            age_ms += step_ms
        }
        try mustNotRenew(
            credential, "a family at its absolute lifetime",
            at: start.advanced(byMilliseconds: lifetimes.absolute_ms))
    }

    private mutating func checkMixUps(_ credential: Credential) throws {
        let line = CredentialLine(credential.headerLine)
        try mustRefuse(line.prefix + credential.refreshToken, "a refresh token as an access token")
        let access = line.secret
        try mustNotRenew(
            Credential(headerLine: credential.headerLine, refreshToken: access),
            "an access token as a refresh token", at: start)
        for bent in [
            [], Array(credential.refreshToken.dropLast()), credential.refreshToken + [65],
            credential.refreshToken.reversed(),
        ] {
            try mustNotRenew(
                Credential(headerLine: credential.headerLine, refreshToken: bent),
                "a refresh token that was bent", at: start)
        }
        _ = try renewed(credential, at: start)
    }

    /// REF-15: servers whose clocks differ by up to the grace exchange one family's tokens.
    private mutating func checkClocks(_ first: Credential) throws {
        let grace_ms = lifetimes.refreshGrace_ms
        guard grace_ms > 1 else { throw NotApplicableError("the policy has no grace") }
        let now = start.advanced(byMilliseconds: 2 * grace_ms)
        for skew_ms in [-1, 1, -grace_ms / 2, -grace_ms, grace_ms - 1] {
            let then = now.advanced(byMilliseconds: skew_ms)
            let own = try here.login(alice, at: start)
            let second = try renewed(own, at: now)
            guard case .renewed(let again) = try there.renew(own, at: then) else {
                throw BreachError("a lost answer was refused to a clock that is \(skew_ms) ms off")
            }
            try require(
                again.refreshToken == second.refreshToken,
                "a second branch for a clock that is \(skew_ms) ms off")
            let third = try renewed(second, at: then)
            _ = try renewed(third, at: now)
            try mustNotRenew(own, "the token three generations back, \(skew_ms) ms off", at: then)
        }
        try checkConcurrentRefreshes(first, clocks_ms: [0, -1, 1, -grace_ms / 2, grace_ms / 2 - 1])
    }

    /// Thirty-two clients exchange one token at once, their clocks off by so much in turn; one branch may live.
    private mutating func checkConcurrentRefreshes(_ first: Credential, clocks_ms: [Int64]) throws {
        let clients = try (0..<32).map { _ in Mutexed(try Watched<S>(sharing: shared)) }
        let answers = Mutex<[Credential]>([])
        let failures = Mutex<[any Error]>([])
        let group = DispatchGroup()
        let middle = start.advanced(byMilliseconds: clocks_ms.count > 1 ? 2 * lifetimes.refreshGrace_ms : 0)
        for (index, client) in clients.enumerated() {
            let now = middle.advanced(byMilliseconds: clocks_ms[index % clocks_ms.count])
            DispatchQueue(label: "refresh.\(index)").async(group: group) {
                do {
                    let renewal = try client.value.withLock { try $0.renew(first, at: now) }
                    if case .renewed(let fresh) = renewal { answers.withLock { $0.append(fresh) } }
                } catch { failures.withLock { $0.append(error) } }
            }
        }
        group.wait()
        if let failure = failures.withLock({ $0.first }) {
            throw fault("an error in concurrent refreshes", failure)
        }
        let fresh = answers.withLock { $0 }
        cases += 32
        try require(!fresh.isEmpty, "none of the concurrent refreshes succeeded")
        let branches = Set(fresh.map(\.refreshToken))
        try require(branches.count == 1, "\(branches.count) live branches after concurrent refreshes")
        _ = try renewed(fresh[0], at: middle)
    }
}

/// A strategy value in a box that may be handed to a queue.
final class Mutexed<S: ~Copyable>: Sendable {
    let value: Mutex<S>

    init(_ value: consuming sending S) { self.value = Mutex(value) }
}
