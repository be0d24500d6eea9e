import Foundation
import Hummingbird

/// Sessions in Hummingbird's own memory store, behind a middleware; the port is the only argument.
@main
struct Main {
    static func main() async throws {
        guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]) else {
            FileHandle.standardError.write(Data("usage: hummingbird-sessions PORT\n".utf8))
            exit(64)
        }
        let sessions = MemoryPersistDriver()
        let router = Router(context: SessionContext.self)
        router.get("open") { _, _ in Status(status: "ok") }
        router.post("login") { request, context in
            let asked = try await request.decode(as: SignIn.self, context: context)
            return try await signIn(asked, sessions)
        }
        let protected = router.group().add(middleware: SessionMiddleware(sessions: sessions))
        protected.get("resource") { _, context in Owner(user: context.user) }
        protected.post("logout") { request, _ in
            if let id = request.cookies[cookieName]?.value { try await sessions.remove(key: id) }
            return Status(status: "ok")
        }
        var application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            services: [sessions])
        application.logger.logLevel = .error
        try await application.runService()
    }

    static let cookieName = "session"
    private static let life_s: Int64 = 3600

    /// Begins a session under 256 random bits.
    private static func signIn(
        _ asked: SignIn, _ sessions: MemoryPersistDriver<ContinuousClock>
    ) async throws -> Response {
        var random = SystemRandomNumberGenerator()
        let id = (0..<4).map { _ in String(random.next(), radix: 36) }.joined(separator: ".")
        let left_s = life_s - (asked.age_ms ?? 0) / 1000
        try await sessions.create(key: id, value: asked.user, expires: .seconds(left_s))
        var response = Response(status: .noContent)
        response.setCookie(Cookie(name: cookieName, value: id, path: "/", sameSite: .lax))
        return response
    }
}

/// What a sign-in says.
struct SignIn: Decodable {
    var user: UInt64
    /// For the probes of a trace only: how long ago it was.
    var age_ms: Int64?
}

struct Status: ResponseEncodable { var status: String }

struct Owner: ResponseEncodable { var user: UInt64 }

/// A request, and whose it is.
struct SessionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    var user: UInt64 = 0

    init(source: Source) { coreContext = .init(source: source) }
}

/// Lets only those pass whose cookie names a session.
struct SessionMiddleware: RouterMiddleware {
    let sessions: MemoryPersistDriver<ContinuousClock>

    func handle(
        _ request: Request, context: SessionContext,
        next: (Request, SessionContext) async throws -> Response
    ) async throws -> Response {
        guard let id = request.cookies[Main.cookieName]?.value,
            let user = try await sessions.get(key: id, as: UInt64.self)
        else { throw HTTPError(.unauthorized) }
        var context = context
        context.user = user
        return try await next(request, context)
    }
}
