import AuthBench
import Synchronization

/// A session whose identifier is looked up in this process's memory: the place of your own code.
///
/// Kept short, not to be signed: `my-authbench conform` lists what it lacks, an idle timeout for instance.
struct MemorySessionStrategy: AuthStrategy, ~Copyable {
    static let descriptor = StrategyDescriptor(
        id: "my-session", title: "session cookie, dictionary in memory", transport: .cookie,
        revocation: .immediate)

    static func lifetime(under policy: Policy) -> CredentialLifetime {
        CredentialLifetime(policy.lifetimes.absolute_ms)
    }

    /// The sessions of all clients, by the bytes of the whole header line.
    final class Shared: Sendable {
        struct Session {
            var subject: Subject
            var expiry: Instant
        }

        let sessions = Mutex<[[UInt8]: Session]>([:])
        let scope: [UInt8]
        let lifetime_ms: Int64

        init(_ policy: Policy) {
            scope = Array(policy.grantedScope.utf8)
            lifetime_ms = policy.lifetimes.absolute_ms
        }
    }

    static func prepare(in environment: Environment) -> Shared { Shared(environment.policy) }

    private let shared: Shared

    init(sharing shared: Shared) {
        self.shared = shared
    }

    mutating func login(_ subject: Subject, at now: Instant) -> Credential {
        let credential = freshCredential()
        let expiry = now.advanced(byMilliseconds: shared.lifetime_ms)
        shared.sessions.withLock {
            $0[credential.headerLine] = Shared.Session(subject: subject, expiry: expiry)
        }
        return credential
    }

    mutating func authenticate(
        _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) -> Decision {
        let key = headerLine.indices.map { headerLine[$0] }
        guard let session = shared.sessions.withLock({ $0[key] }) else { return .refused(.unknown) }
        guard now < session.expiry else { return .refused(.expired) }
        let granted = shared.scope
        return scope.isGranted(by: granted.span) ? .accepted(session.subject) : .refused(.insufficientScope)
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) -> Renewal {
        switch authenticate(credential.headerLine.span, requiring: .read, at: now) {
        case .refused(let reason): return .refused(reason)
        case .accepted(let subject):
            logout(credential, at: now)
            return .renewed(login(subject, at: now))
        }
    }

    mutating func logout(_ credential: borrowing Credential, at now: Instant) {
        let key = credential.headerLine
        shared.sessions.withLock { $0[key] = nil }
    }

    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) {
        shared.sessions.withLock { sessions in sessions = sessions.filter { $0.value.subject != subject } }
    }

    /// 128 random bits that no session has yet.
    private func freshCredential() -> Credential {
        var random = SystemRandomNumberGenerator()
        let identifier = [random.next(), random.next()].map { (word: UInt64) in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return Credential(headerLine: Array("Cookie: session=\(identifier.joined())".utf8))
    }
}
