import AuthCore
import AuthStrategies
import Synchronization

@testable import AuthConformance

/// What is wrong with a broken twin of the hybrid strategy's refresh tokens.
enum RefreshFlaw: String, CaseIterable, Sendable {
    case doesNotRotate, noReuseDetection, graceForEver, secondBranch, logoutKeepsFamily, neverIdle
    case signsInAtRefresh, distrustsClocks, showsRefreshToken

    @TaskLocal static var current = doesNotRotate

    var requirement: String {
        switch self {
        case .doesNotRotate: "REF-01"
        case .noReuseDetection: "REF-03"
        case .graceForEver: "REF-02"
        case .secondBranch: "REF-04"
        case .logoutKeepsFamily: "REF-13"
        case .neverIdle: "REF-08"
        case .signsInAtRefresh: "JWT-36"
        case .distrustsClocks: "REF-15"
        case .showsRefreshToken: "JWT-38"
        }
    }
}

struct RefreshTwin: AuthStrategy, ~Copyable {
    static let descriptor = StrategyDescriptor(
        id: "refresh-twin", title: "broken", transport: .bearer, revocation: .atExpiry, stores: [.sqlite])

    /// The refresh tokens that have been exchanged, and when first.
    final class Retired: Sendable {
        let tokens = Mutex<[[UInt8]: Instant]>([:])
    }

    struct Shared: Sendable {
        var inner: HybridStrategy.Shared
        var flaw: RefreshFlaw
        let retired = Retired()
    }

    static func prepare(in environment: Environment) throws -> Shared {
        Shared(inner: try HybridStrategy.prepare(in: environment), flaw: RefreshFlaw.current)
    }

    private var inner: HybridStrategy
    private let flaw: RefreshFlaw
    private let retired: Retired

    init(sharing shared: Shared) throws {
        inner = try HybridStrategy(sharing: shared.inner)
        flaw = shared.flaw
        retired = shared.retired
    }

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        let credential = try inner.login(subject, at: now)
        guard flaw == .showsRefreshToken, let token = GenuineToken(credential.headerLine) else {
            return credential
        }
        let refreshToken = String(decoding: credential.refreshToken, as: UTF8.self)
        let claims = GenuineToken.encoded(token.claims(["rt": "\"\(refreshToken)\""]))
        let signature = try inner.signOctets(Array("\(token.parts[0]).\(claims)".utf8)) ?? []
        return Credential(
            headerLine: token.line("\(token.parts[0]).\(claims).\(GenuineToken.encoded(signature))"),
            refreshToken: credential.refreshToken)
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        try inner.authenticate(line, requiring: scope, at: now)
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        let token = credential.refreshToken
        let first = retired.tokens.withLock { tokens in
            defer { if tokens[token] == nil { tokens[token] = now } }
            return tokens[token]
        }
        let isRetired = first != nil
        switch flaw {
        case .doesNotRotate: return .renewed(copy credential)
        case .noReuseDetection where isRetired: return .refused(.reused)
        case .graceForEver: return try inner.renew(credential, at: .traceStart)
        case .neverIdle: return try inner.renew(credential, at: min(now, .traceStart))
        case .distrustsClocks where first.map { now < $0 } == true: return .refused(.reused)
        case .signsInAtRefresh:
            guard case .renewed(let fresh) = try inner.renew(credential, at: now) else { break }
            let line = try inner.login(Subject(id: 7), at: now).headerLine
            return .renewed(Credential(headerLine: line, refreshToken: fresh.refreshToken))
        case .secondBranch where isRetired: return .renewed(try inner.login(Subject(id: 7), at: now))
        default: break
        }
        return try inner.renew(credential, at: now)
    }

    mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {
        if flaw != .logoutKeepsFamily { try inner.logout(credential, at: now) }
    }

    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {
        try inner.logoutEverywhere(subject, at: now)
    }

    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential {
        try inner.issueFlawed(flaw, to: subject, at: now)
    }

    mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { try inner.signOctets(octets) }
}
