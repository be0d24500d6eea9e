import AuthConformance
import AuthCore
import Backends
import Foundation
import TestStores
import Testing

@testable import AuthStrategies

/// What is wrong with a broken twin of introspection.
enum IntrospectionFlaw: String, CaseIterable {
    /// The authority says why a token is not active.
    case saysWhy
    /// It says whose the token was.
    case namesUser
    /// It answers whoever asks.
    case anyCaller
    /// Without credentials it still tells good tokens from others.
    case tellingRefusal
    /// The client goes by its copy for 5 s, whatever exp says.
    case copyBeyondExp

    var requirement: String {
        switch self {
        case .saysWhy, .namesUser: "INT-01"
        case .anyCaller, .tellingRefusal, .copyBeyondExp: "INT-02"
        }
    }
}

/// The real authority behind a handler with one flaw.
private struct FlawedAuthority: HTTPHandler {
    let flaw: IntrospectionFlaw
    let basic: String
    var real: any HTTPHandler

    mutating func answer(_ request: borrowing HTTPMessage, with response: inout HTTPResponse) {
        real.answer(request, with: &response)
        let isInactive = response.body.elementsEqual(#"{"active":false}"#.utf8)
        switch flaw {
        case .saysWhy where isInactive: response.body = Array(#"{"active":false,"reason":"expired"}"#.utf8)
        case .namesUser where isInactive: response.body = Array(#"{"active":false,"sub":"7"}"#.utf8)
        case .anyCaller where response.status == 401:
            answerAsKnown(request, &response)
        case .tellingRefusal where response.status == 401:
            answerAsKnown(request, &response)
            response.status = 401
        default: break
        }
    }

    /// Answers the same request with the right credentials.
    private mutating func answerAsKnown(_ request: borrowing HTTPMessage, _ response: inout HTTPResponse) {
        let target = request.withTarget { target in target.indices.map { target[$0] } }
        let body = request.withBody { body in body.indices.map { body[$0] } }
        let head =
            "POST \(String(decoding: target, as: UTF8.self)) HTTP/1.1\r\nHost: h\r\nAuthorization: \(basic)\r\n"
            + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.count)\r\n\r\n"
        var known = HTTPMessage(.request)
        known.take(Array(head.utf8) + body)
        guard (try? known.isWhole()) == true else { return }
        response = HTTPResponse()
        real.answer(known, with: &response)
    }
}

/// Introspection by a client that goes by what it was told last, for 5 s and beyond exp.
private struct ForgetfulClient: AuthStrategy, ~Copyable {
    static var descriptor: StrategyDescriptor {
        var descriptor = Introspection.descriptor
        descriptor.revocation = .cached
        return descriptor
    }

    static func lifetime(under policy: Policy) -> CredentialLifetime { Introspection.lifetime(under: policy) }
    static func prepare(in environment: Environment) throws -> Introspection.Shared {
        try Introspection.prepare(in: environment)
    }

    private var real: Introspection
    private var copies: [[UInt8]: (decision: Decision, asOf: Instant)] = [:]

    init(sharing shared: Introspection.Shared) throws { real = try Introspection(sharing: shared) }

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try real.login(subject, at: now)
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        let name = line.indices.map { line[$0] }
        if let copy = copies[name], 0..<5000 ~= now.milliseconds(since: copy.asOf) { return copy.decision }
        let decision = try real.authenticate(line, requiring: scope, at: now)
        if case .accepted = decision { copies[name] = (decision, now) }
        return decision
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        try real.renew(credential, at: now)
    }

    mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        try real.logout(credential, at: now)
    }

    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        try real.logoutEverywhere(subject, at: now)
    }
}

@Suite("Broken twins of introspection")
struct IntrospectionTwinTests {
    private func failed(_ flaw: IntrospectionFlaw?, of name: String = "introspection") throws -> [String] {
        let (stores, folder, server) = (
            try TestStores.ofTrial(), try TemporaryFolder(), try HTTPServer(port: 0)
        )
        let caller = try AuthorityCaller.drawn()
        let authority = Authority(
            folder: AuthorityFolder(folder.url.path), caller: caller, servers: stores.servers)
        Thread.detachNewThread {
            server.run {
                guard let flaw else { return authority.handler() }
                return FlawedAuthority(flaw: flaw, basic: caller.basicText, real: authority.handler())
            }
        }
        defer {
            server.stop()
            folder.remove()
        }
        let choice = try #require(try StrategyChoice.named([name], among: builtinStrategies).first)
        var environment = choice.environment(stores.environment)
        environment.authority?.url = "http://127.0.0.1:\(server.port)/twin"
        environment.authority?.clientID = caller.id
        environment.authority?.clientSecret = caller.secret
        let strategy: any (AuthStrategy & ~Copyable).Type =
            flaw == .copyBeyondExp ? ForgetfulClient.self : Introspection.self
        let findings = Conformance.check(
            strategy, in: environment, longestToken_bytes: 65_536, only: { $0.hasPrefix("INT-") })
        return findings.filter { $0.requirement.hasPrefix("INT-") }.compactMap { finding in
            if case .passed = finding.verdict { nil } else { "\(finding.requirement) \(finding.verdict)" }
        }
    }

    @Test("each fails the requirement that it breaks, and no other", arguments: IntrospectionFlaw.allCases)
    func twins(flaw: IntrospectionFlaw) throws {
        let failed = try failed(flaw)
        #expect(failed.count == 1 && failed[0].hasPrefix("\(flaw.requirement) failed"), "\(flaw): \(failed)")
    }

    @Test(
        "without a flaw both pass", arguments: ["introspection", "introspection@cache=60s,on-failure=accept"])
    func sound(name: String) throws { #expect(try failed(nil, of: name) == []) }
}
