import AuthCore
import Backends

/// A strategy behind HTTP: the routes that `authbench serve` has, each connection with a strategy value of its own.
///
/// Sign-ins name a user and no password, whose check would take longer than all else: nobody but the machine itself may
/// reach the server.
package struct StrategyService: Sendable {
    /// Whether it issues what must be refused, for the probes of a trace.
    private let hasProbes: Bool
    private let clock: @Sendable () -> Instant
    private let makeRoutes: @Sendable () throws -> any ServiceRoutes

    /// Prepares the strategy.
    ///
    /// - Throws: what the strategy throws.
    package init(
        _ choice: StrategyChoice, in environment: Environment, hasProbes: Bool,
        clock: @escaping @Sendable () -> Instant
    ) throws {
        func prepared<S: AuthStrategy & ~Copyable>(
            _ type: S.Type
        ) throws -> @Sendable () throws -> any ServiceRoutes {
            let policy = choice.policy(environment.policy)
            let shared = try S.prepare(in: choice.environment(environment))
            return { try StrategyRoutes<S>(sharing: shared, under: policy) }
        }
        (self.hasProbes, self.clock) = (hasProbes, clock)
        makeRoutes = try prepared(choice.type)
    }

    /// For a connection of its own.
    package func handler() -> any HTTPHandler {
        ServiceHandler(make: makeRoutes, hasProbes: hasProbes, clock: clock)
    }
}

/// What a strategy does for the routes; a class, because a strategy cannot be copied and a handler can.
private protocol ServiceRoutes: AnyObject {
    var transport: Transport { get }
    func login(_ user: UInt64, at now: Instant) throws -> Credential
    func probe(_ user: UInt64, _ form: ServiceForm, at now: Instant) throws -> Credential
    func decide(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws -> Decision
    func renew(_ credential: Credential, at now: Instant) throws -> Renewal
    func logout(_ credential: Credential, at now: Instant) throws
    func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]?
}

private final class StrategyRoutes<S: AuthStrategy & ~Copyable>: ServiceRoutes {
    private var strategy: S
    let transport: Transport

    init(sharing shared: S.Shared, under policy: Policy) throws {
        strategy = try S(sharing: shared)
        transport = S.descriptor(under: policy).transport
    }

    func login(_ user: UInt64, at now: Instant) throws -> Credential {
        try strategy.login(Subject(id: user), at: now)
    }

    func probe(_ user: UInt64, _ form: ServiceForm, at now: Instant) throws -> Credential {
        let subject = Subject(id: user)
        if let flaw = form.flaw { return try strategy.issueFlawed(flaw, to: subject, at: now) }
        let then = now.advanced(byMilliseconds: -Int64(clamping: form.age_ms))
        guard let credential = try strategy.load([Login(subject, at: then)]).first else {
            return try strategy.login(subject, at: then)
        }
        return credential
    }

    func decide(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws -> Decision {
        try strategy.authenticate(line, requiring: scope, at: now)
    }

    func renew(_ credential: Credential, at now: Instant) throws -> Renewal {
        try strategy.renew(credential, at: now)
    }

    func logout(_ credential: Credential, at now: Instant) throws { try strategy.logout(credential, at: now) }

    func sessions(of subject: Subject, at now: Instant) throws -> [SessionSummary]? {
        try strategy.sessions(of: subject, at: now)
    }
}

/// Answers the requests of one connection.
private struct ServiceHandler: HTTPHandler {
    let make: @Sendable () throws -> any ServiceRoutes
    let hasProbes: Bool
    let clock: @Sendable () -> Instant
    private var routes: (any ServiceRoutes)?
    private var date = HTTPDate()

    init(
        make: @escaping @Sendable () throws -> any ServiceRoutes, hasProbes: Bool,
        clock: @escaping @Sendable () -> Instant
    ) {
        (self.make, self.hasProbes, self.clock) = (make, hasProbes, clock)
    }

    mutating func answer(_ request: borrowing HTTPMessage, with response: inout HTTPResponse) {
        let now = clock()
        date.append(now.seconds, to: &response.fields)
        guard let route = ServiceRoute(request, hasProbes: hasProbes) else {
            return response.refuse(404, "not_found")
        }
        guard route.isPost ? request.isPost : request.isGet else {
            response.fields.append(route.isPost ? "Allow: POST\r\n" : "Allow: GET, HEAD\r\n")
            return response.refuse(405, "method_not_allowed")
        }
        do {
            // What needs no strategy is answered while its store is away, too.
            switch route {
            case .open: response.body.append("{\"status\":\"ok\"}")
            case .page:
                response.type = "text/html; charset=utf-8"
                response.body.append(ServicePage.html)
            default:
                let routes = try routes ?? make()
                self.routes = routes
                try answer(request, to: route, by: routes, at: now, with: &response)
            }
        } catch {
            response.refuse(isStoreOutage(error) || error is any StoreOutageError ? 503 : 500, "unavailable")
        }
    }

    private func answer(
        _ request: borrowing HTTPMessage, to route: ServiceRoute, by routes: any ServiceRoutes,
        at now: Instant, with response: inout HTTPResponse
    ) throws {
        switch route {
        case .open, .page: break
        case .resource:
            try protected(request, by: routes, at: now, with: &response) { subject, response in
                response.body.append("{\"user\":")
                response.body.append(decimal: subject.id)
                response.body.append("}")
            }
        case .sessions:
            try protected(request, by: routes, at: now, with: &response) { subject, response in
                let sessions = try routes.sessions(of: subject, at: now)
                response.body.append("{\"sessions\":")
                if let sessions {
                    response.body.append(decimal: UInt64(sessions.count))
                } else {
                    response.body.append("null")
                }
                response.body.append("}")
            }
        case .login, .probe:
            try signIn(request, isProbe: route == .probe, by: routes, at: now, with: &response)
        case .renew: try renew(request, by: routes, at: now, with: &response)
        case .logout: try logout(request, by: routes, at: now, with: &response)
        }
    }

    // MARK: Routes

    private func protected(
        _ request: borrowing HTTPMessage, by routes: any ServiceRoutes, at now: Instant,
        with response: inout HTTPResponse, _ body: (Subject, inout HTTPResponse) throws -> Void
    ) throws {
        let decision = try withCredential(request, routes.transport) { line in
            try routes.decide(line, requiring: .read, at: now)
        }
        switch decision {
        case .accepted(let subject): try body(subject, &response)
        case .refused(.insufficientScope):
            response.fields.append(
                "WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"read\"\r\n")
            response.refuse(403, "insufficient_scope")
        case .refused: response.refuseCredential("invalid_token", routes.transport)
        // A request without a credential is told no error (RFC 6750 section 3.1), one with two is no good request.
        case nil where request.count(of: Self.field(routes.transport)) == 0:
            response.refuseCredential(nil, routes.transport)
        case nil: response.refuse(400, "invalid_request")
        }
    }

    private func signIn(
        _ request: borrowing HTTPMessage, isProbe takesProbes: Bool, by routes: any ServiceRoutes,
        at now: Instant,
        with response: inout HTTPResponse
    ) throws {
        guard let form = request.withBody({ ServiceForm($0) }), let user = form.user else {
            return response.refuse(400, "invalid_request")
        }
        let isProbe = form.flaw != nil || form.age_ms > 0
        guard !isProbe || takesProbes else { return response.refuse(400, "invalid_request") }
        let credential =
            isProbe ? try routes.probe(user, form, at: now) : try routes.login(user, at: now)
        response.issue(credential, over: routes.transport)
    }

    private func renew(
        _ request: borrowing HTTPMessage, by routes: any ServiceRoutes, at now: Instant,
        with response: inout HTTPResponse
    ) throws {
        guard let credential = credential(request, routes.transport) else {
            return response.refuseCredential(nil, routes.transport)
        }
        switch try routes.renew(credential, at: now) {
        case .renewed(let fresh): response.issue(fresh, over: routes.transport)
        case .refused: response.refuseCredential("invalid_token", routes.transport)
        }
    }

    private func logout(
        _ request: borrowing HTTPMessage, by routes: any ServiceRoutes, at now: Instant,
        with response: inout HTTPResponse
    ) throws {
        guard let credential = credential(request, routes.transport) else {
            return response.refuseCredential(nil, routes.transport)
        }
        try routes.logout(credential, at: now)
        response.status = 204
        guard routes.transport == .cookie else { return }
        response.fields.append("Set-Cookie: ")
        response.fields.append(contentsOf: "\(Cookie.name)=; Max-Age=0\(Cookie.attributes)\r\n".utf8)
    }

    // MARK: Credentials of a request

    private static func field(_ transport: Transport) -> StaticString {
        transport == .cookie ? "cookie" : "authorization"
    }

    /// Lends the line that carries the credential; `nil` where there is none, or more than one.
    private func withCredential<Result>(
        _ request: borrowing HTTPMessage, _ transport: Transport, _ take: (Span<UInt8>) throws -> Result
    ) throws -> Result? { try request.withLine(Self.field(transport), take) }

    private func credential(_ request: borrowing HTTPMessage, _ transport: Transport) -> Credential? {
        let line = request.withLine(Self.field(transport)) { line in line.indices.map { line[$0] } }
        return line.map { line in
            let form = request.withBody { ServiceForm($0) }
            return Credential(headerLine: line, refreshToken: form?.refreshToken ?? [])
        }
    }
}
