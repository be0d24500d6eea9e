import AuthCore
import AuthText
import Backends

/// What an authority can be asked for.
enum AuthorityEndpoint: String, CaseIterable {
    /// RFC 7662: `token`.
    case introspect
    /// RFC 7009: `token`; ends its session, and succeeds for an unknown one.
    case revoke
    /// `sub`; answers with a token (RFC 6749 section 5.1).
    case login
    /// `token`; answers with another one in its place.
    case renew
    /// `sub`; ends all sessions of the user.
    case logoutEverywhere = "logout-everywhere"
    /// `token`; ends all sessions of its user but its own.
    case logoutOthers = "logout-others"
    /// `sub`; a line for each session: when it began, was seen last and ends.
    case sessions
    /// `sub` and `scope`; changes what the sessions of the user permit.
    case grant
    /// `logins` as `sub.instant*sub.instant`; answers with a token on each line.
    case load
    /// `tokens` as `token.token`; ends all of them.
    case unload
    /// Deletes some of what has expired; answers how many.
    case sweep
    /// Answers how many bytes the store holds.
    case size
    /// Makes the realm anew and empty, by `RealmSettings`.
    case prepare
}

extension String {
    /// Whether all characters are those of scopes and of the spaces between them (RFC 6749 section 3.3): none of them has to
    /// be escaped in JSON.
    var isScope: Bool {
        utf8.allSatisfy { 0x20...0x7E ~= $0 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }
}

/// A request lacks what the endpoint needs.
struct MissingParameterError: Error {}

/// Answers for one realm, on one connection.
protocol RealmClient: AnyObject {
    func answer(_ endpoint: AuthorityEndpoint, _ form: Span<UInt8>, _ response: inout HTTPResponse) throws
}

/// Answers with what a store of sessions says.
final class SessionRealmClient<Store: ScopedSessionStore & ~Copyable>: RealmClient {
    private var session: Session<Store>
    private let clientID: [UInt8]
    private let idle_s: Int64
    private var (token, scope): ([UInt8], [UInt8]) = ([], [])
    private var touchFailures = 0

    /// - Parameters:
    ///   - session: the sessions of the realm.
    ///   - clientID: the client for which its tokens are issued; no character of it needs an escape in JSON.
    ///   - idle_s: how long a session lives that nobody uses.
    init(_ session: consuming Session<Store>, clientID: String, idle_s: Int64) {
        self.session = session
        self.clientID = Array(clientID.utf8)
        self.idle_s = idle_s
    }

    func answer(_ endpoint: AuthorityEndpoint, _ form: Span<UInt8>, _ response: inout HTTPResponse) throws {
        switch endpoint {
        case .introspect: try introspect(form, &response)
        case .revoke: try session.logout(try credential(form), at: try now(form))
        case .login:
            try issue(try session.login(try subject(form), at: try now(form)), &response)
        case .renew:
            switch try session.renew(try credential(form), at: try now(form)) {
            case .renewed(let fresh): try issue(fresh, &response)
            case .refused:
                response.status = 400
                response.body.append("{\"error\":\"invalid_grant\"}")
            }
        case .logoutEverywhere: try session.logoutEverywhere(try subject(form), at: try now(form))
        case .logoutOthers: _ = try session.logoutOthers(try credential(form), at: try now(form))
        case .grant:
            guard let scope = try Form.text("scope", in: form), scope.isScope else {
                throw MissingParameterError()
            }
            try session.changeGrant(of: try subject(form), to: scope, at: try now(form))
        case .sessions, .load, .unload, .sweep, .size, .prepare: try administrate(endpoint, form, &response)
        }
    }

    /// What is asked for beside requests; the answers are lines of plain text.
    private func administrate(
        _ endpoint: AuthorityEndpoint, _ form: Span<UInt8>, _ response: inout HTTPResponse
    ) throws {
        response.type = "text/plain"
        switch endpoint {
        case .sessions:
            for one in try session.sessions(of: try subject(form), at: try now(form)) ?? [] {
                let instants = [one.createdAt, one.lastSeen, one.expiry]
                response.body +=
                    Array(
                        instants.map { "\($0.milliseconds)" }.joined(separator: " ").utf8) + [0x0A]
            }
        case .load:
            for credential in try session.load(try logins(form)) {
                response.body += SessionToken.token(of: credential) + [0x0A]
            }
        case .unload:
            guard let tokens = try Form.text("tokens", in: form) else { throw MissingParameterError() }
            let credentials = tokens.utf8.split(separator: UInt8(ascii: ".")).map {
                SessionToken.credential(Array($0))
            }
            try session.unload(credentials, at: try now(form))
        case .sweep:
            if let count = try session.sweep(at: try now(form)) {
                response.body.append(decimal: Int64(count))
            }
        case .size:
            if let bytes = try session.storeBytes() { response.body.append(decimal: bytes) }
        default: throw MissingParameterError()
        }
    }

    /// RFC 7662 section 2.2: of what is not active, nothing else is said.
    private func introspect(_ form: Span<UInt8>, _ response: inout HTTPResponse) throws {
        guard try Form.read("token", in: form, into: &token) else { throw MissingParameterError() }
        let (now, token) = (try now(form), token)
        guard let record = try session.describe(token.span, scope: &scope, at: now) else {
            response.body.append("{\"active\":false}")
            return
        }
        response.body.append("{\"active\":true,\"sub\":\"")
        response.body.append(decimal: record.subject.id)
        response.body.append("\",\"scope\":\"")
        response.body.append(contentsOf: scope)
        response.body.append("\",\"client_id\":\"")
        response.body.append(contentsOf: clientID)
        response.body.append("\",\"token_type\":\"Bearer\",\"iat\":")
        response.body.append(decimal: record.createdAt.seconds)
        // Whole seconds, rounded down: nobody who goes by it goes on too long.
        response.body.append(",\"exp\":")
        response.body.append(decimal: min(record.idleExpiry, record.absoluteExpiry).seconds)
        response.body.append("}")
        guard session.touchFailures > touchFailures else { return }
        touchFailures = session.touchFailures
        response.fields.append("Authbench-Touch-Failed: 1\r\n")
    }

    private func issue(_ credential: Credential, _ response: inout HTTPResponse) throws {
        response.body.append("{\"access_token\":\"")
        response.body.append(contentsOf: SessionToken.token(of: credential))
        response.body.append("\",\"token_type\":\"Bearer\",\"expires_in\":")
        response.body.append(decimal: idle_s)
        response.body.append("}")
    }

    private func now(_ form: Span<UInt8>) throws -> Instant {
        guard let milliseconds = try Form.number("authbench_now", in: form, Int64.self) else {
            throw MissingParameterError()
        }
        return Instant(milliseconds: milliseconds)
    }

    private func subject(_ form: Span<UInt8>) throws -> Subject {
        guard let id = try Form.number("sub", in: form, UInt64.self) else { throw MissingParameterError() }
        return Subject(id: id)
    }

    private func credential(_ form: Span<UInt8>) throws -> Credential {
        guard try Form.read("token", in: form, into: &token) else { throw MissingParameterError() }
        let token = token
        // What is no token must not become another header line than that of one.
        return SessionToken.isToken(token.span) ? SessionToken.credential(token) : Credential(headerLine: [])
    }

    private func logins(_ form: Span<UInt8>) throws -> [Login] {
        guard let text = try Form.text("logins", in: form) else { throw MissingParameterError() }
        return try text.split(separator: "*").map { one in
            let parts = one.split(separator: ".")
            guard parts.count == 2, let id = UInt64(parts[0]), let instant = Int64(parts[1]) else {
                throw MissingParameterError()
            }
            return Login(Subject(id: id), at: Instant(milliseconds: instant))
        }
    }
}
