import AuthCore

/// A strategy on trial: two clients of it, and what the checks try them with.
struct Trial<S: AuthStrategy & ~Copyable>: ~Copyable {
    let environment: Environment
    let shared: S.Shared
    var here: S
    var there: S
    let alice = Subject(id: 7)
    let bob = Subject(id: 8)
    /// Cases tried by the current check.
    var cases = 0

    init(_: S.Type, in environment: Environment) throws {
        let shared = try S.prepare(in: environment)
        let here = try S(sharing: shared)
        let there = try S(sharing: shared)
        self.environment = environment
        self.shared = shared
        self.here = here
        self.there = there
    }

    var lifetimes: Lifetimes { environment.policy.lifetimes }
    var start: Instant { .traceStart }

    /// Presents a header line; anything but a decision is a breach.
    mutating func decide(_ line: [UInt8], at now: Instant = .traceStart, scope: Scope = .read) throws
        -> Decision
    {
        cases += 1
        do {
            return try here.authenticate(line.span, requiring: scope, at: now)
        } catch { throw Breach("an error instead of a decision: \(error)") }
    }

    mutating func mustAccept(_ line: [UInt8], _ what: String, at now: Instant = .traceStart) throws {
        let decision = try decide(line, at: now)
        guard decision == .accepted(alice) else { throw Breach("\(what): \(decision), though it is good") }
    }

    mutating func mustRefuse(_ line: [UInt8], _ what: String, at now: Instant = .traceStart) throws {
        guard case .refused = try decide(line, at: now) else { throw Breach("\(what): accepted") }
    }

    mutating func require(_ isTrue: Bool, _ what: @autoclosure () -> String) throws {
        cases += 1
        if !isTrue { throw Breach(what()) }
    }

    /// Renews, and fails where that is refused.
    mutating func renewed(_ credential: Credential, at now: Instant) throws -> Credential {
        guard case .renewed(let fresh) = try here.renew(credential, at: now) else {
            throw Breach("a good credential was not renewed")
        }
        return fresh
    }
}
