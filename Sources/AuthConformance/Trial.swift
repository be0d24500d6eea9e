import AuthCore
import Backends

/// A strategy on trial: two clients of it, and what the checks try them with.
struct Trial<S: AuthStrategy & ~Copyable>: ~Copyable {
    let environment: Environment
    let shared: Watched<S>.Shared
    let watch: Watch
    var here: Watched<S>
    var there: Watched<S>
    let promises: Promises
    let alice = Subject(id: 7)
    let bob = Subject(id: 8)
    /// Of what is put into a token to make it large.
    let longestToken_bytes: Int
    /// What the corpus of hostile tokens came to, once it has been tried.
    var corpusVerdicts: [String: Finding.Verdict]?
    /// Cases tried by the current check.
    var cases = 0

    init(_: S.Type, in environment: Environment, watch: Watch, longestToken_bytes: Int) throws {
        let shared = Watched<S>.Shared(own: try S.prepare(in: environment), watch: watch)
        var here = try Watched<S>(sharing: shared)
        let there = try Watched<S>(sharing: shared)
        let specimen = try here.login(alice, at: .traceStart)
        promises = Promises(S.descriptor, specimen: specimen, canSign: try here.signOctets([]) != nil)
        self.environment = environment
        self.shared = shared
        self.watch = watch
        self.here = here
        self.there = there
        self.longestToken_bytes = longestToken_bytes
    }

    var lifetimes: Lifetimes { environment.policy.lifetimes }
    var start: Instant { .traceStart }

    /// Presents a header line; anything but a decision is a breach.
    mutating func decide(_ line: [UInt8], at now: Instant = .traceStart, scope: Scope = .read) throws
        -> Decision
    {
        cases += 1
        let decision: Decision
        do { decision = try here.authenticate(line.span, requiring: scope, at: now) } catch {
            throw fault("an error instead of a decision", error)
        }
        if watch.isSlow { throw Halt(watch.slowText) }
        return decision
    }

    /// The same on the other client's connection.
    mutating func decideThere(_ line: [UInt8], at now: Instant) throws -> Decision {
        cases += 1
        do { return try there.authenticate(line.span, requiring: .read, at: now) } catch {
            throw fault("an error instead of a decision", error)
        }
    }

    mutating func mustAccept(_ line: [UInt8], _ what: String, at now: Instant = .traceStart) throws {
        let decision = try decide(line, at: now)
        guard decision == .accepted(alice) else { throw Breach("\(what): \(decision), though it is good") }
    }

    mutating func mustRefuse(_ line: [UInt8], _ what: String, at now: Instant = .traceStart) throws {
        guard case .refused = try decide(line, at: now) else { throw Breach("\(what): accepted") }
    }

    mutating func mustRefuseThere(_ line: [UInt8], _ what: String, at now: Instant) throws {
        guard case .refused = try decideThere(line, at: now) else {
            throw Breach("\(what): accepted on another connection")
        }
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

/// Whether an error says that a store was away, busy or full, so that nothing is proved about who asked it.
func isOutage(_ error: any Error) -> Bool {
    switch error {
    case let error as RedisError: error.isOutage
    case let error as SQLiteError: error.isOutage
    default: error is any StoreOutage
    }
}

/// What an error of a strategy comes to: a breach, unless a store is to blame.
func fault(_ what: String, _ error: any Error) -> any Error {
    isOutage(error) || error is Halt ? error : Breach("\(what): \(error)")
}
