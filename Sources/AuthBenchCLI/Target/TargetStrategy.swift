import AuthCore
import AuthStrategies
import Backends
import Foundation

/// Somebody's server behind HTTP, by a contract that says how it is asked: each client has a connection of its own.
///
/// The server goes by its own clock, so the trace's moments say no more than how old a sign-in is.
package struct TargetStrategy: AuthStrategy, ~Copyable {
    package struct Shared: Sendable {
        let address: HTTPAddress
        /// For a server behind TLS.
        let trust: TLSTrust?
        let requestsPerConnection: Int?
        let timeout_ms: Int
        let contract: Contract
        let asksOpenRoute: Bool
        /// How long a sign-in works.
        let lifetime_ms: Int64
        let owners = TargetOwners()

        /// The number by which the server knows somebody: a server of somebody's has the users that were put there.
        func user(_ subject: Subject) -> UInt64 {
            guard let users = contract.users, subject.id > 0 else { return subject.id }
            return (subject.id - 1) % users + 1
        }
    }

    package static func prepare(in environment: Environment) throws -> Shared {
        let parameters = environment.policy.parameters
        guard let address = HTTPAddress(url: parameters["url"] ?? "") else {
            throw TargetError("the address is no http://host:port")
        }
        let trust =
            address.isSecure
            ? try TLSTrust(authorities: parameters["ca"], isVerified: parameters["tls"] != "unverified") : nil
        return Shared(
            address: address, trust: trust, requestsPerConnection: parameters["requests"].flatMap { Int($0) },
            timeout_ms: parameters["timeout_ms"].flatMap { Int($0) } ?? 2000,
            contract: try Contract(json: parameters["contract"] ?? ""),
            asksOpenRoute: parameters["route"] == "open",
            lifetime_ms: lifetime(under: environment.policy).longest_ms)
    }

    private let shared: Shared
    private let contract: Contract
    private var connection: HTTPConnection
    /// All of a protected request but the credential's line.
    private let head: [UInt8]
    /// What stands before the credential in its line.
    private let prefix: [UInt8]
    private let userPath: [[UInt8]]

    package init(sharing shared: Shared) throws {
        let connection = try HTTPConnection(
            shared.address, trust: shared.trust, requestsPerConnection: shared.requestsPerConnection,
            timeout_ms: shared.timeout_ms)
        (self.shared, contract) = (shared, shared.contract)
        self.connection = connection
        let route = shared.asksOpenRoute ? shared.contract.open : shared.contract.protected
        head = Self.head(route ?? shared.contract.protected, shared.address)
        prefix =
            switch shared.contract.presentation {
            case .bearer: Array("Authorization: Bearer ".utf8)
            case .cookie(let name): Array("Cookie: \(name)=".utf8)
            case .header(let name): Array("\(name): ".utf8)
            }
        if case .json(let pointer) = shared.contract.user {
            userPath = JSONPointer.tokens(pointer)
        } else {
            userPath = []
        }
    }

    /// The head of a request without a body, up to where further lines may stand.
    private static func head(_ call: Contract.Call, _ address: HTTPAddress) -> [UInt8] {
        Array(
            "\(call.method) \(address.path)\(call.path) HTTP/1.1\r\nHost: \(address.authority)\r\nAccept: */*\r\nAccept-Encoding: identity\r\n"
                .utf8)
    }

    // MARK: Deciding

    package mutating func authenticate(
        _ headerLine: Span<UInt8>, requiring scope: Scope, at now: Instant
    ) throws -> Decision {
        let turn = shared.owners.begin(headerLine)
        defer { shared.owners.end(turn) }
        let changed = shared.owners.changed(headerLine)
        let status = if let changed { try ask(changed.span) } else { try ask(headerLine) }
        noteChange(of: headerLine)
        if contract.accepted.contains(status) {
            // Nobody is looked up whom the server itself names.
            guard shared.asksOpenRoute || userPath.isEmpty || contract.users != nil else {
                return .accepted(try connection.withAnswer { try subject(in: $0) })
            }
            let owner = shared.owners.owner(of: headerLine)
            // The open route lets everybody in: what a trace expects is decided here.
            if shared.asksOpenRoute { return owner.id == 0 ? .refused(.unknown) : .accepted(owner) }
            guard !userPath.isEmpty else { return .accepted(owner) }
            let found = try connection.withAnswer { try subject(in: $0) }
            // Whom the server calls by another number has the number of the trace here.
            return .accepted(owner.id != 0 && shared.user(owner) == found.id ? owner : found)
        }
        if contract.refused.contains(status) {
            return .refused(status == 403 ? .insufficientScope : .unknown)
        }
        throw failure(status)
    }

    private mutating func ask(_ headerLine: Span<UInt8>) throws -> Int {
        let head = head
        return try connection.exchange(isRepeatable: true) { output in
            output.append(contentsOf: head)
            output.append(headerLine)
            if !headerLine.isEmpty { output.append("\r\n") }
            output.append("\r\n")
        }
    }

    /// The decision on a whole line; on none where it is empty.
    mutating func decide(_ headerLine: [UInt8], at now: Instant) throws -> Decision {
        try authenticate(headerLine.span, requiring: .read, at: now)
    }

    var hasLogout: Bool { contract.logout != nil }

    /// Whose request it was, as the answer says.
    private func subject(in answer: borrowing HTTPMessage) throws -> Subject {
        let found = answer.withBody { body in JSONPointer.number(userPath, in: body) }
        guard let found else {
            throw TargetError(
                "the answer to a protected request has no user's number where the contract says")
        }
        return Subject(id: found)
    }

    /// Keeps what a server sets in the place of a cookie that was shown (RFC 6265 section 5.3).
    private func noteChange(of headerLine: Span<UInt8>) {
        guard case .cookie = contract.presentation, case .cookie = contract.credential else { return }
        let fresh = connection.withAnswer { answer in
            answer.count(of: "set-cookie") == 0 ? nil : try? contract.credential.text(in: answer)
        }
        if let fresh { shared.owners.note(change: prefix + fresh, of: headerLine) }
    }

    private func failure(_ status: Int) -> any Error {
        contract.undecided.contains(status)
            ? HTTPError.status(status, "undecided")
            : TargetError("it answered \(status), which the contract does not know")
    }

    // MARK: Signing in and out

    package mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try signIn(contract.login, as: subject)
    }

    private mutating func signIn(
        _ call: Contract.Call, as subject: Subject, _ values: [(String, String)] = []
    ) throws -> Credential {
        let user = shared.user(subject)
        let status = try send(call, [("user", String(user))] + values, with: nil)
        guard 200..<400 ~= status else { throw HTTPError.status(status, "to the sign-in of user \(user)") }
        do {
            // What must be refused need not be renewed.
            return try issued(to: subject, mayLackRefreshToken: !values.isEmpty)
        } catch let error as TargetError {
            throw TargetError("it answered \(status) to the sign-in of user \(user), and \(error.reason)")
        }
    }

    /// Reads what a sign-in or renewal issued.
    private func issued(
        to subject: Subject, after old: [UInt8] = [], mayLackRefreshToken: Bool = false
    ) throws -> Credential {
        let (secret, refreshToken) = try connection.withAnswer { answer in
            let secret = try contract.credential.text(in: answer)
            guard let place = contract.refresh else { return (secret, old) }
            if mayLackRefreshToken { return (secret, (try? place.text(in: answer)) ?? old) }
            return (secret, try place.text(in: answer))
        }
        let credential = Credential(headerLine: prefix + secret, refreshToken: refreshToken)
        shared.owners.note(credential, subject)
        return credential
    }

    package mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        guard let call = contract.renew else { return .renewed(copy credential) }
        let status = try send(call, Self.values(credential), with: credential.headerLine)
        if contract.refused.contains(status) { return .refused(.unknown) }
        guard 200..<400 ~= status else { throw failure(status) }
        let owner = shared.owners.owner(of: credential.headerLine.span)
        return .renewed(try issued(to: owner, after: credential.refreshToken))
    }

    package mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        guard let call = contract.logout else { return }
        let status = try send(call, Self.values(credential), with: credential.headerLine)
        // Somebody who is signed out already is told so by some servers; RFC 7009 section 2.2 does not.
        guard 200..<400 ~= status || contract.refused.contains(status) else { throw failure(status) }
        if shared.asksOpenRoute { shared.owners.forget(credential) }
    }

    package mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        throw TargetError("the contract has no logout everywhere")
    }

    private static func values(_ credential: borrowing Credential) -> [(String, String)] {
        [("refresh", String(decoding: credential.refreshToken, as: UTF8.self))]
    }

    /// Sends a request of the contract.
    ///
    /// - Returns: the status.
    private mutating func send(
        _ call: Contract.Call, _ values: [(String, String)], with headerLine: [UInt8]?
    ) throws -> Int {
        func filled(_ text: String) -> String {
            values.reduce(text) { $0.replacing("{{\($1.0)}}", with: $1.1) }
        }
        var filledCall = call
        filledCall.path = filled(call.path)
        let head = Self.head(filledCall, shared.address)
        let body = Array(filled(call.body ?? "").utf8)
        let hasBody = call.body != nil || call.method != "GET"
        let turn = headerLine.flatMap { shared.owners.begin($0.span) }
        defer { shared.owners.end(turn) }
        return try connection.exchange(isRepeatable: false) { [shared] output in
            output.append(contentsOf: head)
            if let headerLine {
                output.append(contentsOf: shared.owners.changed(headerLine.span) ?? headerLine)
                output.append("\r\n")
            }
            if hasBody {
                output.append(
                    contentsOf: "Content-Type: \(call.type)\r\nContent-Length: \(body.count)\r\n".utf8)
            }
            output.append("\r\n")
            output.append(contentsOf: body)
        }
    }

    // MARK: For probes

    package mutating func load(_ logins: [Login]) throws -> [Credential] {
        try logins.map { login in
            let age_ms = Instant.traceStart.milliseconds(since: login.instant)
            if age_ms > 0, let call = contract.aged {
                let credential = try signIn(call, as: login.subject, [("age_ms", String(age_ms))])
                if age_ms >= shared.lifetime_ms { shared.owners.forget(credential) }
                return credential
            }
            // What cannot be had as old as it should be is something else that must be refused.
            return age_ms >= shared.lifetime_ms
                ? try issueFlawed(.unknown, to: login.subject, at: login.instant)
                : try self.login(login.subject, at: login.instant)
        }
    }

    package mutating func issueFlawed(
        _ flaw: Flaw, to subject: Subject, at now: Instant
    ) throws -> Credential {
        if let call = contract.flawed {
            let credential = try signIn(call, as: subject, [("flaw", flaw.name)])
            shared.owners.forget(credential)
            return credential
        }
        // Letters and digits of a good one, each replaced by another of its kind.
        var credential = try login(subject, at: now)
        var random = SystemRandomNumberGenerator()
        for index in prefix.count..<credential.headerLine.count {
            switch credential.headerLine[index] {
            case 0x30...0x39: credential.headerLine[index] = .random(in: 0x30...0x39, using: &random)
            case 0x41...0x5A: credential.headerLine[index] = .random(in: 0x41...0x5A, using: &random)
            case 0x61...0x7A: credential.headerLine[index] = .random(in: 0x61...0x7A, using: &random)
            default: break
            }
        }
        return credential
    }
}
