import AuthCore
import AuthText
import Foundation
import Synchronization

/// What is wrong with an opaque strategy; the methods are called where it may go wrong.
package protocol OpaqueFlaw: Sendable, SendableMetatype {
    static var id: String { get }
    static var exemptions: [String: String] { get }
    static func prepare() throws
    /// Before each verb.
    static func enter(_ verb: String) throws
    /// What becomes of a decision.
    static func bend(_ decision: Decision, credential: [UInt8]) -> Decision
}

extension OpaqueFlaw {
    package static var exemptions: [String: String] { [:] }
    package static func prepare() throws {}
    package static func enter(_ verb: String) throws {}
    package static func bend(_ decision: Decision, credential: [UInt8]) -> Decision { decision }
}

/// A random bearer token, and sessions in the memory of this process: sound but for its flaw.
package struct Opaque<Flaw: OpaqueFlaw>: AuthStrategy, ~Copyable {
    package static var descriptor: StrategyDescriptor {
        StrategyDescriptor(
            id: Flaw.id, title: "opaque bearer token in memory", transport: .bearer, revocation: .immediate,
            exemptions: Flaw.exemptions)
    }

    package static func lifetime(under policy: Policy) -> CredentialLifetime {
        CredentialLifetime(policy.lifetimes.idle_ms)
    }

    fileprivate struct Session {
        var subject: Subject
        var scope: String
        var created: Instant
        var lastSeen: Instant
        var previous: String?
    }

    /// The sessions of all clients.
    package final class Shared: Sendable {
        fileprivate let sessions = Mutex<[String: Session]>([:])
        let policy: Policy

        init(_ policy: Policy) { self.policy = policy }

        fileprivate func expiry(_ session: Session) -> Instant {
            min(
                session.lastSeen.advanced(byMilliseconds: policy.lifetimes.idle_ms),
                session.created.advanced(byMilliseconds: policy.lifetimes.absolute_ms))
        }
    }

    package static func prepare(in environment: Environment) throws -> Shared {
        try Flaw.prepare()
        return Shared(environment.policy)
    }

    private let shared: Shared

    package init(sharing shared: Shared) { self.shared = shared }

    package mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try Flaw.enter("login")
        let scope = shared.policy.grantedScope
        return issue(Session(subject: subject, scope: scope, created: now, lastSeen: now))
    }

    package mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        try Flaw.enter("authenticate")
        let bytes = line.indices.map { line[$0] }
        return Flaw.bend(decide(bytes, scope, now), credential: bytes)
    }

    private func decide(_ line: [UInt8], _ scope: Scope, _ now: Instant) -> Decision {
        guard let token = Self.token(line) else { return .refused(.malformed) }
        return shared.sessions.withLock { sessions in
            guard var session = sessions[token] else { return .refused(.unknown) }
            guard now < shared.expiry(session) else { return .refused(.expired) }
            let granted = Array(session.scope.utf8)
            guard scope.isGranted(by: granted.span) else { return .refused(.insufficientScope) }
            session.lastSeen = max(session.lastSeen, now)
            sessions[token] = session
            return .accepted(session.subject)
        }
    }

    package mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        try Flaw.enter("renew")
        guard let token = Self.token(credential.headerLine) else { return .refused(.malformed) }
        let session = shared.sessions.withLock { sessions -> Session? in
            guard let session = sessions[token], now < shared.expiry(session) else { return nil }
            sessions[token] = nil
            return session
        }
        guard var session else { return .refused(.unknown) }
        session.previous = token
        session.lastSeen = max(session.lastSeen, now)
        return .renewed(issue(session))
    }

    package mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        try Flaw.enter("logout")
        guard let token = Self.token(credential.headerLine) else { return }
        shared.sessions.withLock { sessions in
            if sessions.removeValue(forKey: token) != nil { return }
            sessions = sessions.filter { $0.value.previous != token }
        }
    }

    package mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        try Flaw.enter("logoutEverywhere")
        shared.sessions.withLock { $0 = $0.filter { $0.value.subject != subject } }
    }

    package mutating func logoutOthers(_ credential: borrowing Credential, at now: Instant) throws -> Bool {
        let token = Self.token(credential.headerLine)
        shared.sessions.withLock { sessions in
            guard let token, let owner = sessions[token]?.subject else { return }
            sessions = sessions.filter { $0.key == token || $0.value.subject != owner }
        }
        return true
    }

    package mutating func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]? {
        shared.sessions.withLock { sessions in
            sessions.values.filter { $0.subject == subject && now < shared.expiry($0) }.map {
                SessionSummary(createdAt: $0.created, lastSeen: $0.lastSeen, expiry: shared.expiry($0))
            }
        }
    }

    package mutating func changeGrant(of subject: Subject, to scope: String, at now: Instant) throws {
        shared.sessions.withLock { sessions in
            for (token, session) in sessions where session.subject == subject {
                sessions[token]?.scope = scope
            }
        }
    }

    package mutating func issueFlawed(_ flaw: AuthCore.Flaw, to subject: Subject, at now: Instant) throws
        -> Credential
    {
        Self.credential(Self.mint())
    }

    // MARK: Tokens

    private func issue(_ session: Session) -> Credential {
        let token = Self.mint()
        shared.sessions.withLock { $0[token] = session }
        return Self.credential(token)
    }

    private static func mint() -> String {
        String(decoding: Base64URL.encode((0..<32).map { _ in UInt8.random(in: 0...255) }), as: UTF8.self)
    }

    private static func credential(_ token: String) -> Credential {
        Credential(headerLine: Array("Authorization: Bearer \(token)".utf8))
    }

    /// The token of a header line as RFC 9110 lets it be written; `nil` for anything else.
    private static func token(_ line: [UInt8]) -> String? {
        let text = String(decoding: line, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":"), text[..<colon].lowercased() == "authorization" else {
            return nil
        }
        let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        guard value.prefix(7).lowercased() == "bearer " else { return nil }
        let token = value.dropFirst(7).drop { $0 == " " }
        return token.utf8.count == 43 ? String(token) : nil
    }
}

package enum Sound: OpaqueFlaw { package static let id = "sound" }

package enum AcceptsAll: OpaqueFlaw {
    package static let id = "accepts-all"
    /// Words are no way out of what can be tried.
    package static let exemptions = ["CRD-02": "whatever is presented is good"]
    package static func bend(_ decision: Decision, credential: [UInt8]) -> Decision {
        .accepted(Subject(id: 7))
    }
}

package enum AcceptsExpired: OpaqueFlaw {
    package static let id = "accepts-expired"
    package static func bend(_ decision: Decision, credential: [UInt8]) -> Decision {
        decision == .refused(.expired) ? .accepted(Subject(id: 7)) : decision
    }
}

package enum Throws: OpaqueFlaw {
    package static let id = "throws"
    package static func enter(_ verb: String) throws {
        if verb == "authenticate" { throw CocoaError(.coderInvalidValue) }
    }
}

package enum IsSlow: OpaqueFlaw {
    package static let id = "is-slow"
    package static func enter(_ verb: String) { if verb == "authenticate" { usleep(20_000) } }
}

/// Sleeps in each check, so that its capacity is known whatever the processors do.
package enum KeepsTime: OpaqueFlaw {
    package static let id = "keeps-time"
    package static func enter(_ verb: String) { if verb == "authenticate" { usleep(10_000) } }
}

package enum Crashes: OpaqueFlaw {
    package static let id = "crashes"
    package static func enter(_ verb: String) { if verb == "logout" { fatalError("on purpose") } }
}

package enum Hangs: OpaqueFlaw {
    package static let id = "hangs"
    package static func enter(_ verb: String) { while verb == "renew" { usleep(1000) } }
}

package enum Prints: OpaqueFlaw {
    package static let id = "prints"
    package static func enter(_ verb: String) { if verb == "authenticate" { print("{\"isOver\":{}}") } }
}

package enum Leaves: OpaqueFlaw {
    package static let id = "leaves"
    package static func enter(_ verb: String) { if verb == "logout" { exit(0) } }
}

/// Cannot be prepared where fewer files may be open than the system allows.
package enum NeedsFiles: OpaqueFlaw {
    package static let id = "needs-files"
    package static func prepare() throws {
        let limits = try String(contentsOfFile: "/proc/self/limits", encoding: .utf8)
        let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") } ?? ""
        let numbers = line.split(separator: " ").dropFirst(3).prefix(2)
        guard numbers.first == numbers.last else { throw CocoaError(.executableLoad) }
    }
}
