import AuthCore
import Backends
import Foundation
import Synchronization
import TestStores
import Testing

@testable import AuthStrategies

/// Tokens about which an authority is asked: what it answers to whom, and what a client makes of answers that lie.
@Suite("Introspection")
struct IntrospectionTests {
    private let alice = Subject(id: 7)
    private let bob = Subject(id: 8)

    // MARK: The authority

    /// Asks an authority past the strategy.
    ///
    /// - Returns: the status and the body.
    private func ask(
        _ settings: AuthoritySettings, _ path: String, _ form: String, method: String = "POST",
        type: String = "application/x-www-form-urlencoded", as credentials: String?? = nil
    ) throws -> (status: Int, text: String) {
        let address = try #require(HTTPAddress(url: settings.url))
        var connection = try HTTPConnection(address)
        let basic = AuthorityCaller(id: settings.clientID, secret: settings.clientSecret).basicText
        let authorization = (credentials ?? basic).map { "Authorization: \($0)\r\n" } ?? ""
        let head =
            "\(method) \(path.hasPrefix("/") ? path : "\(address.path)/\(path)") HTTP/1.1\r\nHost: h\r\n\(authorization)"
            + "Content-Type: \(type)\r\nContent-Length: "
        let status = try connection.exchange(
            head: Array(head.utf8), body: Array(form.utf8), isRepeatable: false)
        let body = connection.withAnswer { $0.withBody { body in body.indices.map { body[$0] } } }
        return (status, String(decoding: body, as: UTF8.self))
    }

    private func token(_ credential: Credential) -> String {
        String(decoding: credential.headerLine.dropFirst(BearerHeader.prefix.count), as: UTF8.self)
    }

    @Test("what is active is answered as RFC 7662 has it, to callers that are known")
    func answers() throws {
        let stores = try TestStores()
        let settings = try #require(stores.environment.authority)
        var strategy = try Introspection(sharing: Introspection.prepare(in: stores.environment))
        let token = token(try strategy.login(alice, at: .start))
        let now = "authbench_now=\(Instant.start.milliseconds)"
        let (from, until) = (Instant.start.seconds, Instant.start.seconds + 1800)
        let active =
            #"{"active":true,"sub":"7","scope":"read write","client_id":"web-app","token_type":"Bearer","iat":\#(from),"exp":\#(until)}"#
        let good = try ask(settings, "introspect", "token=\(token)&\(now)")
        #expect(good.status == 200 && good.text == active, "\(good)")
        // As a form may also be written.
        let spelled = token.utf8.map { "%" + String($0, radix: 16) }.joined()
        #expect(
            try ask(
                settings, "introspect", "x=1&\(now)&token=\(spelled)&token_type_hint=access_token",
                type: "Application/X-WWW-Form-Urlencoded; charset=utf-8"
            ).text == active)
        for credentials in [nil, "", "Basic", "Basic YTpi", "Bearer \(token)"] as [String?] {
            let refused = try ask(settings, "introspect", "token=\(token)&\(now)", as: .some(credentials))
            #expect(refused.status == 401 && refused.text == #"{"error":"invalid_client"}"#, "\(refused)")
        }
    }

    @Test("a request that is not understood is refused by its status, and changes nothing")
    func refusals() throws {
        let stores = try TestStores()
        let settings = try #require(stores.environment.authority)
        var strategy = try Introspection(sharing: Introspection.prepare(in: stores.environment))
        let credential = try strategy.login(alice, at: .start)
        let token = token(credential)
        let now = "authbench_now=\(Instant.start.milliseconds)"
        let cases: [(Int, String, String)] = [
            (400, "introspect", now), (400, "introspect", "token=\(token)"), (400, "introspect", "token"),
            (400, "introspect", "token=\(token)&authbench_now=x"), (400, "revoke", "token=%4&\(now)"),
            (400, "introspect", "token=\(token)&token=\(token)&\(now)"), (400, "login", "sub=-1&\(now)"),
            (400, "login", "sub=18446744073709551616&\(now)"), (400, "renew", "token=x&\(now)"),
            (400, "grant", "sub=7&scope=%22&\(now)"), (400, "prepare", "store=sqlite"),
            (400, "load", "logins=7*8"), (404, "nothing", now), (404, "/no-such-realm/introspect", now),
            (404, "/../introspect", now), (404, "/a/b/introspect", now), (404, "/A/introspect", now),
        ]
        for (status, path, form) in cases {
            let answer = try ask(settings, path, form)
            #expect(answer.status == status, "\(path) \(form): \(answer)")
            #expect(answer.text.hasPrefix(#"{"error":""#), "\(answer)")
        }
        #expect(try ask(settings, "introspect", "token=\(token)&\(now)", method: "GET").status == 405)
        #expect(try ask(settings, "introspect", "{}", type: "application/json").status == 415)
        // What is no token must not become another header line (RFC 7009 section 2.2: it succeeds all the same).
        #expect(try ask(settings, "revoke", "token=\(token)%3B%20x=y&\(now)").status == 200)
        #expect(try strategy.authenticate(credential, at: .start) == .accepted(alice))
        #expect(try ask(settings, "revoke", "token=\(token)&\(now)").status == 200)
        #expect(try strategy.authenticate(credential, at: .start) == .refused(.unknown))
    }

    @Test("one request is one command and one round trip; a cache saves them, a malformed token costs none")
    func commands() throws {
        let stores = try TestStores()
        var strategy = try Introspection(sharing: Introspection.prepare(in: stores.environment))
        let credential = try strategy.login(alice, at: .start)
        let before = strategy.storeCommands
        _ = try strategy.authenticate(credential, at: .start)
        #expect(strategy.storeCommands == before + 1 && strategy.storeRoundTrips == before + 1)
        for line in ["Authorization: Bearer x", "Cookie: __Host-session=x", ""] {
            _ = try strategy.authenticate(Credential(headerLine: Array(line.utf8)), at: .start)
        }
        #expect(strategy.storeCommands == before + 1)
    }

    /// Lends a place to a variant, with an authority of the test's own.
    private func withAuthority(
        _ name: String, change: (inout AuthorityServers) -> Void = { _ in },
        _ body: (Environment, PrivateAuthorityServer, _ folder: URL) throws -> Void
    ) throws {
        let (folder, stores) = (try TemporaryFolder(), try TestStores())
        defer { folder.remove() }
        var servers = stores.servers
        change(&servers)
        let server = try PrivateAuthorityServer(
            folder: folder.url, program: TestAuthority.program, servers: servers)
        defer { server.stop() }
        let choice = try #require(try StrategyChoice.named([name], among: builtinStrategies).first)
        var environment = choice.environment(stores.environment)
        environment.authority = AuthoritySettings(
            url: "\(server.url)/a", clientID: server.caller.id, clientSecret: server.caller.secret)
        try body(environment, server, folder.url)
    }

    @Test("an authority that was killed and started again has what it had acknowledged, in memory nothing")
    func restart() throws {
        for (store, keeps) in [("sqlite", true), ("memory", false), ("redis", true), ("postgres", true)] {
            try withAuthority("introspection@store=\(store)") { environment, server, _ in
                _ = try Introspection.prepare(in: environment)
                var strategy = try Introspection(sharing: Introspection.prepare(in: environment))
                let (credential, gone) = (
                    try strategy.login(alice, at: .start), try strategy.login(bob, at: .start)
                )
                try strategy.logout(gone, at: .start)
                let port = server.url
                server.stop()
                let error = #expect(throws: HTTPError.self) {
                    _ = try strategy.authenticate(credential, at: .start)
                }
                #expect(error?.isOutage == true)
                try server.restart()
                #expect(server.url == port)
                var decision: Decision?
                let begin = Date()
                // The pause between two attempts to connect may not be over.
                while decision == nil, Date().timeIntervalSince(begin) < 10 {
                    decision = try? strategy.authenticate(credential, at: .start)
                }
                #expect(decision == (keeps ? .accepted(alice) : .refused(.unknown)))
                #expect(try strategy.authenticate(gone, at: .start) == .refused(.unknown))
                #expect(
                    try strategy.authenticate(strategy.login(bob, at: .start), at: .start) == .accepted(bob))
            }
        }
    }

    @Test("a realm that is prepared anew is empty, in each store", arguments: AuthorityStore.allCases)
    func anew(store: AuthorityStore) throws {
        try withAuthority("introspection@store=\(store)") { environment, _, _ in
            var strategy = try Introspection(sharing: Introspection.prepare(in: environment))
            let credential = try strategy.login(alice, at: .start)
            #expect(try strategy.authenticate(credential, at: .start) == .accepted(alice))
            strategy = try Introspection(sharing: Introspection.prepare(in: environment))
            #expect(try strategy.authenticate(credential, at: .start) == .refused(.unknown))
            #expect(try strategy.sessions(of: alice, at: .start)?.isEmpty == true)
        }
    }

    @Test("nothing that an authority keeps has the passwords of its stores in it")
    func secrets() throws {
        let change = { (servers: inout AuthorityServers) in
            servers.postgresURL = "postgresql://me:hunter2@127.0.0.1:1/db"
        }
        try withAuthority("introspection@store=redis", change: change) { environment, server, folder in
            _ = try Introspection.prepare(in: environment)
            let files = try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: nil)
            #expect(files.count >= 2)
            for file in files { #expect(try Data(contentsOf: file).range(of: Data("hunter2".utf8)) == nil) }
            let arguments = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(server.processID)/cmdline"))
            #expect(arguments.range(of: Data("hunter2".utf8)) == nil)
        }
    }

    // MARK: Answers that lie

    /// An authority that answers whatever it is told to.
    private final class Script: Sendable {
        struct Answer: Sendable {
            var status = 200
            var type: StaticString = "application/json"
            var body: String
        }

        struct Handler: HTTPHandler {
            let script: Script

            mutating func answer(_ request: borrowing HTTPMessage, with response: inout HTTPResponse) {
                guard let answer = script.answer.withLock({ $0 }) else { return }
                (response.status, response.type) = (answer.status, answer.type)
                response.body = Array(answer.body.utf8)
            }
        }

        let answer = Mutex<Answer?>(nil)
    }

    private func withScript(
        _ body: (inout Introspection, (Script.Answer) -> Void) throws -> Void
    ) throws {
        let (script, server) = (Script(), try HTTPServer(port: 0))
        Thread.detachNewThread { server.run { Script.Handler(script: script) } }
        defer { server.stop() }
        var environment = try TestStores().environment
        let name = "introspection@cache=60s,on-failure=accept"
        let choice = try #require(try StrategyChoice.named([name], among: builtinStrategies).first)
        environment.policy.parameters = choice.parameters
        environment.authority?.url = "http://127.0.0.1:\(server.port)/x"
        var strategy = try Introspection(sharing: Introspection.prepare(in: environment))
        try body(&strategy) { answer in script.answer.withLock { $0 = answer } }
    }

    private static let token = Credential(
        headerLine: BearerHeader.prefix + [UInt8](repeating: UInt8(ascii: "A"), count: 43))

    private func active(_ members: String) -> Script.Answer { .init(body: #"{"active":true\#(members)}"#) }

    @Test("an answer that is none, says too little or contradicts itself decides nothing")
    func lies() throws {
        let end = Instant.start.seconds + 100
        try withScript { (strategy, say) throws in
            for body in [
                "", "{}", "null", "[]", "{\"active\":true", "{\"active\":true}",
                #"{"active":"true","sub":"7","exp":\#(end)}"#,
                #"{"active":1,"sub":"7","exp":\#(end)}"#, #"{"active":true,"active":false}"#,
                #"{"active":false,"active":true,"sub":"7","exp":\#(end)}"#,
                #"{"active":true,"sub":7,"exp":\#(end)}"#,
                #"{"active":true,"sub":"seven","exp":\#(end)}"#,
                #"{"active":true,"sub":"18446744073709551616","exp":\#(end)}"#,
                #"{"active":true,"sub":"7"}"#, #"{"active":true,"sub":"7","exp":"\#(end)"}"#,
                #"{"active":true,"sub":"7","exp":\#(Instant.start.seconds - 1)}"#,
                #"{"active":true,"exp":\#(end)}"#,
                #"{"active":true,"sub":"7","exp":\#(end),"token_type":"mac"}"#,
                #"{"active":true,"sub":"7","exp":\#(end)} "# + "x",
            ] {
                say(.init(body: body))
                #expect(throws: AuthorityAnswerError.self, "\(body)") {
                    _ = try strategy.authenticate(Self.token, at: .start)
                }
            }
            let good = #"{"active":true,"sub":"7","exp":\#(end),"scope":"read"}"#
            say(.init(type: "text/html", body: good))
            #expect(throws: AuthorityAnswerError.self) {
                _ = try strategy.authenticate(Self.token, at: .start)
            }
            for status in [201, 204, 302, 401, 403, 404, 500, 503] {
                say(.init(status: status, body: status == 204 ? "" : good))
                let error = #expect(throws: HTTPError.self) {
                    _ = try strategy.authenticate(Self.token, at: .start)
                }
                #expect(error?.isOutage == (status >= 500), "\(status)")
            }
            // Whatever else is said of a token that is not active.
            say(.init(body: #"{"sub":"7","exp":\#(end),"scope":"read","active":false}"#))
            #expect(try strategy.authenticate(Self.token, at: .start) == .refused(.unknown))
            say(.init(body: good))
            #expect(try strategy.authenticate(Self.token, at: .start) == .accepted(alice))
        }
    }

    @Test("without a scope nothing is granted, and escapes are undone")
    func scopes() throws {
        let end = Instant.start.seconds + 100
        for (scope, decision) in [
            ("", Decision.refused(.insufficientScope)), (#","scope":"""#, .refused(.insufficientScope)),
            (#","scope":"re\u0061d""#, .accepted(alice)),
            (#","scope":"readwrite""#, .refused(.insufficientScope)),
        ] {
            try withScript { (strategy, say) throws in
                say(active(#","sub":"7","exp":\#(end)\#(scope)"#))
                #expect(try strategy.authenticate(Self.token, at: .start) == decision, "\(scope)")
            }
        }
    }

    @Test("a copy lives no longer than it was said to, nor than exp, also while the authority is away")
    func copies() throws {
        try withScript { (strategy, say) throws in
            let end = Instant.start.seconds + 30
            say(active(#","sub":"7","scope":"read","exp":\#(end)"#))
            #expect(try strategy.authenticate(Self.token, at: .start) == .accepted(alice))
            say(.init(status: 503, body: "{}"))
            #expect(try strategy.authenticate(Self.token, at: .start + 29_999) == .accepted(alice))
            #expect(throws: HTTPError.self) { _ = try strategy.authenticate(Self.token, at: .start + 30_000) }
            // What is not its fault is no reason to go by a copy.
            say(active(#","sub":"7","scope":"read","exp":\#(end + 1000)"#))
            #expect(try strategy.authenticate(Self.token, at: .start + 31_000) == .accepted(alice))
            say(.init(status: 503, body: "{}"))
            #expect(try strategy.authenticate(Self.token, at: .start + 95_000) == .accepted(alice))
            say(.init(status: 401, body: "{}"))
            #expect(throws: HTTPError.self) { _ = try strategy.authenticate(Self.token, at: .start + 95_000) }
            say(.init(body: #"{"active":false}"#))
            #expect(try strategy.authenticate(Self.token, at: .start + 95_000) == .refused(.unknown))
            say(.init(status: 503, body: "{}"))
            #expect(throws: HTTPError.self) { _ = try strategy.authenticate(Self.token, at: .start + 95_000) }
        }
    }
}
