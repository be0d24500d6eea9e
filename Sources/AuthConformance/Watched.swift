import AuthCore
import Synchronization

/// Sees what the clients of a strategy on trial are at, so that one that does not come back can be named.
package final class Watch: Sendable {
    /// A verb that has been called and has not come back.
    package struct Call: Sendable {
        package var verb: String
        package var begin: ContinuousClock.Instant
    }

    private struct State {
        var calls: [Int: Call] = [:]
        var clients = 0
        var decisions = 0
        var slowDecisions = 0
    }

    private let state = Mutex(State())
    /// A decision that takes longer is slow: thousands are tried.
    private let slow: Duration
    /// So many decisions are needed to call a strategy slow.
    private static let sample = 20

    package init(slow_ms: Int = 100) { slow = .milliseconds(slow_ms) }

    /// Whether most decisions so far have been slow: one stall does not count, whatever its length.
    var isSlow: Bool {
        state.withLock { $0.decisions >= Self.sample && $0.slowDecisions * 2 > $0.decisions }
    }

    var slowText: String { "most of its decisions take longer than \(slow): too slow to be tried" }

    /// The call that has been going on for longest.
    package var oldestCall: Call? { state.withLock { $0.calls.values.min { $0.begin < $1.begin } } }

    fileprivate func newClient() -> Int {
        state.withLock { state in
            state.clients += 1
            return state.clients
        }
    }

    fileprivate func begin(_ client: Int, _ verb: String) {
        let call = Call(verb: verb, begin: .now)
        state.withLock { $0.calls[client] = call }
    }

    fileprivate func end(_ client: Int) {
        let end = ContinuousClock.now
        state.withLock { state in
            guard let call = state.calls.removeValue(forKey: client), call.verb == "authenticate" else {
                return
            }
            state.decisions += 1
            if end - call.begin > slow { state.slowDecisions += 1 }
        }
    }
}

/// A client of a strategy whose calls a watch sees.
struct Watched<S: AuthStrategy & ~Copyable>: ~Copyable {
    struct Shared: Sendable {
        var own: S.Shared
        var watch: Watch
    }

    private var strategy: S
    private let watch: Watch
    private let client: Int

    init(sharing shared: Shared) throws {
        let (watch, client) = (shared.watch, shared.watch.newClient())
        watch.begin(client, "init(sharing:)")
        defer { watch.end(client) }
        let strategy = try S(sharing: shared.own)
        self.watch = watch
        self.client = client
        self.strategy = strategy
    }

    private mutating func call<Value>(_ verb: String, _ body: (inout S) throws -> Value) throws -> Value {
        watch.begin(client, verb)
        defer { watch.end(client) }
        return try body(&strategy)
    }

    mutating func load(_ logins: [Login]) throws -> [Credential] { try call("load") { try $0.load(logins) } }

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try call("login") { try $0.login(subject, at: now) }
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        watch.begin(client, "authenticate")
        defer { watch.end(client) }
        return try strategy.authenticate(line, requiring: scope, at: now)
    }

    mutating func authenticate(_ credential: Credential, at now: Instant) throws -> Decision {
        let line = credential.headerLine
        return try authenticate(line.span, requiring: .read, at: now)
    }

    mutating func renew(_ credential: Credential, at now: Instant) throws -> Renewal {
        try call("renew") { try $0.renew(credential, at: now) }
    }

    mutating func logout(_ credential: Credential, at now: Instant) throws {
        try call("logout") { try $0.logout(credential, at: now) }
    }

    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        try call("logoutEverywhere") { try $0.logoutEverywhere(subject, at: now) }
    }

    mutating func logoutOthers(_ credential: Credential, at now: Instant) throws -> Bool {
        try call("logoutOthers") { try $0.logoutOthers(credential, at: now) }
    }

    mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]? {
        try call("sessions") { try $0.sessions(of: subject, at: now) }
    }

    mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? {
        try call("signOctets") { try $0.signOctets(octets) }
    }

    mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {
        try call("changeGrant") { try $0.changeGrant(of: subject, to: scope, at: now) }
    }

    mutating func storeBytes() throws -> UInt64? { try call("storeBytes") { try $0.storeBytes() } }

    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential {
        try call("issueFlawed") { try $0.issueFlawed(flaw, to: subject, at: now) }
    }

    var verificationKey: [UInt8] { strategy.verificationKey }
    var storeCommands: Int { strategy.storeCommands }
    var storeRoundTrips: Int { strategy.storeRoundTrips }
    var touchFailures: Int { strategy.touchFailures }
}
