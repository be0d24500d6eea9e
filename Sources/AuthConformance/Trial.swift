import AuthCore
import Backends
import Foundation

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
        let sample = try here.login(alice, at: .traceStart)
        promises = Promises(
            S.descriptor(under: environment.policy), sample: sample, canSign: try here.signOctets([]) != nil,
            isForOneUse: S.isForOneUse(under: environment.policy))
        self.environment = environment
        self.shared = shared
        self.watch = watch
        self.here = here
        self.there = there
        self.longestToken_bytes = longestToken_bytes
    }

    var lifetimes: Lifetimes { environment.policy.lifetimes }
    var start: Instant { .traceStart }

    /// Whether a request uses a credential up, so that a check that presents one twice must have two.
    var isForOneUse: Bool { S.isForOneUse(under: environment.policy) }

    /// A good credential: the same, or where it may have been used, another one of the user.
    mutating func unused(_ credential: CredentialLine) throws -> CredentialLine {
        isForOneUse ? CredentialLine(try here.login(alice, at: start).headerLine) : credential
    }

    /// Presents a header line; anything but a decision is a breach.
    mutating func decide(_ line: [UInt8], at now: Instant = .traceStart, scope: Scope = .read) throws
        -> Decision
    {
        cases += 1
        let decision: Decision
        do { decision = try here.authenticate(line.span, requiring: scope, at: now) } catch {
            throw fault("an error instead of a decision", error)
        }
        if watch.isSlow { throw HaltError(watch.slowText) }
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
        guard decision == .accepted(alice) else {
            throw BreachError("\(what): \(decision), though it is good")
        }
    }

    mutating func mustRefuse(_ line: [UInt8], _ what: String, at now: Instant = .traceStart) throws {
        guard case .refused = try decide(line, at: now) else { throw BreachError("\(what): accepted") }
    }

    mutating func mustRefuseThere(_ line: [UInt8], _ what: String, at now: Instant) throws {
        guard case .refused = try decideThere(line, at: now) else {
            throw BreachError("\(what): accepted on another connection")
        }
    }

    /// Whoever ended a credential refuses it at once.
    ///
    /// The other client does too, or as soon as the strategy promises: when it has been told, within the time for which a server
    /// may go by what it knows, or when its copy is that old. Where requests are routed, whoever ended it may reach another
    /// server next.
    mutating func mustRefuseEnded(
        _ line: [UInt8], _ what: String, by ender: Client, after revocation: Revocation = .logout,
        at now: Instant = .traceStart
    ) throws {
        let ender = promises.descriptor.isRouted ? .another : ender
        if ender == .here { try mustRefuse(line, what, at: now) }
        if ender == .there { try mustRefuseThere(line, what, at: now) }
        if ender != .here {
            try mustRefuseInTime(what, after: revocation, at: now) { try $0.decide(line, at: $1) }
        }
        if ender != .there {
            try mustRefuseInTime(what, after: revocation, at: now) { try $0.decideThere(line, at: $1) }
        }
    }

    /// One of the two clients of a trial, or one more.
    enum Client { case here, there, another }

    private mutating func mustRefuseInTime(
        _ what: String, after revocation: Revocation, at now: Instant,
        _ decide: (inout Self, Instant) throws -> Decision
    ) throws {
        let promise = S.promise(after: revocation, under: environment.policy)
        let staleness_ms = S.staleness_ms(after: revocation, under: environment.policy)
        let begin = Date()
        while true {
            let later = promise == .cached ? now.advanced(byMilliseconds: staleness_ms) : now
            if case .refused = try decide(&self, later) { return }
            guard promise == .pushed, Date().timeIntervalSince(begin) * 1000 < Double(staleness_ms) else {
                throw BreachError("\(what): accepted on another connection")
            }
            Thread.sleep(forTimeInterval: 0.001)
        }
    }

    mutating func require(_ isTrue: Bool, _ what: @autoclosure () -> String) throws {
        cases += 1
        if !isTrue { throw BreachError(what()) }
    }

    /// Renews, and fails where that is refused.
    mutating func renewed(_ credential: Credential, at now: Instant) throws -> Credential {
        guard case .renewed(let fresh) = try here.renew(credential, at: now) else {
            throw BreachError("a good credential was not renewed")
        }
        return fresh
    }
}

/// Whether an error says that a store was away, busy or full, so that nothing is proved about who asked it.
func isOutage(_ error: any Error) -> Bool {
    isStoreOutage(error) || error is any StoreOutageError
}

/// What an error of a strategy comes to: a breach, unless a store is to blame.
func fault(_ what: String, _ error: any Error) -> any Error {
    isOutage(error) || error is HaltError ? error : BreachError("\(what): \(error)")
}

/// How one requirement came out for one strategy.
public struct Finding: Sendable, Equatable, Codable {
    public enum Verdict: Sendable, Equatable, Codable {
        /// With how many cases it was tried.
        case passed(cases: Int)
        /// The first thing that was not as required.
        case failed(String)
        /// What kept its trial from coming to an end, by no fault that is proved: a store that failed, a crash, no answer.
        case broken(String)
        /// Why this kit did not try it, though it may ask something.
        case notTried(String)
        /// Why it asks nothing of this strategy.
        case notApplicable(String)
    }

    public var strategy: String
    /// As in the checklist: `JWT-24`.
    public var requirement: String
    public var title: String
    public var verdict: Verdict
}

extension Finding {
    package init(_ requirement: Requirement, of strategy: String, _ verdict: Verdict) {
        self.init(
            strategy: strategy, requirement: requirement.id, title: requirement.title, verdict: verdict)
    }

    /// What the requirements under which a published bug is tried came to.
    init(_ bug: PublishedBug, from findings: [Self], of strategy: String) {
        let own = findings.filter { bug.requirements.contains($0.requirement) }
        self.init(
            strategy: strategy, requirement: bug.id, title: bug.title,
            verdict: own.map { $0.inherited }.max { $0.rank < $1.rank } ?? .notTried("no such requirement"))
        let cases = own.reduce(0) { if case .passed(let cases) = $1.verdict { $0 + cases } else { $0 } }
        if case .passed = verdict { verdict = .passed(cases: cases) }
    }

    /// The verdict with the requirement's name before its reason.
    private var inherited: Verdict {
        switch verdict {
        case .passed(let cases): .passed(cases: cases)
        case .failed(let text): .failed("\(requirement): \(text)")
        case .broken(let text): .broken("\(requirement): \(text)")
        case .notTried(let text): .notTried("\(requirement): \(text)")
        case .notApplicable(let text): .notApplicable("\(requirement): \(text)")
        }
    }
}

extension Finding.Verdict {
    /// Of several requirements of one bug, the verdict that counts.
    fileprivate var rank: Int {
        switch self {
        case .failed: 4
        case .broken: 3
        case .passed: 2
        case .notTried: 1
        case .notApplicable: 0
        }
    }
}

/// A breach of a requirement, thrown by the check that finds it.
struct BreachError: Error {
    var text: String

    init(_ text: String) { self.text = text }
}

/// What asks nothing of the strategy at hand, and why.
struct NotApplicableError: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}

/// What may ask something of the strategy, and why the kit cannot try it.
struct NotTriedError: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}

/// What ends the trial of a strategy, all that is left of it too: a store that failed, or no pace to go on with.
struct HaltError: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}
