import AuthCore
import AuthText

/// What an access token (RFC 9068 section 2.2) must say to be accepted.
struct ClaimRules: Sendable {
    let issuer: [UInt8]
    let audience: [UInt8]
    /// No token may live longer than this, whatever it says itself.
    let lifetime_ms: Int64

    init(_ policy: Policy, lifetime_ms: Int64) {
        issuer = Array(policy.issuer.utf8)
        audience = Array(policy.audience.utf8)
        self.lifetime_ms = lifetime_ms
    }
}

/// The claims of one token, read in one pass, and how far they agree with the rules.
struct AccessTokenClaims {
    private(set) var expiry: Instant?
    private var issuedAt: Instant?
    private var notBefore: Instant?
    private(set) var authenticatedAt: Instant?
    private(set) var subject: Subject?
    /// Where `jti` stands in the text.
    private(set) var tokenID: JSONString?
    /// How often the user's tokens had all been revoked when this one was issued, as a private claim (RFC 7519 section 4.3).
    private(set) var generation: Int64 = 0
    private var present: UInt16 = 0
    private var isWrong = false
    private var isScopeGranted = false

    /// Members that must be there; RFC 9068 section 2.2 for all but `scope`, without which nothing is
    /// granted.
    private enum Required {
        static let issuer: UInt16 = 1
        static let audience: UInt16 = 2
        static let subject: UInt16 = 4
        static let clientID: UInt16 = 8
        static let tokenID: UInt16 = 16
        static let all: UInt16 = 31
    }

    /// Reads a payload whose signature has been found good.
    ///
    /// - Throws: `JSONError` for a text that is not strict JSON.
    init(_ bytes: Span<UInt8>, rules: borrowing ClaimRules, requiring scope: Scope) throws(JSONError) {
        var reader = try JSONReader(beginning: bytes)
        var members = try JSONMembers(&reader, bytes)
        while let name = try members.next(&reader, bytes) {
            switch name {
            case .iss: expect(try reader.readText(bytes, equalTo: rules.issuer), Required.issuer)
            case .aud: expect(try reader.readAudience(bytes, naming: rules.audience), Required.audience)
            case .sub:
                subject = try reader.readTextValue(bytes).flatMap { $0.subject(in: bytes) }
                expect(subject != nil, Required.subject)
            case .clientID, .jti:
                let text = try reader.readTextValue(bytes)
                if name == .jti { tokenID = text }
                expect(text != nil, name == .jti ? Required.tokenID : Required.clientID)
            case .exp, .iat, .nbf, .authTime: note(try reader.readNumericDate(bytes), as: name)
            case .scope:
                let text = try reader.readTextValue(bytes)
                isScopeGranted = text?.grants(scope, in: bytes) ?? false
                isWrong = isWrong || text == nil
            case .generation:
                if let count = try reader.readCount(bytes) { generation = count } else { isWrong = true }
            default: try reader.aside { (reader) throws(JSONError) in try reader.skipValue(bytes) }
            }
        }
        try reader.finish(bytes)
    }

    /// Why the token is refused at this moment, or `nil` when it is good.
    func refusal(at now: Instant, rules: borrowing ClaimRules) -> Refusal? {
        guard !isWrong, present == Required.all, subject != nil, let expiry, let issuedAt else {
            return .wrongClaims
        }
        // Equality is expired (RFC 7519 section 4.1.4: "on or after").
        guard now < expiry else { return .expired }
        guard issuedAt <= now, notBefore ?? issuedAt <= now else { return .wrongClaims }
        guard issuedAt < expiry, expiry.milliseconds(since: issuedAt) <= rules.lifetime_ms else {
            return .wrongClaims
        }
        return isScopeGranted ? nil : .insufficientScope
    }

    @inline(__always)
    private mutating func expect(_ isGood: Bool, _ member: UInt16) {
        present |= member
        isWrong = isWrong || !isGood
    }

    /// A claim that is no date where it must be one is wrong.
    @inline(__always)
    private mutating func note(_ date: Instant?, as name: JSONName) {
        if date == nil { isWrong = true }
        switch name {
        case .exp: expiry = date
        case .iat: issuedAt = date
        case .nbf: notBefore = date
        default: authenticatedAt = date
        }
    }
}

/// Spelt out, so that they are constants in the code: a global is looked up at each comparison.
extension JSONName {
    fileprivate static var iss: Self { Self(["i", "s", "s"]) }
    fileprivate static var aud: Self { Self(["a", "u", "d"]) }
    fileprivate static var sub: Self { Self(["s", "u", "b"]) }
    fileprivate static var clientID: Self { Self(["c", "l", "i", "e", "n", "t", "_", "i", "d"]) }
    fileprivate static var jti: Self { Self(["j", "t", "i"]) }
    fileprivate static var exp: Self { Self(["e", "x", "p"]) }
    fileprivate static var iat: Self { Self(["i", "a", "t"]) }
    fileprivate static var nbf: Self { Self(["n", "b", "f"]) }
    fileprivate static var authTime: Self { Self(["a", "u", "t", "h", "_", "t", "i", "m", "e"]) }
    fileprivate static var generation: Self { Self(["g", "e", "n"]) }
    fileprivate static var scope: Self { Self(["s", "c", "o", "p", "e"]) }
}

extension JSONString {
    /// The subject whose name the string is.
    @inline(__always)
    fileprivate func subject(in bytes: Span<UInt8>) -> Subject? {
        guard hasEscapes else { return SubjectName.decode(bytes.extracting(range)) }
        return SubjectName.decode(unescaped(in: bytes).span)
    }

    /// Whether the string, as a list of scopes, grants one.
    fileprivate func grants(_ scope: Scope, in bytes: Span<UInt8>) -> Bool {
        guard hasEscapes else { return scope.isGranted(by: bytes.extracting(range)) }
        return scope.isGranted(by: unescaped(in: bytes).span)
    }
}

extension JSONReader {
    /// Reads any value, and hands back a string, or `nil` for a value of another type.
    @inline(__always)
    mutating func readTextValue(_ bytes: Span<UInt8>) throws(JSONError) -> JSONString? {
        guard peek(bytes) == UInt8(ascii: "\"") else {
            try aside { (reader) throws(JSONError) in try reader.skipValue(bytes) }
            return nil
        }
        return try readString(bytes)
    }

    @inline(__always)
    fileprivate mutating func readText(
        _ bytes: Span<UInt8>, equalTo text: [UInt8]
    ) throws(JSONError) -> Bool {
        if takes(bytes, plain: text.span) { return true }
        return try readTextValue(bytes)?.equals(text.span, in: bytes) ?? false
    }

    /// Reads an `aud` claim: a string, or an array of strings one of which is ours (RFC 7519 section 4.1.3).
    @inline(__always)
    fileprivate mutating func readAudience(
        _ bytes: Span<UInt8>, naming audience: [UInt8]
    ) throws(JSONError) -> Bool {
        if takes(bytes, plain: audience.span) { return true }
        return try aside { (reader) throws(JSONError) in try reader.readAnyAudience(bytes, naming: audience) }
    }

    private mutating func readAnyAudience(
        _ bytes: Span<UInt8>, naming audience: [UInt8]
    ) throws(JSONError) -> Bool {
        guard peek(bytes) == UInt8(ascii: "[") else {
            return try readTextValue(bytes)?.equals(audience.span, in: bytes) ?? false
        }
        var (isNamed, isText) = (false, true)
        try readElements(bytes) { (reader) throws(JSONError) in
            guard let element = try reader.readTextValue(bytes) else {
                isText = false
                return
            }
            if element.equals(audience.span, in: bytes) { isNamed = true }
        }
        return isNamed && isText
    }
}
