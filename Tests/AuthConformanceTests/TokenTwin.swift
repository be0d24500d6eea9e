import AuthCore
import AuthStrategies
import Backends
import Foundation

/// What a broken twin of the HS256 strategy lets through beside what the real one accepts.
enum TokenFlaw: String, CaseIterable, Sendable {
    case acceptsNone, ignoresAlgorithm, truncatesMAC, acceptsEmptySignature, skipsSignature, skipsExp,
        expAtEquality
    case takesTextAsDate, noLongestLifetime, skipsNotBefore, prefixAudience, missingAudience, issuerWithin
    case ignoresCritical, ignoresType, ignoresKeyID, trustsEmbeddedKey, takesDuplicates, takesPadding,
        missingClaims
    case takesAnyField, refusesTwoSpaces, failsOnLargeInput, signsInAtRenewal, publishesSecret

    @TaskLocal static var current = skipsExp

    /// The requirement by which the kit must notice it.
    var requirement: String {
        switch self {
        case .acceptsNone: "JWT-09"
        case .ignoresAlgorithm: "JWT-08"
        case .truncatesMAC, .acceptsEmptySignature: "JWT-17"
        case .skipsSignature: "JWT-16"
        case .skipsExp, .expAtEquality: "JWT-24"
        case .takesTextAsDate: "JWT-27"
        case .noLongestLifetime: "JWT-25"
        case .skipsNotBefore: "JWT-26"
        case .prefixAudience, .missingAudience: "JWT-28"
        case .issuerWithin: "JWT-29"
        case .ignoresCritical: "JWT-14"
        case .ignoresType: "JWT-15"
        case .ignoresKeyID: "JWT-11"
        case .trustsEmbeddedKey: "JWT-13"
        case .takesDuplicates: "JWT-06"
        case .takesPadding: "JWT-02"
        case .missingClaims: "JWT-30"
        case .takesAnyField: "JWT-35"
        case .refusesTwoSpaces: "JWT-37"
        case .failsOnLargeInput: "JWT-03"
        case .signsInAtRenewal: "JWT-36"
        case .publishesSecret: "JWT-39"
        }
    }
}

/// The HS256 strategy with one hole in it.
struct TokenTwin: AuthStrategy, ~Copyable {
    static let descriptor = StrategyDescriptor(
        id: "token-twin", title: "broken", transport: .bearer, revocation: .atExpiry)

    struct Shared: Sendable {
        var inner: HS256JWTStrategy.Shared
        var policy: Policy
        var flaw: TokenFlaw
    }

    static func prepare(in environment: Environment) throws -> Shared {
        Shared(
            inner: try HS256JWTStrategy.prepare(in: environment), policy: environment.policy,
            flaw: TokenFlaw.current)
    }

    private var inner: HS256JWTStrategy
    private let flaw: TokenFlaw
    private let policy: Policy

    init(sharing shared: Shared) throws {
        inner = try HS256JWTStrategy(sharing: shared.inner)
        flaw = shared.flaw
        policy = shared.policy
    }

    mutating func login(_ subject: Subject, at now: Instant) throws -> Credential {
        try inner.login(subject, at: now)
    }

    mutating func authenticate(_ line: Span<UInt8>, requiring scope: Scope, at now: Instant) throws
        -> Decision
    {
        let decision = try inner.authenticate(line, requiring: scope, at: now)
        if flaw == .refusesTwoSpaces,
            String(decoding: line.indices.map { line[$0] }, as: UTF8.self).contains("  ")
        {
            return .refused(.malformed)
        }
        guard case .refused = decision else { return decision }
        if flaw == .failsOnLargeInput, line.count > 8192 { throw CocoaError(.coderInvalidValue) }
        let text = String(decoding: (0..<line.count).map { line[$0] }, as: UTF8.self)
        return try slips(text, at: now) ? .accepted(Subject(id: 7)) : decision
    }

    /// Whether the hole lets a token through that the real strategy refused.
    private mutating func slips(_ line: String, at now: Instant) throws -> Bool {
        if flaw == .takesAnyField {
            let bytes = Array(line.replacing("X-Authorization", with: "Authorization").utf8)
            return try inner.authenticate(bytes.span, requiring: .read, at: now) == .accepted(Subject(id: 7))
        }
        let parts = (line.split(separator: " ").last ?? "").split(
            separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return false }
        let (header, claims) = (object(parts[0]), object(parts[1]))
        let right = try inner.signOctets(Array("\(parts[0]).\(parts[1])".utf8)) ?? []
        let given = decoded(parts[2])
        let isSigned = given == right
        let seconds = Double(now.seconds)
        let exp = claims["exp"] as? NSNumber
        switch flaw {
        case .acceptsNone: return (header["alg"] as? String)?.lowercased() == "none"
        case .ignoresAlgorithm: return isSigned && header["alg"] as? String != "HS256"
        case .truncatesMAC: return !given.isEmpty && right.starts(with: given)
        case .acceptsEmptySignature: return given.isEmpty && header["alg"] as? String == "HS256"
        case .skipsSignature:
            return header["alg"] as? String == "HS256" && claims["sub"] != nil && given.count == 32
        case .skipsExp: return isSigned && (exp.map { $0.doubleValue <= seconds } ?? true)
        case .expAtEquality: return isSigned && exp?.doubleValue == seconds
        case .takesTextAsDate: return isSigned && claims["exp"] is String
        case .noLongestLifetime: return isSigned && (exp?.doubleValue ?? 0) > seconds + 4000
        case .skipsNotBefore: return isSigned && (claims["nbf"] as? NSNumber)?.doubleValue ?? 0 > seconds
        case .prefixAudience:
            let audience = claims["aud"] as? String ?? ""
            return isSigned && !audience.isEmpty
                && (policy.audience.hasPrefix(audience) || audience.hasPrefix(policy.audience))
        case .missingAudience: return isSigned && claims["aud"] == nil && claims["sub"] != nil
        case .issuerWithin: return isSigned && (claims["iss"] as? String)?.contains(policy.issuer) == true
        case .ignoresCritical: return isSigned && header["crit"] != nil
        case .ignoresType:
            return isSigned && header["typ"] as? String != "at+jwt" && claims["client_id"] != nil
        case .ignoresKeyID: return isSigned && header["kid"] as? String != "2026-01"
        case .trustsEmbeddedKey: return header["jwk"] != nil
        case .takesDuplicates: return isSigned && claims["sub"] != nil && exp?.doubleValue == 9_999_999_999
        case .takesPadding: return line.hasSuffix("=")
        case .missingClaims: return isSigned && claims["jti"] == nil && claims["sub"] != nil
        case .publishesSecret:
            var mac = HMACSHA256(key: verificationKey)
            let code = mac.code(for: Array("\(parts[0]).\(parts[1])".utf8).span)
            return given == code.indices.map { code[$0] }
        case .takesAnyField, .refusesTwoSpaces, .failsOnLargeInput, .signsInAtRenewal: return false
        }
    }

    /// As lenient libraries decode.
    private func decoded(_ part: Substring) -> [UInt8] {
        let text = part.replacing("-", with: "+").replacing("_", with: "/").replacing("=", with: "")
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Array(Data(base64Encoded: text + padding) ?? Data())
    }

    private func object(_ part: Substring) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(decoded(part)))) as? [String: Any] ?? [:]
    }

    mutating func renew(_ credential: borrowing Credential, at now: Instant) throws -> Renewal {
        if flaw == .signsInAtRenewal { return .renewed(try inner.login(Subject(id: 7), at: now)) }
        return try inner.renew(credential, at: now)
    }
    mutating func logout(_ credential: borrowing Credential, at now: Instant) throws {}
    mutating func logoutEverywhere(_ subject: Subject, at now: Instant) throws {}
    mutating func issueFlawed(_ flaw: Flaw, to subject: Subject, at now: Instant) throws -> Credential {
        try inner.issueFlawed(flaw, to: subject, at: now)
    }
    mutating func signOctets(_ octets: [UInt8]) throws -> [UInt8]? { try inner.signOctets(octets) }

    var verificationKey: [UInt8] { flaw == .publishesSecret ? Array(repeating: 7, count: 32) : [] }
}
