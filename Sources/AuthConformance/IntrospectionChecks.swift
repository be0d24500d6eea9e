import AuthCore
import AuthText
import Backends
import Foundation

/// How a requirement on introspection is tried: the kit asks the authority itself, past the strategy.
enum IntrospectionCheck {
    case silence, callers
}

extension Trial where S: ~Copyable {
    mutating func check(_ check: IntrospectionCheck) throws {
        switch check {
        case .silence: try checkSilence()
        case .callers: try checkCallers()
        }
    }

    private func authority() throws -> AuthorityProbe {
        guard let settings = environment.authority, let address = HTTPAddress(url: settings.url) else {
            throw NotTriedError("the run has no authority")
        }
        return try AuthorityProbe(
            address, AuthorityCaller(id: settings.clientID, secret: settings.clientSecret))
    }

    private func token(_ credential: Credential) -> [UInt8] { CredentialLine(credential.headerLine).secret }

    /// INT-01 (RFC 7662 section 2.2): unknown, malformed, ended and expired tokens are answered alike.
    private mutating func checkSilence() throws {
        var authority = try authority()
        let good = try here.login(alice, at: start)
        let answer = try authority.introspect(token(good), at: start)
        try require(answer.status == 200, "a good token is answered with status \(answer.status)")
        try require(answer.members["active"] == "true", "a good token is not active: \(answer.text)")
        for name in ["sub", "exp"] {
            try require(answer.members[name] != nil, "of a good token, \(name) is not said")
        }
        let unknown = try here.issueFlawed(.unknown, to: alice, at: start)
        let (ended, everywhere, renewed) = (
            try here.login(alice, at: start), try here.login(bob, at: start), try here.login(alice, at: start)
        )
        try here.logout(ended, at: start)
        try here.logoutEverywhere(bob, at: start)
        _ = try self.renewed(renewed, at: start)
        let bytes = token(good)
        let inactive: [(String, [UInt8])] = [
            ("nobody has issued", token(unknown)), ("was signed out", token(ended)),
            ("was signed out everywhere", token(everywhere)), ("was renewed", token(renewed)),
            ("is empty", []), ("is too short", Array(bytes.dropLast())), ("is too long", bytes + [65]),
            ("has other characters", Array("%00%0D%0A' OR '1'='1".utf8)),
            ("is very long", Array(repeating: 65, count: 100_000)),
        ]
        for (what, token) in inactive {
            try mustBeSilent(try authority.introspect(token, at: start), "a token that \(what)")
        }
        let end = start.advanced(byMilliseconds: lifetimes.absolute_ms)
        try mustBeSilent(try authority.introspect(bytes, at: end), "a token that has expired")
    }

    private mutating func mustBeSilent(_ answer: AuthorityProbe.Answer, _ what: String) throws {
        try require(answer.status == 200, "\(what) is answered with status \(answer.status)")
        try require(
            answer.members == ["active": "false"], "of \(what) more is said than active=false: \(answer.text)"
        )
    }

    /// INT-02 (RFC 7662 sections 2.1 and 4).
    private mutating func checkCallers() throws {
        var authority = try authority()
        let good = try here.login(alice, at: start)
        let genuine = authority.caller
        let wrong = AuthorityCaller(id: genuine.id, secret: String(genuine.secret.reversed()) + "x")
        let strangers: [(String, String?)] = [
            ("nobody", nil), ("a wrong secret", wrong.basicText),
            ("another client", AuthorityCaller(id: "stranger", secret: genuine.secret).basicText),
            ("no secret", AuthorityCaller(id: genuine.id, secret: "").basicText),
            ("half of the credentials", String(genuine.basicText.dropLast(8))),
            ("the token itself", "Bearer " + String(decoding: token(good), as: UTF8.self)),
        ]
        let unknown = token(try here.issueFlawed(.unknown, to: alice, at: start))
        for (who, credentials) in strangers {
            let answers = try [token(good), unknown].map {
                try authority.introspect($0, as: credentials, at: start)
            }
            try require(
                answers.allSatisfy { $0.status == 401 },
                "\(who) as a caller is answered with status \(answers[0].status)")
            try require(
                answers[0].text == answers[1].text,
                "\(who) as a caller learns what is a token: \(answers[0].text)")
        }
        try checkCopies()
    }

    /// Used to its absolute end, so that a copy is as fresh as can be when the session ends.
    private mutating func checkCopies() throws {
        let good = try here.login(alice, at: start)
        var age_ms: Int64 = 0
        while age_ms < lifetimes.absolute_ms {
            try mustAccept(good.headerLine, "a token in use", at: start.advanced(byMilliseconds: age_ms))
            age_ms += lifetimes.idle_ms / 2
        }
        let end = start.advanced(byMilliseconds: lifetimes.absolute_ms)
        try mustAccept(
            good.headerLine, "a token a second before its exp", at: end.advanced(byMilliseconds: -1000))
        try mustRefuse(good.headerLine, "a token at its exp, whatever is cached", at: end)
    }
}

/// Asks an authority as any client could.
private struct AuthorityProbe: ~Copyable {
    struct Answer {
        var status: Int
        var text: String
        /// The members of the JSON object, each as it is written; empty for what is none.
        var members: [String: String]
    }

    let caller: AuthorityCaller
    private let address: HTTPAddress
    private var connection: HTTPConnection

    init(_ address: HTTPAddress, _ caller: AuthorityCaller) throws {
        let connection = try HTTPConnection(address)
        self.connection = connection
        (self.address, self.caller) = (address, caller)
    }

    mutating func introspect(_ token: [UInt8], at now: Instant) throws -> Answer {
        try introspect(token, as: caller.basicText, at: now)
    }

    /// Sends a token as it stands, and `Authorization` where there are credentials.
    mutating func introspect(_ token: [UInt8], as credentials: String?, at now: Instant) throws -> Answer {
        let lines =
            ["POST \(address.path)/introspect HTTP/1.1", "Host: \(address.authority)"]
            + (credentials.map { ["Authorization: \($0)"] } ?? [])
            + ["Content-Type: application/x-www-form-urlencoded", "Content-Length: "]
        let body = Array("token=".utf8) + token + Array("&authbench_now=\(now.milliseconds)".utf8)
        let status = try connection.exchange(
            head: Array(lines.joined(separator: "\r\n").utf8), body: body, isRepeatable: true)
        let bytes = connection.withAnswer { $0.withBody { body in body.indices.map { body[$0] } } }
        let text = String(decoding: bytes, as: UTF8.self)
        // Foundation lets a name pass that stands twice.
        let strict = Result { () throws(JSONError) in
            try JSONReader.readObject(bytes.span) { (_, reader) throws(JSONError) in
                try reader.skipValue(bytes.span)
            }
        }
        let object =
            (try? strict.get()) == nil
            ? nil : (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any]
        let members = object?.mapValues { value in
            (try? JSONSerialization.data(withJSONObject: value, options: .fragmentsAllowed))
                .map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
        return Answer(status: status, text: text, members: members ?? [:])
    }
}
