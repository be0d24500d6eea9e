import AuthCore
import AuthText
import AuthStrategies
import Backends

/// The RS256 strategy, which also takes HS256 keyed by its public key: the algorithm of the token decides.
struct ConfusedTwin: AuthStrategy, ~Copyable {
    static let descriptor = StrategyDescriptor(
        id: "confused-twin", title: "broken", transport: .bearer, revocation: .atExpiry)

    static func prepare(in environment: Environment) throws -> RS256JWTStrategy.Shared {
        try RS256JWTStrategy.prepare(in: environment)
    }

    private var inner: RS256JWTStrategy

    init(sharing shared: RS256JWTStrategy.Shared) throws { inner = try RS256JWTStrategy(sharing: shared) }

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try inner.login(subject, at: now)
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        let decision = try inner.authenticate(line, requiring: scope, at: now)
        let text = String(decoding: (0..<line.count).map { line[$0] }, as: UTF8.self)
        let parts = (text.split(separator: " ").last ?? "").split(separator: ".")
        guard case .refused = decision, parts.count == 3 else { return decision }
        var mac = HMACSHA256(key: inner.verificationKey)
        let input = Array("\(parts[0]).\(parts[1])".utf8)
        let code = mac.code(for: input.span)
        let encoded = Base64URL.encode(code.indices.map { code[$0] })
        return Array(parts[2].utf8) == encoded ? .accepted(Subject(id: 7)) : decision
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        try inner.renew(credential, at: now)
    }
    mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {}
    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {}
    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential {
        try inner.issueFlawed(flaw, to: subject, at: now)
    }
    mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { try inner.signOctets(octets) }
    var verificationKey: [UInt8] { inner.verificationKey }
}
